"""Which backups stay: one of each of the newest days, weeks and months that have one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NAME = re.compile(r"smart-ems-(\d{8}T\d{6}Z)\.tar\.gz(\.enc)?\Z")
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class KeptCounts:
    """Of how many days, weeks and months (by UTC and ISO 8601) one backup stays."""

    daily: int
    weekly: int
    monthly: int


def name_of(at: datetime, *, encrypted: bool) -> str:
    return f"smart-ems-{at.astimezone(UTC).strftime(STAMP)}.tar.gz{'.enc' if encrypted else ''}"


def backups_in(folder: Path) -> dict[datetime, Path]:
    """The backups of a folder by the time at which they were made, newest first; other files are none of ours."""
    found = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        if match := NAME.match(path.name):
            found[datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)] = path
    return dict(sorted(found.items(), reverse=True))


def times_to_keep(times: Iterable[datetime], counts: KeptCounts) -> set[datetime]:
    """Of each period the newest; the newest of all always."""
    newest_first = sorted(times, reverse=True)
    periods: tuple[tuple[Callable[[datetime], tuple[int, ...]], int], ...] = (
        (lambda at: (at.year, at.month, at.day), counts.daily),
        (lambda at: at.isocalendar()[:2], counts.weekly),
        (lambda at: (at.year, at.month), counts.monthly),
    )
    kept = set(newest_first[:1])
    for period, count in periods:
        newest: dict[tuple[int, ...], datetime] = {}
        for at in newest_first:
            newest.setdefault(period(at), at)
        kept |= set(list(newest.values())[:count])
    return kept


def drop_old(folder: Path, counts: KeptCounts) -> list[Path]:
    """Delete the backups of a folder that no longer stay; which those were."""
    found = backups_in(folder)
    kept = times_to_keep(found, counts)
    return _deleted(path for at, path in found.items() if at not in kept)


def drop_all_but(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest ``count`` backups of a folder; which those were."""
    return _deleted(list(backups_in(folder).values())[count:])


def _deleted(paths: Iterable[Path]) -> list[Path]:
    gone = list(paths)
    for path in gone:
        path.unlink(missing_ok=True)
    return gone
