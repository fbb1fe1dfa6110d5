"""The readings of a batch, cleaned as the diagnosis cleans them, on one grid of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

import numpy as np

from losses.accounting.metered_power import MeteredPower, rows_of
from losses.networks import AccountedBatch
from mlcore.diagnosis.data_quality_flags import QualityFlags, flag_data_quality, usable_reactive
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.judgement import parameters_of
from mlcore.diagnosis.power_flow import HOLD_HOURS
from mlcore.diagnosis.rolling import held
from mlcore.diagnosis.signals import Signals, measure
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup
from mlcore.training.store import load_detectors
from substations.electrical import losses as formulas
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import FloatArray
from substations.electrical.thermal import TYPICAL_AMBIENT_C, ultimate_top_oil_rise_k
from substations.models import Substation

CONTEXT = timedelta(hours=24)
"""Chosen: longer than any hold time of the quality flags, which decide whether a reading is believed."""

# A meter that says an imbalance beyond this is dead on a phase: Σ I² of one phase alone is three times that in balance.
MAX_IMBALANCE = 3.0
DEAD_PU = 0.3
"""As the diagnosis takes it: below this the voltage is not measured but missing."""


@dataclass(frozen=True)
class MeteredBatch:
    """What the meters of a batch measured from a moment on.

    at_s: [time], UTC epoch seconds. metered: with gaps. loads: the same without, for what flows in the network.
    """

    at_s: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    metered: MeteredPower
    loads: MeteredPower
    nameplates: tuple[Nameplate, ...]


def metered_batch(batch: AccountedBatch, start: datetime, end: datetime) -> MeteredBatch | None:
    """Readings with ``start <= at < end``, UTC; None where there are none at all.

    A reading stands for the interval that begins at its time, so a slow meter's value is repeated on a finer grid.
    """
    since_s, until_s = (int(moment.timestamp()) for moment in (start, end))
    at_s = np.arange(since_s // batch.interval_s, -(-until_s // batch.interval_s), dtype=np.int64) * batch.interval_s
    shape = (len(batch.substations), len(at_s))
    metered, loads = _nothing(shape, np.nan), _nothing(shape, 0.0)
    nameplates: dict[str, Nameplate] = {}
    row = {substation.code: number for number, substation in enumerate(batch.substations)}
    for fleet, own, own_loads in _by_interval(batch, start, end):
        rows, repeat = [row[code] for code in fleet.codes], fleet.interval_s // batch.interval_s
        first = int(fleet.at_s[0] - at_s[0]) // batch.interval_s
        nameplates |= dict(zip(fleet.codes, fleet.nameplates, strict=True))
        for source, target in ((own, metered), (own_loads, loads)):
            _put(source, target, rows, first, repeat)
    if not nameplates:
        return None
    plates = tuple(nameplates[each.code] for each in batch.substations if each.code in nameplates)
    present = [row[plate.code] for plate in plates]
    return MeteredBatch(at_s, rows_of(metered, present), rows_of(loads, present), plates)


def _by_interval(
    batch: AccountedBatch, start: datetime, end: datetime
) -> Iterator[tuple[Fleet, MeteredPower, MeteredPower]]:
    alike: dict[int, list[Substation]] = defaultdict(list)
    for substation in batch.substations:
        alike[substation.reading_interval_s].append(substation)
    for members in alike.values():
        group = NeighbourGroup(tuple(members))
        detectors, stored = load_detectors(group)
        guessed = {row.substation_id: row.meta.get("nameplate", {}) for row in stored.values()}
        fleet = reading_grid.load(group, start - CONTEXT, end - timedelta(seconds=1), guessed)
        if fleet is None:
            continue
        models = {code: detector.model for code, detector in detectors.items()}
        signals = measure(fleet)
        flags = flag_data_quality(fleet, signals, parameters_of(fleet, models).quality, WHOLE_RECORD)
        yield fleet, *cleaned(fleet, signals, flags)


def cleaned(fleet: Fleet, signals: Signals, flags: QualityFlags) -> tuple[MeteredPower, MeteredPower]:
    """What is believed, and the same without gaps: up to six hours keep the last value, longer ones are no load."""
    rated = signals.rated_kva
    active, reactive = signals.active * rated, usable_reactive(signals, flags) * rated
    is_valid = np.isfinite(active) & np.isfinite(reactive) & ~flags.power
    is_measured = np.isfinite(signals.voltage) & ((signals.voltage > DEAD_PU) | flags.dead)
    voltage = np.where(is_measured & ~flags.power, signals.voltage, 1.0)
    imbalance = formulas.imbalance_factor(signals.rows.currents_a)
    metered = MeteredPower(
        active_kw=active,
        reactive_kvar=reactive,
        apparent_kva=signals.apparent * rated,
        voltage_pu=voltage,
        distortion=np.where(flags.distortion_meter, 0.0, np.nan_to_num(signals.distortion)),
        imbalance=np.where(flags.imbalance | ~(imbalance <= MAX_IMBALANCE), 1.0, imbalance),
        top_oil_c=_top_oil_c(fleet, signals, flags),
        is_valid=is_valid,
    )
    hold = fleet.steps(HOLD_HOURS)
    active_kw, reactive_kvar, apparent_kva = (
        np.nan_to_num(held(np.where(is_valid, values, np.nan), hold, WHOLE_RECORD.of(name)))
        for name, values in (("active", active), ("reactive", reactive), ("apparent", metered.apparent_kva))
    )
    loads = replace(metered, active_kw=active_kw, reactive_kvar=reactive_kvar, apparent_kva=apparent_kva)
    return metered, loads


def _top_oil_c(fleet: Fleet, signals: Signals, flags: QualityFlags) -> FloatArray:
    """As measured; where it is not, what the load would lead to in the yearly mean temperature (IEC 60076-7)."""
    ratio = np.array([[plate.load_loss_w / plate.no_load_loss_w] for plate in fleet.nameplates])
    rise = ultimate_top_oil_rise_k(np.nan_to_num(signals.apparent) ** 2, ratio)
    return np.where(np.isfinite(signals.oil_c) & ~flags.oil, signals.oil_c, TYPICAL_AMBIENT_C + rise)


def _nothing(shape: tuple[int, int], power: float) -> MeteredPower:
    """No reading anywhere: this much power, nominal voltage, and not believed."""
    return MeteredPower(
        active_kw=np.full(shape, power),
        reactive_kvar=np.full(shape, power),
        apparent_kva=np.full(shape, power),
        voltage_pu=np.ones(shape),
        distortion=np.zeros(shape),
        imbalance=np.ones(shape),
        top_oil_c=np.full(shape, TYPICAL_AMBIENT_C),
        is_valid=np.zeros(shape, dtype=bool),
    )


def _put(source: MeteredPower, target: MeteredPower, rows: list[int], first: int, repeat: int) -> None:
    """Write rows into the common grid from a step on, which may lie before it; each value ``repeat`` times."""
    for field in fields(MeteredPower):
        values, whole = np.repeat(getattr(source, field.name), repeat, axis=1), getattr(target, field.name)
        begin, end = max(first, 0), min(first + values.shape[1], whole.shape[1])
        if begin < end:
            whole[rows, begin:end] = values[:, begin - first : end - first]
