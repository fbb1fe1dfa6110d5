"""A three-element meter whose current transformers are connected wrongly, as readings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from substations.channels import CHANNEL_INDEX

from .arrays import Floats

_P, _Q, _S, _FACTOR = (
    CHANNEL_INDEX[name] for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva", "power_factor")
)
_CURRENTS = [CHANNEL_INDEX[f"current_l{phase}_a"] for phase in (1, 2, 3)]


def miswired(
    values: Floats,
    order: Sequence[int] = (0, 1, 2),
    signs: Sequence[int] = (1, 1, 1),
    *,
    is_vector_meter: bool = False,
) -> Floats:
    """What a meter reports of healthy readings [..., channel] with its current inputs connected in another way.

    Input k is on voltage k and gets the current of phase ``order[k]``, turned round where ``signs[k]`` is −1. All
    phases are taken to have the angle of the sum. The current of phase j lags that of phase k by 120° · (j − k), so
    input k measures ``U · I(order[k]) · exp(i · (φ + 120° · (order[k] − k)))``. S is U · I of the phases, which knows
    no order, or with ``is_vector_meter`` √(P² + Q²).
    """
    shown = values.copy()
    currents = values[..., _CURRENTS]
    total = values[..., _P] + 1j * values[..., _Q]
    per_ampere = total / currents.sum(axis=-1)
    turns = np.exp(2j * np.pi / 3 * (np.array(order) - np.arange(3))) * np.array(signs)
    power = per_ampere * (currents[..., list(order)] * turns).sum(axis=-1)
    shown[..., _CURRENTS] = currents[..., list(order)]
    shown[..., _P], shown[..., _Q] = power.real, power.imag
    if is_vector_meter:
        shown[..., _S] = np.abs(power)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = shown[..., _P] / shown[..., _S]
    shown[..., _FACTOR] = np.where(np.isfinite(factor), factor.clip(-1, 1), np.nan)
    return shown
