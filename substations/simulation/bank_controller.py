"""The settings of the controllers of automatic capacitor banks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BankController:
    """How automatic banks are set.

    target_tan_phi: kvar per kW that are left. hysteresis_steps: how far from the target it lets the kvar go, in steps
    of the bank: more than half a step, or it would hunt. switching_delay_s: between two steps.
    """

    target_tan_phi: float = 0.2  # a power factor of 0.98
    hysteresis_steps: float = 0.65
    switching_delay_s: int = 180
