# ruff: noqa: S608 (every name in the statements is a constant of this module or of the model)
"""How fast an upload is stored, beside the database's own way to take in the same rows: COPY, or executemany; and what
the same rows cost when they are sent again, as they were or half of them corrected."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from django.core.files import File
from django.db import connection, transaction

from ingestion import services as ingestion
from ingestion.models import OverwrittenReading, Upload
from smart_ems.scratch import scratch_database
from substations.channels import CHANNEL_NAMES
from substations.models import PendingRange, Reading, StaleRange, Substation
from substations.partitions import READINGS, months

STEP_S = 900
BEGIN = np.datetime64("2025-01-01", "s")
# Chosen: so many rows of values that a file is made in seconds, and too many for a cache to know them.
DISTINCT_ROWS = 4_999
EQUAL = "bench_equal"
_COLUMNS = ("substation_id", "at", *CHANNEL_NAMES, "derived")
_PIECE = 1 << 20


@dataclass(frozen=True)
class UploadFile:
    """The upload; the same with other values in every second row; and its rows with the numbers of the substations for
    COPY."""

    upload: Path
    corrected: Path
    plain: Path
    rows: int
    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Counts:
    """What became of the rows of an upload."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0


def bench_upload(rows: int, substations: int, repeats: int, order: str, server: str = "") -> dict[str, Any]:
    """Load a file again and again, each time beside the raw way into an equal table; medians.

    order: of the rows in the file, by ``substation`` or by ``time``. server: as of ``bench_pages``.
    """
    with scratch_database(journal="WAL", server=server, migrated=True) as folder:
        began, load_average = time.perf_counter(), os.getloadavg()[0]
        made = make_file(folder, rows, substations, order)
        made_s = time.perf_counter() - began
        measured = [_Round.of(made) for _ in range(repeats)]
        raw, upload, again, corrected = map(statistics.median, zip(*map(astuple, measured), strict=True))
        return {
            "load_average": load_average,
            "database": connection.vendor,
            "rows": made.rows,
            "channels": len(CHANNEL_NAMES),
            "substations": substations,
            "order": order,
            "file_mb": made.upload.stat().st_size / 1e6,
            "made_in_s": made_s,
            "raw_s": raw,
            "raw_rows_per_s": made.rows / raw,
            "upload_s": upload,
            "upload_rows_per_s": made.rows / upload,
            "ratio_to_raw": upload / raw,
            "again_s": again,
            "again_ratio_to_upload": again / upload,
            "half_corrected_s": corrected,
            "half_corrected_ratio_to_upload": corrected / upload,
        }


@dataclass(frozen=True)
class _Round:
    """Seconds of each way: raw, and three uploads onto each other."""

    raw_s: float
    upload_s: float
    again_s: float
    corrected_s: float

    @classmethod
    def of(cls, made: UploadFile) -> Self:
        raw_s = _raw_s(made)
        for model in (Reading, OverwrittenReading, PendingRange, StaleRange):
            _empty(model._meta.db_table)
        upload_s = _upload_s(made.upload, Counts(new=made.rows))
        again_s = _upload_s(made.upload, Counts(unchanged=made.rows))
        odd = made.rows // 2
        corrected_s = _upload_s(made.corrected, Counts(replaced=odd, unchanged=made.rows - odd))
        kept = OverwrittenReading.objects.count()
        if kept != odd:
            raise RuntimeError(f"{kept:,} of {odd:,} overwritten readings were kept.")
        return cls(raw_s, upload_s, again_s, corrected_s)


def make_file(folder: Path, rows: int, substations: int, order: str) -> UploadFile:
    """Readings of every channel at 15 minutes for new substations, in files of the same rows."""
    ids = {
        each.code: each.pk
        for each in Substation.objects.bulk_create(Substation(code=f"UP-{n:04d}") for n in range(substations))
    }
    steps = -(-rows // substations)
    times = np.char.replace((BEGIN + np.arange(steps) * np.timedelta64(STEP_S, "s")).astype(str), "T", " ").tolist()
    tails = list(_tails())
    upload, corrected, plain = (folder / f"{name}.csv" for name in ("bench", "corrected", "plain"))
    with upload.open("w") as file, corrected.open("w") as other, plain.open("w") as same:
        for each in (file, other):
            each.write(",".join(("substation", "timestamp", *CHANNEL_NAMES)) + "\n")
        for number, (code, step) in enumerate(_ordered(list(ids), steps, rows, order)):
            tail = tails[number % DISTINCT_ROWS]
            file.write(f"{code},{times[step]}{tail}\n")
            other.write(f"{code},{times[step]}{tails[(number + number % 2) % DISTINCT_ROWS]}\n")
            same.write(f"{ids[code]},{times[step]}Z{tail},0\n")
    end = BEGIN + np.timedelta64(steps * STEP_S, "s")
    return UploadFile(upload, corrected, plain, rows, BEGIN.item().replace(tzinfo=UTC), end.item().replace(tzinfo=UTC))


def _ordered(codes: list[str], steps: int, rows: int, order: str) -> Iterator[tuple[str, int]]:
    if order == "time":
        pairs = ((code, step) for step in range(steps) for code in codes)
    else:
        pairs = ((code, step) for code in codes for step in range(steps))
    return (pair for pair, _ in zip(pairs, range(rows), strict=False))


def _tails() -> Iterator[str]:
    """Plausible values of all channels as the end of a line."""
    random = np.random.default_rng(3)
    active = random.uniform(40, 400, DISTINCT_ROWS)
    factor = random.uniform(0.75, 0.99, DISTINCT_ROWS)
    apparent = active / factor
    reactive = np.sqrt(apparent**2 - active**2)
    amperes = apparent / (np.sqrt(3) * 0.4)
    columns = {"active_power_kw": active, "apparent_power_kva": apparent, "reactive_power_kvar": reactive}
    columns["power_factor"] = factor
    ranges = {"current": amperes, "voltage": 400.0, "frequency": 50.0, "thd": 4.0, "oil": 45.0}
    for name in CHANNEL_NAMES:
        middle = ranges.get(name.split("_", maxsplit=1)[0], 1.0)
        columns.setdefault(name, middle * random.uniform(0.98, 1.02, DISTINCT_ROWS))
    for row in np.stack([columns[name] for name in CHANNEL_NAMES], axis=1).tolist():
        yield "," + ",".join(f"{value:.3f}" for value in row)


def _raw_s(made: UploadFile) -> float:
    """Seconds until the rows are committed to a table with the same columns, key, index and partitions."""
    load = _copy_of(made) if connection.vendor == "postgresql" else _executemany_of(made)
    _make_equal_table(made)
    try:
        return _timed(load)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {EQUAL}")


def _copy_of(made: UploadFile) -> Callable[[], None]:
    def load() -> None:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            made.plain.open("rb") as file,
            cursor.copy(f"COPY {EQUAL} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT csv)") as copy,
        ):
            while piece := file.read(_PIECE):
                copy.write(piece)

    return load


def _executemany_of(made: UploadFile) -> Callable[[], None]:
    places = ", ".join(["%s"] * len(_COLUMNS))
    with made.plain.open() as file:
        lines = [line.rstrip("\n").replace("Z,", ",", 1).split(",") for line in file]
    rows: list[tuple[Any, ...]] = [
        (int(pk), at, *map(float, values), int(derived)) for pk, at, *values, derived in lines
    ]

    def load() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {EQUAL} ({', '.join(_COLUMNS)}) VALUES ({places})", rows)

    return load


def _make_equal_table(made: UploadFile) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [READINGS])
            cursor.execute(cursor.fetchone()[0].replace(f'"{READINGS}"', EQUAL, 1))
            return
        cursor.execute(f"CREATE TABLE {EQUAL} (LIKE {READINGS} INCLUDING ALL) PARTITION BY RANGE (at)")
        cursor.execute(
            f"ALTER TABLE {EQUAL} ADD FOREIGN KEY (substation_id) REFERENCES substations_substation (id) "
            "DEFERRABLE INITIALLY DEFERRED"
        )
        for first, after in months(made.begin, made.end):
            cursor.execute(
                f"CREATE TABLE {EQUAL}_{first:%Y_%m} PARTITION OF {EQUAL} "
                f"FOR VALUES FROM ('{first.isoformat()}') TO ('{after.isoformat()}')"
            )


def _upload_s(file: Path, expected: Counts) -> float:
    """Seconds from the file in hand to its last row committed."""

    def load() -> None:
        with file.open("rb") as handle:
            received = ingestion.receive(File(handle, name=file.name), source=Upload.Source.COMMAND, again=True)
        ingestion.load(received.upload.pk)
        upload = received.upload
        upload.refresh_from_db()
        counts = Counts(upload.rows_new, upload.rows_replaced, upload.rows_unchanged)
        if counts != expected:
            raise RuntimeError(f"{counts} instead of {expected}: {upload.reason}")

    return _timed(load)


def _empty(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{'TRUNCATE' if connection.vendor == 'postgresql' else 'DELETE FROM'} {name}")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
