"""A tick of a whole fleet: one new reading of each substation, from stored readings to stored scores and detections."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, connections

from benchmarks import tick_grid
from benchmarks.engine_speed import peak_memory_mb
from mlcore.detector import analyse_fleet
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.diagnosis.judgement import Judgement
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import neighbour_groups, scoring_batches
from mlcore.models import Detection, Score
from mlcore.scoring import checkpoints, live, ownership, scorer_starts, scorers
from mlcore.scoring.context import moment
from mlcore.scoring.pending import score_pending
from mlcore.scoring.scorers import keep_checkpoints
from mlcore.training.store import load_detectors
from smart_ems.scratch import scratch_database
from substations.models import PendingRange

Figures = dict[str, Any]
Result = TypeVar("Result")
MAX_TICK_S = 300.0
"""Chosen: a worker that is away is waited for twenty seconds; whatever takes so much longer is a fault."""


def bench_tick(substations: int, workers: int, server: str = "") -> Figures:
    """Time ticks on a database of its own; ``workers`` processes share the batches, as in a running system.

    1. Fifty simulated substations, their models, and copies of both. 2. Days of readings of the first batch, through
    the product, and the last day of all others, copied in the database: nothing of it is read again, but new rows
    come between as many others as in a table in use. 3. The first batch is begun from its readings in a process that
    ends, and what its scorer remembers is kept for all, which are copies of it. 4. The first tick starts the workers
    from these checkpoints; the next are timed. server: as of ``bench_pages``.
    """
    made = tick_grid.make()
    with scratch_database(journal="WAL", server=server, migrated=bool(server)):
        ids = tick_grid.copied(made, substations)
        last = made.simulation.values.shape[1] - tick_grid.TICKS
        context_rows_per_s = tick_grid.store_context(made, ids, last)
        from_readings_s = _elsewhere(begin_and_keep, moment(int(made.simulation.times_s[last - 1])))
        kept_bytes = sum(path.stat().st_size for path in Path(settings.SCORER_FILES).glob("*.scorer"))
        begin, *ticks = _ticks(made, ids, last, workers)
        whole_s = _whole_s(ids)
        stored = {
            "scores_stored": Score.objects.count(),
            "detections_ongoing": Detection.objects.ongoing().count(),
        }
        vendor = connection.vendor
    middle = sorted(ticks, key=lambda each: float(each["wall_s"]))[(len(ticks) - 1) // 2]
    return {
        "database": vendor,
        "substations": len(ids),
        "workers": workers,
        "context_stored_rows_per_s": context_rows_per_s,
        "tick_stored_rows_per_s": len(ids) / statistics.median(each["store_s"] for each in ticks),
        "checkpoints_mb": kept_bytes / 1e6,
        "start_of_the_streams_s": begin["wall_s"],
        "start_of_the_streams_cpu_s": begin["all_cpu_s"],
        "start_histories_read": begin["histories_read"],
        "start_from_readings_s_extrapolated": from_readings_s / workers,
        "ticks_s": ", ".join(f"{each['wall_s']:.2f}" for each in ticks),
        "tick_s": middle["wall_s"],
        **{f"tick_{name}": value for name, value in middle.items() if name != "wall_s"},
        "tick_us_each": 1e6 * middle["wall_s"] / len(ids),
        "with_all_context_cpu_s_extrapolated": whole_s,
        "ratio_to_all_context_cpu": whole_s / middle["all_cpu_s"],
        **stored,
    }


def _elsewhere(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in a process of its own, which ends and lets go of what it owns."""
    connections.close_all()  # an open SQLite file must not be carried into another process
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as process:
        return process.submit(function, *arguments).result()


def begin_and_keep(newest: datetime) -> float:
    """Begin the scorer of the first batch from readings up to the newest, and keep its state for every batch as large.

    How many seconds all batches would take, if they were begun so one after the other.
    """
    batches, registry = scoring_batches(neighbour_groups()), scorers.ScorerRegistry()
    began = time.perf_counter()
    live.judge_new_readings(batches[0], newest, registry)
    one_s = time.perf_counter() - began
    ((_, begun),) = registry.by_age()
    until_s = begun.scorer.judged_until_s
    if until_s is None:
        raise RuntimeError("Nothing was judged: the figures would be wrong.")
    for batch in batches:
        if len(batch.ids) == len(batches[0].ids):
            ownership.acquire(batch, moment(until_s))
            plates = tuple(
                replace(plate, code=substation.code)
                for plate, substation in zip(begun.fleet.nameplates, batch.whole.substations, strict=True)
            )
            state = replace(begun.state(until_s), nameplates=plates)
            checkpoints.write(batch.ids, scorer_starts.basis_of(batch), state)
    return one_s * sum(len(batch.ids) for batch in batches) / len(batches[0].ids)


def _whole_s(ids: list[int]) -> float:
    """CPU seconds of the other way, to judge every group again with all the context of its newest reading; one
    group is judged and multiplied."""
    group, began = neighbour_groups()[0], time.process_time()
    detectors, _ = load_detectors(group)
    fleet = reading_grid.load(group, group.newest - timedelta(hours=CONTEXT_HOURS), None)
    if fleet is not None:
        analyse_fleet(fleet, detectors, start_s=int(fleet.at_s[-1]))
    return (time.process_time() - began) * len(ids) / len(group.ids)


def _ticks(made: tick_grid.Made, ids: list[int], first: int, workers: int) -> Iterator[dict[str, float]]:
    """Readings of one step after the other, judged by processes that keep their streams from tick to tick."""
    connections.close_all()
    context, pipes = get_context("fork"), []
    for _ in range(workers):
        here, there = context.Pipe()
        context.Process(target=_work, args=(there,), daemon=True).start()
        there.close()  # so that the end of a worker is the end of its pipe
        pipes.append(here)
    for step in range(first, first + tick_grid.TICKS):
        store_s = tick_grid.stored_s(made, ids, step, step + 1)
        figures = _scored(pipes)
        if step == first and figures["begun_from_readings"]:
            raise RuntimeError("A checkpoint was not used: the figures would be wrong.")
        yield figures | {"store_s": store_s}
    for pipe in pipes:
        pipe.send(False)


def _scored(pipes: list[Connection]) -> dict[str, float]:
    """Ask the workers until nothing waits, as the sweep does; what that took of each and of all together."""
    began, spent = time.perf_counter(), Counter[str]()
    while PendingRange.objects.exists():
        if time.perf_counter() - began > MAX_TICK_S:
            raise RuntimeError("Readings were left unscored: the figures would be wrong.")
        for pipe in pipes:
            pipe.send(True)
        answers = [pipe.recv() for pipe in pipes]
        for answer in answers:
            spent.update(answer)
        spent["memory_mb"] = sum(answer["memory_mb"] for answer in answers)
    return {"wall_s": time.perf_counter() - began, **spent}


def _work(pipe: Connection) -> None:
    """A worker: score what waits whenever it is asked to, and say what the time went into."""
    clock = {"judging_cpu_s": 0.0, "reading_cpu_s": 0.0, "histories_read": 0.0, "begun_from_readings": 0.0}
    scorer_starts.IncrementalScorer = _timed_stream(clock)  # type: ignore[attr-defined]  # measured in place of the real one
    reading_grid.readings = _timed(reading_grid.readings, clock, "reading_cpu_s")
    live._history = _counted(live._history, clock, "histories_read")
    scorer_starts.begun = _counted(scorer_starts.begun, clock, "begun_from_readings")
    while pipe.recv():
        before = dict(clock)
        began = time.process_time()
        while score_pending():
            pass
        keep_checkpoints()
        spent = {name: value - before[name] for name, value in clock.items()}
        pipe.send(spent | {"all_cpu_s": time.process_time() - began, "memory_mb": peak_memory_mb()})
    connections.close_all()


def _timed(function: Callable[..., Any], clock: dict[str, float], name: str) -> Callable[..., Any]:
    def run(*args: Any, **values: Any) -> Any:
        began = time.process_time()
        try:
            return function(*args, **values)
        finally:
            clock[name] += time.process_time() - began

    return run


def _counted(function: Callable[..., Any], clock: dict[str, float], name: str) -> Callable[..., Any]:
    def run(*args: Any, **values: Any) -> Any:
        clock[name] += 1
        return function(*args, **values)

    return run


def _timed_stream(clock: dict[str, float]) -> type[IncrementalScorer]:
    class Timed(IncrementalScorer):
        def advance(self, fleet: Fleet) -> Judgement:
            judged: Judgement = _timed(super().advance, clock, "judging_cpu_s")(fleet)
            return judged

        def findings(self) -> list[Any]:
            found: list[Any] = _timed(super().findings, clock, "judging_cpu_s")()
            return found

    return Timed
