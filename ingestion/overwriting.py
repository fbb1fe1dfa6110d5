# ruff: noqa: S608 (the name in the statements is that of a table of the project)
"""Measured values are kept before others take their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from django.db import connection
from django.utils import timezone

from core.authorship import current
from ingestion.overwritten_models import OverwrittenReading
from ingestion.problems import BoolArray, FloatArray
from ingestion.row_writing import iso_times
from ingestion.validation import ReadingRows
from substations.channels import CHANNEL_NAMES

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

_COLUMNS = ("overwritten_at", "author", "source", "substation_id", "at", "before")
CHANNEL_BITS = np.int64(1) << np.arange(len(CHANNEL_NAMES), dtype=np.int64)
"""Of each channel, in a number that stands for a set of channels."""


def keep_overwritten(cursor: CursorWrapper, rows: ReadingRows, stored: FloatArray, is_lost: BoolArray) -> None:
    """Keep the stored values, by row and channel, that are lost to those of the rows."""
    which = np.flatnonzero(is_lost.any(axis=1))
    if not len(which):
        return
    author = current()
    same = (str(connection.ops.adapt_datetimefield_value(timezone.now())), author.name, author.work or author.origin)
    ids, before = rows.substation_id[which].tolist(), _objects(stored[which], is_lost[which])
    records = ((*same, *each) for each in zip(ids, iso_times(rows.at[which]), before, strict=True))
    table = f"{OverwrittenReading._meta.db_table} ({', '.join(_COLUMNS)})"
    if connection.vendor == "postgresql":
        with cast(Any, cursor).copy(f"COPY {table} FROM STDIN") as copy:
            for *others, at, lost in records:
                copy.write_row((*others, f"{at}Z", lost))
        return
    cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(_COLUMNS))})", cast(Any, records))


def _objects(values: FloatArray, is_lost: BoolArray) -> list[str]:
    """The values as JSON objects, of those channels alone that lose one; every digit is kept."""
    texts = np.empty(len(values), dtype=object)
    # Corrections concern the same channels in many rows: those are written by one template.
    patterns, of_row = np.unique(is_lost @ CHANNEL_BITS, return_inverse=True)
    for number, pattern in enumerate(patterns):
        channels = np.flatnonzero(pattern & CHANNEL_BITS)
        template = "{" + ", ".join(f'"{CHANNEL_NAMES[channel]}": %r' for channel in channels) + "}"
        which = np.flatnonzero(of_row == number)
        texts[which] = [template % tuple(row) for row in values[np.ix_(which, channels)].tolist()]
    return list(texts)
