"""Training the backbone that comes with the product: simulated grids, the diagnosis over them, one network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from mlcore.backbone import Backbone
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.whole_record import fit
from mlcore.engine.cause_network import CauseNetwork
from mlcore.network_training import Lesson, lesson_of, new_network
from substations.electrical.nameplate import Nameplate, complete
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.topology import Segment
from substations.simulation import (
    SOURCE,
    BankController,
    LabelledEvent,
    Simulation,
    SimulationSpec,
    simulate,
)
from substations.simulation.clock import utc_offset_s
from substations.simulation.simulated_grid import SimulatedSubstation

DAYS_OF_INTERVAL = {5: 24, 15: 40, 60: 56}
"""Chosen: about as many slots of each, and two weeks at least without events to learn what is normal."""
INTERVALS_MIN = (15, 15, 15, 60, 60, 5)
TRAIN_SHARE = 0.5
FLEET_BATCH, FLEET_RATE = 512, 3e-3
"""Chosen: millions of windows of many grids bear larger steps of more windows than those of one fleet."""


@dataclass(frozen=True)
class LabelledLesson:
    """A lesson with what is there: labels [substation, slot, cause], NaN where nobody should learn from it."""

    lesson: Lesson
    labels: FloatArray


def random_spec(seed: int) -> SimulationSpec:
    """A grid unlike the others: sizes, voltages, controllers, loads, weather, interval; events are dense."""
    rng = np.random.default_rng([777, seed])
    interval_min = int(rng.choice(INTERVALS_MIN))
    return SimulationSpec(
        substations=int(rng.integers(6, 15)),
        days=DAYS_OF_INTERVAL[interval_min],
        interval_min=interval_min,
        seed=seed,
        start=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 365))),
        hv_nominal_v=float(rng.choice([6600, 11_000, 13_800, 20_000, 33_000])),
        lv_nominal_v=float(rng.choice([400, 415, 433, 480])),
        is_meshed=bool(rng.random() < 0.4),
        events="dense",
        train_share=TRAIN_SHARE,
        annual_growth=float(rng.uniform(-0.03, 0.06)),
        controller=BankController(
            target_tan_phi=float(rng.uniform(0.08, 0.36)),
            hysteresis_steps=float(rng.uniform(0.5, 1.0)),
            switching_delay_s=int(rng.choice([30, 60, 180, 300, 600])),
        ),
    )


def lessons(seeds: Sequence[int], done: Callable[[int], None]) -> Iterator[LabelledLesson]:
    """What the diagnosis makes of a simulated grid for each seed; ``done`` is told how many there are so far."""
    for number, seed in enumerate(seeds, start=1):
        yield _lesson(simulate(random_spec(seed)))
        done(number)


def _lesson(simulation: Simulation) -> LabelledLesson:
    fleet = fleet_of(simulation)
    train = fleet.at_s < simulation.train_end_s
    lesson = lesson_of(fleet, fit(fleet, train))
    at_s = fleet.at_s[lesson.slots.steps]
    labels = labels_of(fleet.codes, at_s, simulation.events)
    labels[:, at_s < simulation.train_end_s] = np.nan
    return LabelledLesson(lesson, labels)


def labels_of(codes: Sequence[str], at_s: IntArray, events: Sequence[LabelledEvent]) -> FloatArray:
    """[substation, slot, cause] 1 during an event that costs, NaN during one that hardly does, else 0."""
    labels = np.zeros((len(codes), len(at_s), len(NETWORK_CAUSES)))
    for event in events:
        if event.kind in NETWORK_CAUSES:
            inside = (at_s >= event.start_s) & (at_s < event.end_s)
            row = codes.index(event.substation)
            if event.is_loss and not event.dont_care:
                labels[row, inside, NETWORK_CAUSES.index(event.kind)] = 1.0
            else:
                labels[row, inside] = np.nan
    return labels


def fleet_of(simulation: Simulation) -> Fleet:
    """The readings of a simulation as the diagnosis takes them."""
    segments = tuple(
        Segment(
            None if each.from_node == SOURCE else each.from_node,
            each.to_node,
            each.r_ohm,
            each.x_ohm,
            each.length_km,
            each.is_closed,
        )
        for each in simulation.links
    )
    plates = tuple(map(_plate, simulation.substations))
    at_s = np.asarray(simulation.times_s, dtype=np.int64)
    spec = simulation.spec
    offset_s = utc_offset_s(spec.start_s, spec.time_zone)
    return Fleet(simulation.grid.codes, at_s, spec.step_s, simulation.values, plates, segments, offset_s)


def _plate(substation: SimulatedSubstation) -> Nameplate:
    return complete(
        substation.code,
        rated_kva=substation.rated_kva,
        nominal_v=substation.nominal_v,
        hv_nominal_v=substation.hv_nominal_v,
        no_load_loss_w=substation.no_load_loss_w,
        load_loss_w=substation.load_loss_w,
        impedance_pct=substation.impedance_pct,
    )


def train(learned: Sequence[LabelledLesson], *, updates: int, seed: int) -> Backbone:
    """One network from all lessons, and what is to be said of it."""
    longest = max(each.lesson.values.shape[1] for each in learned)
    values, context = (
        _joined([getattr(each.lesson, name) for each in learned], longest) for name in ("values", "context")
    )
    labels = _joined([each.labels for each in learned], longest)
    rows = np.nan_to_num(_joined([each.lesson.calm.astype(np.float32) for each in learned], longest)) > 0
    network = new_network(
        own_updates=0, fleet_updates=updates, fleet_batch=FLEET_BATCH, fleet_rate=FLEET_RATE, seed=seed
    )
    usable = network.usable_windows(values, rows=rows) > 0
    network.fit(values[usable], context=np.nan_to_num(context[usable]), rows=rows[usable], labels=labels[usable])
    return Backbone(network.backbone_, _facts(network, labels[usable], len(learned), updates, seed))


def _joined(parts: Sequence[NDArray[np.floating]], longest: int) -> FloatArray:
    """All substations of several records under each other, the shorter ones filled up with NaN."""
    filled = [
        np.pad(part, [(0, 0), (0, longest - part.shape[1])] + [(0, 0)] * (part.ndim - 2), constant_values=np.nan)
        for part in parts
    ]
    return np.concatenate(filled).astype(np.float32)


def _facts(
    network: CauseNetwork, labels: FloatArray, grids: int, updates: int, seed: int
) -> dict[str, float | int | str]:
    shown: BoolArray = np.nan_to_num(labels).max(axis=-1) > 0
    return {
        "grids": grids,
        "substations": len(network),
        "windows": int(network.windows_.sum()),
        "slots_with_a_fault": int(shown.sum()),
        "updates": updates,
        "seed": seed,
        "heldout_error": round(float(np.nanmedian(network.heldout_error_)), 4),
        "heldout_cross_entropy": round(float(np.nanmean(network.entropy_)), 4),
    }
