"""Readings that come as rows rather than as a file (API, live feed): the same judgement, and an answer for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.utils import timezone

from ingestion import grid_records, storage, validation
from ingestion.mapping import SUBSTATION, TIMESTAMP, ColumnChoice
from ingestion.models import Upload
from ingestion.parsing import ParsedBlock
from ingestion.plan import ImportPlan
from ingestion.problems import Problems
from substations.channels import CHANNEL_NAMES

_AT = "at"
_SIMULATED = (Upload.Source.FEED, Upload.Source.DEMO)  # their clock may run ahead of ours


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
    table = _table(rows)
    plan = ImportPlan(choices=_choices(table), allow_future=source in _SIMULATED, strict=True)
    now = np.datetime64(timezone.now().replace(tzinfo=None), "us")
    checked = validation.check(table, plan, grid_records.grid(), now=now)
    with transaction.atomic():
        _stored, outcomes = storage.store_with_outcomes(checked.rows)
    answers = {row.line: RowAnswer(row.line, row.outcome) for row in outcomes}
    answers |= _rejections(checked.problems)
    empty = RowAnswer(0, "rejected", "", "no value", "at least one measured quantity")
    return [
        answers.get(index) or RowAnswer(index, empty.outcome, empty.field, empty.received, empty.expected)
        for index in range(len(rows))
    ]


def _table(rows: Sequence[Mapping[str, Any]]) -> ParsedBlock:
    frame = pd.DataFrame.from_records(list(rows))
    known = {SUBSTATION, _AT, *CHANNEL_NAMES}
    strange = [str(name) for name in frame.columns if name not in known]
    if strange:
        raise ValueError(
            f"Received the field “{strange[0]}”; expected substation, at, and any of: {', '.join(CHANNEL_NAMES)}."
        )
    cells = {str(name): _cells(frame[name], str(name) in (SUBSTATION, _AT)) for name in frame.columns}
    for name in (SUBSTATION, _AT):
        cells.setdefault(name, pd.Series([None] * len(frame), dtype=object))
    return ParsedBlock(np.arange(len(frame), dtype=np.int64), cells, Problems())


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
