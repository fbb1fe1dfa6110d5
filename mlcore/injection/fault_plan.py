"""Which faults are put where: kinds, lengths and sizes drawn at random, never two at once on a substation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.terms import DAY_S, HOUR_S

GAP_DAYS = 2.5
"""Chosen: mean days of peace between two faults; more of them would leave nothing normal beside them."""
HOURS = {"overload": (4.0, 10.0), "low_pf_motor": (12.0, 60.0)}
USUAL_HOURS = (20.0, 80.0)
GRADUAL = ("capacitor_failure", "phase_imbalance", "harmonic_injection", "cooling_failure")
GRADUAL_SHARE = 0.3
WEIGHTS = {
    "capacitor_failure": 5.0, "low_pf_motor": 5.0, "overload": 3.0, "phase_imbalance": 3.0, "harmonic_injection": 3.0,
    "tap_voltage": 2.0, "cooling_failure": 2.0,
}  # fmt: skip
SIZES = {
    "capacitor_failure": (0.3, 1.0),
    "low_pf_motor": (0.03, 0.12),
    "overload": (0.95, 1.25),
    "phase_imbalance": (0.2, 0.7),
    "harmonic_injection": (0.10, 0.32),
    "tap_voltage": (0.04, 0.08),
    "cooling_failure": (1.4, 2.6),
}
"""Smallest and largest size: share of the bank that is lost; active power of the load per unit of the rating; loading
per unit; share of the mean current that moves to one phase; added current THD at half load; voltage that is off, per
unit; factor on the oil's rise."""


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One fault on one substation: UTC epoch seconds, end exclusive. size: see SIZES. seed: of its own details."""

    substation: int
    cause: str
    start_s: int
    end_s: int
    size: float
    ramp_hours: float
    seed: int


def plan(substations: int, first_s: int, last_s: int, seed: int) -> list[InjectedFault]:
    """Faults for each of ``substations`` between two moments; the same seed gives the same faults."""
    found = []
    for number in range(substations):
        rng = np.random.default_rng([seed, number])
        at_s = first_s + rng.exponential(GAP_DAYS / 2.0) * DAY_S
        while at_s < last_s:
            fault = _draw(rng, number, at_s)
            found.append(fault)
            at_s = fault.end_s + (0.5 + rng.exponential(GAP_DAYS)) * DAY_S
    return found


def _draw(rng: np.random.Generator, substation: int, at_s: float) -> InjectedFault:
    weights = np.array([WEIGHTS[cause] for cause in NETWORK_CAUSES])
    cause = str(rng.choice(NETWORK_CAUSES, p=weights / weights.sum()))
    hours = float(rng.uniform(*HOURS.get(cause, USUAL_HOURS)))
    ramp_hours = hours * float(rng.uniform(0.2, 0.6)) if cause in GRADUAL and rng.random() < GRADUAL_SHARE else 0.0
    return InjectedFault(
        substation=substation,
        cause=cause,
        start_s=int(at_s),
        end_s=int(at_s + hours * HOUR_S),
        size=float(rng.uniform(*SIZES[cause])),
        ramp_hours=ramp_hours,
        seed=int(rng.integers(2**31)),
    )
