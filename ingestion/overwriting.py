"""Measured values are kept before others take their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from core.authorship import current
from ingestion.overwritten_models import OverwrittenReading
from substations.channels import CHANNEL_NAMES

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


def keep_overwritten(cursor: CursorWrapper, joined: str, wins: Callable[[str, int, str, str], str]) -> None:
    """Keep what is measured in ``r``, the stored readings, and replaced by another value of ``s``, the new ones.

    joined: the FROM clause of both. wins: the condition under which a new value of a channel takes the old one's place.
    """
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    lost = {
        name: f"(r.{name} IS NOT NULL AND (r.derived & {1 << bit}) = 0 AND s.{name} {differs} r.{name} "
        f"AND {wins(name, 1 << bit, 's', 'r')})"
        for bit, name in enumerate(CHANNEL_NAMES)
    }
    author = current()
    cursor.execute(
        f"INSERT INTO {OverwrittenReading._meta.db_table} "
        f"(substation_id, at, overwritten_at, author, source, before) "
        f"SELECT r.substation_id, r.at, %s, %s, %s, {_object(lost)} {joined} WHERE {' OR '.join(lost.values())} "
        f"ORDER BY r.substation_id, r.at",
        [connection.ops.adapt_datetimefield_value(timezone.now()), author.name, author.work or author.origin],
    )


def _object(lost: dict[str, str]) -> str:
    """The old values as JSON, of those channels alone that lose one."""
    pairs = ", ".join(f"'{name}', CASE WHEN {condition} THEN r.{name} END" for name, condition in lost.items())
    if connection.vendor == "postgresql":
        return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"
    return f"json_patch('{{}}', json_object({pairs}))"  # without what is null
