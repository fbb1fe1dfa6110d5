"""Two workers load files of the same readings at the same time: both come to their end, and no value is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, BrokenBarrierError, local
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.db import connection, connections

from ingestion import parsing, storage
from ingestion import services as ingestion
from ingestion.models import OverwrittenReading, Upload
from ingestion.new_substations import NewSubstations
from ingestion.options import ImportOptions
from ingestion.upload_leases import LoadOutcome
from substations.models import PendingRange, Reading, StaleRange, Substation

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CODES = [f"T-{number:02d}" for number in range(8)]
STEPS = 300
ALL = len(CODES) * STEPS
FIRST_KW, SECOND_KW = 100.0, 200.0
BEGIN = datetime(2026, 1, 25)  # noqa: DTZ001 (as it stands in a file); two months, so that partitions are made, too
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some twenty transactions of each file, so that they come between one another."""
    monkeypatch.setattr(parsing, "blocks", partial(parsing.blocks, size=4_096))


def file(power_kw: float, *, backwards: bool = False, by_time: bool = False) -> Upload:
    """Readings of every substation, one after the other or time by time; backwards: the last row first."""
    keys = [(code, step) for code in CODES for step in range(STEPS)]
    if by_time:
        keys.sort(key=lambda key: key[1])
    rows = [f"{code},{BEGIN + step * QUARTER},{power_kw + step}" for code, step in keys]
    lines = ["substation,timestamp,active_power_kw", *(rows[::-1] if backwards else rows)]
    options = ImportOptions(unknown="create", time_zone="UTC")
    content = ContentFile("\n".join(lines).encode(), name=f"{power_kw}-{backwards}.csv")
    return ingestion.receive(content, source=Upload.Source.COMMAND, options=options, again=True).upload


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What comes of works that begin at the same moment, each on a connection of its own."""
    gate = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=30)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def together(uploads: Sequence[Upload]) -> list[LoadOutcome]:
    outcomes = at_once(*(partial(ingestion.load, upload.pk) for upload in uploads))
    for upload in uploads:
        upload.refresh_from_db()
    return outcomes


def stored() -> dict[tuple[str, datetime], float | None]:
    rows = Reading.objects.values_list("substation__code", "at", "active_power_kw")
    return {(code, at): power_kw for code, at, power_kw in rows}


def known() -> None:
    for code in CODES:
        Substation.objects.create(code=code)


def unknown() -> None:
    """They are created by the files."""


@pytest.mark.parametrize("before", [known, unknown])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({}, {"backwards": True}),
        ({"by_time": True}, {"by_time": True, "backwards": True}),
        ({}, {"by_time": True, "backwards": True}),
    ],
    ids=["same order", "opposite order", "opposite times", "opposite substations and times"],
)
def test_different_values_are_corrections_and_every_old_value_is_kept(
    before: Callable[[], None], first: dict[str, bool], second: dict[str, bool]
) -> None:
    before()
    uploads = [file(FIRST_KW, **first), file(SECOND_KW, **second)]
    assert together(uploads) == [LoadOutcome.LOADED, LoadOutcome.LOADED]
    assert [(each.attempts, each.rows_read, each.rows_bad) for each in uploads] == [(1, ALL, 0)] * 2
    assert sum(each.rows_new for each in uploads) == ALL
    assert sum(each.rows_replaced for each in uploads) == ALL
    assert sorted(Substation.objects.values_list("code", flat=True)) == CODES
    now = stored()
    assert len(now) == ALL
    old = {
        (code, at): before["active_power_kw"]
        for code, at, before in OverwrittenReading.objects.values_list("substation__code", "at", "before")
    }
    assert OverwrittenReading.objects.count() == ALL
    of_key = {(code, at): (at.replace(tzinfo=None) - BEGIN) // QUARTER for code, at in now}
    assert {key: {now[key], old[key]} for key in now} == {
        key: {FIRST_KW + step, SECOND_KW + step} for key, step in of_key.items()
    }


def test_the_same_values_are_stored_once_and_replace_nothing() -> None:
    known()
    uploads = [file(FIRST_KW), file(FIRST_KW, backwards=True)]
    assert together(uploads) == [LoadOutcome.LOADED, LoadOutcome.LOADED]
    assert sum(each.rows_new for each in uploads) == sum(each.rows_unchanged for each in uploads) == ALL
    assert Counter(stored().values()) == Counter(FIRST_KW + step for step in range(STEPS) for _code in CODES)
    assert not OverwrittenReading.objects.exists()


def test_what_both_changed_is_judged_and_accounted() -> None:
    known()
    assert together([file(FIRST_KW), file(SECOND_KW, backwards=True)]) == [LoadOutcome.LOADED] * 2
    assert Reading.objects.count() == ALL
    for ranges in (PendingRange, StaleRange):
        for code in CODES:
            reach = ranges._default_manager.filter(substation__code=code)
            at = Reading.objects.filter(substation__code=code).order_by("at").values_list("at", flat=True)
            known_ranges = list(reach.values_list("start", "end"))
            assert all(any(start <= moment <= end for start, end in known_ranges) for moment in at)


def test_two_files_that_create_the_same_substations_in_opposite_order_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each holds its first new substation back until the other has one, too, or a second has gone by."""
    both, seen, create = Barrier(2), local(), NewSubstations._create

    def meeting(self: NewSubstations, name: str, interval_s: int) -> int:
        pk = create(self, name, interval_s)
        if not hasattr(seen, "one"):
            seen.one = True
            with suppress(BrokenBarrierError):
                both.wait(timeout=1)
        return pk

    monkeypatch.setattr(NewSubstations, "_create", meeting)
    monkeypatch.setattr(parsing, "blocks", parsing.blocks.func)  # type: ignore[attr-defined]  # one block has them all
    uploads = [file(FIRST_KW, by_time=True), file(SECOND_KW, by_time=True, backwards=True)]
    assert together(uploads) == [LoadOutcome.LOADED, LoadOutcome.LOADED]
    assert sorted(Substation.objects.values_list("code", flat=True)) == CODES
    assert sum(each.rows_new for each in uploads) == sum(each.rows_replaced for each in uploads) == ALL


def test_two_batches_each_with_a_future_row_of_the_other_s_substation_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has stored its row before it notes of the other substation that a row is from the future."""
    known()
    both, note = Barrier(2), storage.note_future

    def meeting(future: Any) -> None:
        with suppress(BrokenBarrierError):
            both.wait(timeout=1)
        note(future)

    monkeypatch.setattr(storage, "note_future", meeting)
    now, ahead = (f"{np.datetime64('now') + np.timedelta64(days, 'D')}Z" for days in (-1, 30))

    def batch(present: str, future: str) -> list[str]:
        rows = [{"substation": present, "at": now, "voltage_avg_v": 400.0}]
        rows.append({"substation": future, "at": ahead, "voltage_avg_v": 400.0})
        return [answer.outcome for answer in ingestion.load_rows(rows, "api")]

    answers = at_once(partial(batch, CODES[0], CODES[1]), partial(batch, CODES[1], CODES[0]))
    assert answers == [["accepted", "rejected"]] * 2
    noted = Substation.objects.filter(future_count=1).order_by("code").values_list("code", flat=True)
    assert list(noted) == CODES[:2]
