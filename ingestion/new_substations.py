"""Substations that a file names but the grid does not know: created together with their first good row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from django.db import connection

from core import site_rights
from ingestion.plan import KnownSubstations
from ingestion.problems import IntArray
from ingestion.timestamps import TimeArray
from ingestion.validation import ReadingRows
from substations.models import MAX_INTERVAL_S, MIN_INTERVAL_S, Substation

# Until it is stored a new substation has a number that no row of the database has.
_PROVISIONAL = 1 << 60
# An advisory lock, of any number that no other one has (``substations.partitions``).
LOCK_KEY = 7_303_171


@dataclass(frozen=True, slots=True)
class Admitted:
    """Rows with the substations' real ids; ``renamed`` maps the provisional ids of those just created."""

    rows: ReadingRows
    renamed: dict[int, int] = field(default_factory=dict)


class NewSubstations:
    """The grid as one load sees it, with the substations that it may bring along."""

    def __init__(self, grid: KnownSubstations, zone: str, interval_s: int) -> None:
        self.grid, self._zone, self._interval_s = grid, zone, interval_s
        self._names: dict[int, str] = {}

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the names that no substation has, in order."""
        return [name for name in names if name and name.casefold() not in self.grid.ids]

    def expect(self, names: Iterable[str]) -> None:
        """Let rows of these substations pass validation; they are created when the first one is stored.

        A name with control characters is no code: its rows stay rejected. Who is given part of the plant brings none.
        """
        if site_rights.current() is not None:
            return
        ids, zones = dict(self.grid.ids), dict(self.grid.zones)
        for name in (each for each in names if each.isprintable()):
            pk = ids.setdefault(name.casefold(), _PROVISIONAL + len(ids))
            if pk >= _PROVISIONAL:
                self._names[pk], zones[pk] = name, self._zone
        self.grid = KnownSubstations(ids, zones, self.grid.kept_from)

    def admit(self, rows: ReadingRows) -> Admitted:
        """Create the new substations among the rows. Call it inside the transaction that stores them."""
        present = np.unique(rows.substation_id[rows.substation_id >= _PROVISIONAL])
        if not len(present):
            return Admitted(rows)
        _take_turns()
        renamed: dict[int, int] = {}
        ids = rows.substation_id.copy()
        for pk in present.tolist():
            mine = rows.substation_id == pk
            interval_s = self._interval_s or typical_interval_s(rows.at[mine])
            renamed[pk] = self._create(self._names[pk], interval_s)
            ids[mine] = renamed[pk]
        return Admitted(ReadingRows(rows.lines, ids, rows.at, rows.values, rows.derived), renamed)

    def settle(self, admitted: Admitted) -> None:
        """Use the real ids from now on; call it once the transaction has been committed."""
        if not admitted.renamed:
            return
        renamed = admitted.renamed
        ids = {name: renamed.get(pk, pk) for name, pk in self.grid.ids.items()}
        zones = {renamed.get(pk, pk): zone for pk, zone in self.grid.zones.items()}
        self.grid = KnownSubstations(ids, zones, self.grid.kept_from)

    def _create(self, name: str, interval_s: int) -> int:
        code = code_of(name)
        existing = Substation.objects.filter(code__iexact=code).first()  # another load may have brought it meanwhile
        if existing is not None:
            return existing.pk
        bounded = min(max(interval_s, MIN_INTERVAL_S), MAX_INTERVAL_S)
        created = Substation.objects.create(
            code=code,
            name="" if name == code else name[:120],
            time_zone=self._zone,
            reading_interval_s=bounded,
        )
        return created.pk


def _take_turns() -> None:
    """Until the end of the transaction nobody else creates substations.

    Two files with the same new ones, in another order, would wait for each other's; and who waits for one that is not
    committed yet does not see that it is there.
    """
    if connection.vendor == "postgresql":  # elsewhere a transaction that writes is alone
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])


def code_of(name: str) -> str:
    """A code made of a name: without the characters that a URL cannot hold."""
    return re.sub(r"[\s/\\?#%]+", "-", name.strip()).strip("-")[:40] or "unnamed"


def typical_interval_s(at: TimeArray) -> int:
    """The median distance of neighbouring times in seconds; 900 where there is but one."""
    if len(at) < 2:
        return 900
    steps: IntArray = np.diff(np.sort(at)).astype(np.int64)
    return round(float(np.median(steps)) / 1e6) or 900
