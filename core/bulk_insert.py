"""Many rows into a table at once: COPY on PostgreSQL, one prepared INSERT elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert tuples in the order of ``columns`` (names of database columns); no signals, no defaults.

    Raises:
        django.db.IntegrityError: a row is there already.
    """
    if not rows:
        return
    table, names = model._meta.db_table, ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
            return
        moments = [number for number, value in enumerate(rows[0]) if isinstance(value, datetime)]
        marks = ", ".join(["%s"] * len(columns))
        statement = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  # names of a model, no input
        cursor.executemany(statement, _adapted(rows, moments))


def _adapted(rows: Sequence[tuple[Any, ...]], moments: Sequence[int]) -> list[list[Any]]:
    """Times in Django's own form: stored as text with an offset, no query would compare them well."""
    adapt = cache(connection.ops.adapt_datetimefield_value)  # the same few times stand in very many rows
    adapted = [list(row) for row in rows]
    for values in adapted:
        for number in moments:
            values[number] = adapt(values[number])
    return adapted
