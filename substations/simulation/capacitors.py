"""Power-factor controllers: how many steps of each bank are connected."""

from __future__ import annotations

import numpy as np

from .arrays import Floats
from .bank_controller import BankController
from .equipment import Units


def switch_steps(
    connected: Floats,
    load_kw: Floats,
    load_kvar: Floats,
    available: Floats,
    units: Units,
    step_s: int,
    controller: BankController,
) -> Floats:
    """[time, substation] steps connected; ``available`` steps still work.

    An automatic bank looks at the mean of this and the previous step, leaves the dead band of its controller and
    switches one step per delay. A fixed bank (one step) is always connected.

    Args:
        connected: [substation] steps before the first time.
        load_kw, load_kvar: [time, substation] demand ahead of the bank.
    """
    kvar_per_step = units.bank_kvar / units.bank_steps
    moves = max(1, step_s // controller.switching_delay_s)
    is_fixed = units.bank_steps == 1
    surplus = load_kvar - controller.target_tan_phi * np.abs(load_kw)
    seen = surplus.copy()
    seen[1:] = (surplus[1:] + surplus[:-1]) / 2
    wanted = seen / kvar_per_step
    now = connected.astype(float)
    result = np.empty_like(surplus)
    for t in range(len(surplus)):
        error = np.where(is_fixed, 99.0, wanted[t] - now)
        change = np.where(np.abs(error) > controller.hysteresis_steps, np.round(error), 0.0)
        now = np.clip(now + np.clip(change, -moves, moves), 0, available[t])
        result[t] = now
    return result
