# ruff: noqa: S608 (every name in the statements is a constant of this project)
"""Columns into a table of the database the fastest way it has: binary COPY on PostgreSQL, else executemany."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ingestion.copy_format import copy_stream
from ingestion.timestamps import TimeArray

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

_SPACE = ord(" ")
_DATE_LENGTH = len("2025-01-31")


def write_rows(cursor: CursorWrapper, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Insert rows, given as equally long columns by name; a NaN becomes NULL. None may be there already."""
    if not len(next(iter(columns.values()))):
        return
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.vendor == "postgresql":
        with cast(Any, cursor).copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(copy_stream(list(columns.values())))
        return
    # SQLite stores a NaN as NULL by itself.
    lists = [iso_times(each) if each.dtype.kind == "M" else each.tolist() for each in columns.values()]
    places = ", ".join(["%s"] * len(lists))
    # One row at a time: the garbage collector would go through a list of ten thousand again and again.
    rows = cast(Any, zip(*lists, strict=True))
    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)


def iso_times(at: TimeArray) -> list[str]:
    """As Django writes times into SQLite: no offset, and microseconds only where there are any."""
    is_whole = at == at.astype("datetime64[s]")
    if is_whole.all():
        return _spaced(at, "s")
    return [a if whole else b for a, b, whole in zip(_spaced(at, "s"), _spaced(at, "us"), is_whole, strict=True)]


def _spaced(at: TimeArray, unit: str) -> list[str]:
    """ISO 8601 with a space in place of the T."""
    distinct, positions = np.unique(at, return_inverse=True)
    texts = np.datetime_as_string(distinct, unit=unit)  # type: ignore[call-overload]  # any unit
    characters = texts.view(np.uint32).reshape(len(texts), -1)
    characters[:, _DATE_LENGTH] = _SPACE
    return cast(list[str], texts.astype(object)[positions].tolist())
