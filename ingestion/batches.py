"""Readings that come as rows rather than as a file (API, live feed): the same judgement, and an answer for each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from core.lazy_modules import LazyModule
from ingestion import grid_records, storage, validation
from ingestion.mapping import SUBSTATION, TIMESTAMP, ColumnChoice
from ingestion.models import Upload
from ingestion.parsing import ParsedBlock
from ingestion.plan import ImportPlan
from ingestion.problems import Problems, printable
from substations.channels import CHANNEL_NAMES

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

_AT = "at"
_EXPECTED_TIME = "ISO 8601 with date and time, such as 2026-01-31T14:15:00+05:30"
_HAS_CLOCK = re.compile(r"^\s*\d{4}-?\d\d-?\d\d[T ]\d\d")
MAX_TIME_LENGTH = 40
"""Chosen: what ISO 8601 with microseconds and an offset needs is 32."""


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What became of the row at ``index``: accepted (new), replaced, unchanged or rejected; then the rest says why."""

    index: int
    outcome: str
    field: str = ""
    received: str = ""
    expected: str = ""


def load_rows(rows: Sequence[Mapping[str, Any]], source: Upload.Source | str) -> list[RowAnswer]:
    """Store readings: mappings with ``substation`` (code), ``at`` (ISO 8601) and any of the channels by name.

    A time without an offset is in the substation's own zone. Bad rows are answered, good ones stored, all in
    one transaction. Raises ValueError for a key that is neither of these (it names the key).
    """
    if not rows:
        return []
    _refuse_unknown(rows)
    stamps = [iso_time(row.get(_AT)) for row in rows]
    answers = {index: _no_iso_time(index, rows[index].get(_AT)) for index, at in enumerate(stamps) if at is None}
    good = [index for index in range(len(rows)) if index not in answers]
    if not good:
        return list(answers.values())
    table = _table([{**rows[index], _AT: stamps[index]} for index in good], good)
    plan = ImportPlan(choices=_choices(table), strict=True)
    now = np.datetime64(timezone.now().replace(tzinfo=None), "us")
    checked = validation.check(table, plan, grid_records.grid(), now=now)
    storage.make_months(checked.rows)
    with transaction.atomic():
        storage.lock_all(checked.rows, checked.future)
        _stored, outcomes = storage.store_with_outcomes(checked.rows)
        storage.note_fresh(checked.rows)
        storage.note_future(checked.future)
    answers |= {row.line: RowAnswer(row.line, row.outcome) for row in outcomes}
    answers |= _rejections(checked.problems)
    empty = RowAnswer(0, "rejected", "", "no value", "at least one measured quantity")
    return [
        answers.get(index) or RowAnswer(index, empty.outcome, empty.field, empty.received, empty.expected)
        for index in range(len(rows))
    ]


def _refuse_unknown(rows: Sequence[Mapping[str, Any]]) -> None:
    known = {SUBSTATION, _AT, *CHANNEL_NAMES}
    strange = next((str(name) for row in rows for name in row if name not in known), None)
    if strange is not None:
        raise ValueError(
            f"Received the field “{printable(strange)}”; expected substation, at, and any of: "
            f"{', '.join(CHANNEL_NAMES)}."
        )


def iso_time(value: object) -> str | None:
    """A time as ISO 8601 with a date and a clock, or None where it is not written so: 45000.5 and 3/4/2026 are not."""
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str) or len(value) > MAX_TIME_LENGTH or not _HAS_CLOCK.search(value):
        return None
    try:
        return datetime.fromisoformat(value.strip()).isoformat()
    except ValueError:
        return None


def _no_iso_time(index: int, received: object) -> RowAnswer:
    return RowAnswer(index, "rejected", _AT, printable("" if received is None else str(received)), _EXPECTED_TIME)


def _table(rows: Sequence[Mapping[str, Any]], lines: Sequence[int]) -> ParsedBlock:
    frame = pd.DataFrame.from_records(list(rows))
    cells = {str(name): _cells(frame[name], str(name) in (SUBSTATION, _AT)) for name in frame.columns}
    for name in (SUBSTATION, _AT):
        cells.setdefault(name, pd.Series([None] * len(frame), dtype=object))
    return ParsedBlock(np.array(lines, dtype=np.int64), cells, Problems())


def _cells(column: pd.Series, is_text: bool) -> pd.Series:
    if not is_text and column.dtype.kind in "iuf":
        return column
    values = column.astype(object)
    return values.where(values.isna(), values.astype(str))


def _choices(table: ParsedBlock) -> dict[str, ColumnChoice]:
    roles = {SUBSTATION: SUBSTATION, _AT: TIMESTAMP}
    return {name: {"target": roles.get(name, name)} for name in table.cells}


def _rejections(problems: Problems) -> dict[int, RowAnswer]:
    columns = zip(
        problems.lines.tolist(),
        problems.fields.tolist(),
        problems.received.tolist(),
        problems.expected.tolist(),
        strict=True,
    )
    named = {TIMESTAMP: _AT}
    return {line: RowAnswer(line, "rejected", named.get(name, name), got, want) for line, name, got, want in columns}
