"""A copy of a fleet's record with faults in it, and which of them are worth finding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.judgement import Judgement
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.injection.bank import inferred_bank
from mlcore.injection.fault_plan import InjectedFault, plan
from mlcore.injection.faults import KVAR, KW, FaultSurroundings, inject
from substations.electrical.power import BoolArray, FloatArray

BEYOND_OPERATING_POINT = ("cooling", "imbalance")
"""What the loss at the operating point does not hold yet, by the names of ``LossRates``."""
WORTH_PCT = 1.0
"""Extra loss in % of the local loss from which a fault is worth finding, as in the labelled sets."""


@dataclass(frozen=True)
class InjectedRecord:
    """fleet: with the faults in it. faults: those that change calm readings."""

    fleet: Fleet
    faults: list[InjectedFault]


def injected(judged: Judgement, calm: BoolArray, seed: int) -> InjectedRecord:
    """The record of a judgement with faults put in; calm: [substation, time] where the readings looked normal.

    A fault goes only where at least half of its steps are calm: one on top of another shows nothing.
    """
    fleet = judged.fleet
    values = fleet.values.copy()
    faults = []
    around = [_surroundings(judged, row, seed) for row in range(len(fleet.codes))]
    for fault in plan(len(fleet.codes), int(fleet.at_s[0]), int(fleet.at_s[-1]), seed):
        inside = (fleet.at_s >= fault.start_s) & (fleet.at_s < fault.end_s)
        if inside.any() and calm[fault.substation, inside].mean() >= 0.5:
            inject(values[fault.substation], fleet.at_s, fault, around[fault.substation])
            faults.append(fault)
    return InjectedRecord(replace(fleet, values=values), faults)


def _surroundings(judged: Judgement, row: int, seed: int) -> FaultSurroundings:
    fleet = judged.fleet
    rated_kva = fleet.nameplates[row].rated_kva
    rng = np.random.default_rng([seed, row, 1])
    bank = inferred_bank(fleet.values[row, :, KW], fleet.values[row, :, KVAR], rated_kva, rng)
    return FaultSurroundings(rated_kva, fleet.interval_s, bank, np.nan_to_num(judged.departures.operation.rise_k[row]))


def extra_loss_pct(clean: Judgement, changed: Judgement, fault: InjectedFault) -> float:
    """Extra loss of a fault in % of what the substation loses without it; NaN where neither can be judged."""
    inside = (clean.fleet.at_s >= fault.start_s) & (clean.fleet.at_s < fault.end_s)
    row = fault.substation
    before, after = (each.departures.operation.local_kw[row, inside] for each in (clean, changed))
    extra = after - before
    for name in BEYOND_OPERATING_POINT:
        with_fault, without = (getattr(each.departures.rates, name)[row, inside] for each in (changed, clean))
        extra = extra + np.nan_to_num(with_fault - without)
    known = np.isfinite(extra)
    return float(100.0 * extra[known].sum() / max(before[known].sum(), 1e-9)) if known.any() else float("nan")


def labels_of(at_s: IntArray, faults: list[InjectedFault], worth_pct: list[float], calm: BoolArray) -> FloatArray:
    """[substation, time, cause] 1 where a fault is that is worth finding, NaN where one is not or nothing is known."""
    labels = np.where(calm[..., None], 0.0, np.nan) * np.ones(len(NETWORK_CAUSES))
    for fault, worth in zip(faults, worth_pct, strict=True):
        inside = (at_s >= fault.start_s) & (at_s < fault.end_s)
        labels[fault.substation, inside] = 0.0 if worth >= WORTH_PCT else np.nan
        if worth >= WORTH_PCT:
            labels[fault.substation, inside, NETWORK_CAUSES.index(fault.cause)] = 1.0
    return np.asarray(labels)
