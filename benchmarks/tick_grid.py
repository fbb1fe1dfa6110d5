"""A large grid for the bench of ticks: fifty simulated substations, their models and readings, and copies of all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ingestion.storage import make_months, store
from ingestion.validation import ReadingRows
from mlcore.detector import TrainedDetector, train_fleet
from mlcore.diagnosis.fleet import Fleet
from mlcore.fleet import groups, reading_grid
from mlcore.models import Detector
from mlcore.scoring.context import moment
from mlcore.training import artifacts
from substations.channels import CHANNEL_NAMES
from substations.electrical.nameplate import NAMEPLATE_FIELDS, complete
from substations.electrical.topology import Segment
from substations.models import Link, PendingRange, Substation
from substations.simulation import EventRequest, Simulation, SimulationSpec, random_grid, simulate

FEEDER, TRAIN_DAYS, CONTEXT_DAYS, TICKS = 50, 14, 4, 5
DAY_S = 86_400

_COPIES = """
    INSERT INTO substations_reading (substation_id, {columns})
    SELECT copy.id, {columns} FROM substations_substation copy
    JOIN substations_substation made ON made.code = '000' || substr(copy.code, 4)
    JOIN substations_reading ON substation_id = made.id AND at >= %s
    WHERE copy.id > %s
"""


@dataclass(frozen=True)
class Made:
    """A simulated grid of fifty and the models of it: a large fleet is made of copies."""

    simulation: Simulation
    fleet: Fleet
    detectors: dict[str, TrainedDetector]


def make() -> Made:
    """Fifty substations over weeks and some ticks; one of them loses its capacitors a day before the ticks."""
    spec = SimulationSpec(substations=FEEDER, days=TRAIN_DAYS + CONTEXT_DAYS + 1, seed=5)
    grid = random_grid(spec)
    begin = spec.start_s + (TRAIN_DAYS + CONTEXT_DAYS - 1) * DAY_S
    lost = EventRequest("capacitor_failure", grid.codes[7 % FEEDER], begin, begin + 5 * DAY_S, 0.0, {"lost": 1.0})
    whole = simulate(replace(spec, events=(lost,)), grid)
    steps = (TRAIN_DAYS + CONTEXT_DAYS) * spec.steps_per_day + TICKS + 24
    cut = replace(whole, values=whole.values[:, :steps], times_s=whole.times_s[:steps])
    fleet = Fleet(
        codes=tuple(grid.codes),
        at_s=cut.times_s,
        interval_s=spec.step_s,
        values=cut.values,
        nameplates=tuple(
            complete(each.code, **{name: getattr(each, name) for name in NAMEPLATE_FIELDS}) for each in cut.substations
        ),
        segments=tuple(Segment(_source(cut, link), link.to_node, link.r_ohm, link.x_ohm) for link in cut.links),
        utc_offset_s=reading_grid.utc_offsets(Substation(time_zone=spec.time_zone), cut.times_s),
    )
    return Made(cut, fleet, train_fleet(fleet, fleet.at_s < spec.start_s + TRAIN_DAYS * DAY_S))


def store_context(made: Made, ids: list[int], stop: int) -> float:
    """Store what was measured before the ticks; how many rows a second of the first batch."""
    a_day = made.simulation.spec.steps_per_day
    first = ids[: groups.BATCH_SIZE]
    took_s = stored_s(made, first, stop - CONTEXT_DAYS * a_day, stop)
    PendingRange.objects.all().delete()
    since = moment(int(made.simulation.times_s[stop - a_day]))
    with connection.cursor() as cursor:
        cursor.execute(_COPIES.format(columns=", ".join(("at", "derived", *CHANNEL_NAMES))), [since, first[-1]])
    return CONTEXT_DAYS * a_day * len(first) / took_s


def stored_s(made: Made, ids: list[int], first: int, stop: int) -> float:
    began = time.perf_counter()
    for step in range(first, stop, 24):
        _arrive(made, ids, step, min(step + 24, stop))
    return time.perf_counter() - began


def _source(made: Simulation, link: Any) -> str | None:
    return link.from_node if link.from_node in set(made.grid.codes) else None


def copied(made: Made, count: int) -> list[int]:
    """Copies of the fifty, with links and a detector each; their ids in order."""
    spec, plates = made.simulation.spec, made.simulation.substations
    new = [
        Substation(
            code=f"{number // FEEDER:03d}-{plates[number % FEEDER].code}",
            time_zone=spec.time_zone,
            reading_interval_s=spec.step_s,
            **{name: getattr(plates[number % FEEDER], name) for name in NAMEPLATE_FIELDS},
        )
        for number in range(count)
    ]
    known = {each.code: each for each in Substation.objects.bulk_create(new)}
    ends = [(_source(made.simulation, link), link) for link in made.simulation.links]
    Link.objects.bulk_create(
        Link(source=known.get(f"{copy:03d}-{source}"), target=target, r_ohm=link.r_ohm, x_ohm=link.x_ohm)
        for copy in range(-(-count // FEEDER))
        for source, link in ends
        if (target := known.get(f"{copy:03d}-{link.to_node}"))
    )
    Detector.objects.bulk_create(_detectors(made, new), batch_size=500)
    return [each.pk for each in new]


def _detectors(made: Made, new: list[Substation]) -> Iterator[Detector]:
    """A model of each: the arrays are packed once, a copy says another code."""
    packed = [artifacts.pack(*made.detectors[code].to_arrays()) for code in made.fleet.codes]
    for number, substation in enumerate(new):
        detector, artifact = made.detectors[made.fleet.codes[number % FEEDER]], packed[number % FEEDER]
        meta = artifact.meta | {"diagnosis": artifact.meta["diagnosis"] | {"code": substation.code}}
        yield Detector(
            substation=substation,
            version=1,
            tier=detector.tier,
            is_active=True,
            trained_from=moment(detector.model.trained_from_s),
            trained_until=moment(detector.model.trained_until_s),
            row_count=1,
            threshold=detector.threshold,
            arrays=artifact.data,
            meta=meta,
            sha256=artifacts.digest_of(artifact.data, meta),
        )


def _arrive(made: Made, ids: list[int], first: int, stop: int) -> None:
    """Some steps of all substations, stored as an upload would be, with the pending ranges that it leaves."""
    copies = -(-len(ids) // FEEDER)
    values = np.tile(made.simulation.values[:, first:stop], (copies, 1, 1))[: len(ids)]
    substation, step = np.nonzero(np.isfinite(values).any(axis=-1))
    at = made.simulation.times_s[first + step].astype("datetime64[s]").astype("datetime64[us]")
    zeros: NDArray[np.int64] = np.zeros(len(step), dtype=np.int64)
    rows = ReadingRows(np.arange(len(step)), np.array(ids)[substation], at, values[substation, step], zeros)
    make_months(rows)
    store(rows)
