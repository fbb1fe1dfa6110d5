# ruff: noqa: S608 (every name in the statements is a constant of this module or of the model)
"""How fast an upload is stored, beside the database's own way to take in the same rows: COPY, or executemany."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files import File
from django.db import connection, transaction

from ingestion import services as ingestion
from ingestion.models import Upload
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
    """The upload, and the same rows as a file with the numbers of the substations for COPY."""

    upload: Path
    plain: Path
    rows: int
    begin: datetime
    end: datetime


def bench_upload(rows: int, substations: int, repeats: int, order: str, server: str = "") -> dict[str, Any]:
    """Load a file again and again, each time beside the raw way into an equal table; medians.

    order: of the rows in the file, by ``substation`` or by ``time``. server: as of ``bench_pages``.
    """
    with scratch_database(journal="WAL", server=server, migrated=True) as folder:
        began = time.perf_counter()
        made = make_file(folder, rows, substations, order)
        made_s = time.perf_counter() - began
        raw_s, upload_s = [], []
        for _ in range(repeats):
            raw_s.append(_raw_s(made))
            upload_s.append(_upload_s(made))
        again_s = _upload_s(made, onto_the_same=True)
        raw, upload = statistics.median(raw_s), statistics.median(upload_s)
        return {
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
            "the_same_rows_again_s": again_s,
        }


def make_file(folder: Path, rows: int, substations: int, order: str) -> UploadFile:
    """Readings of every channel at 15 minutes for new substations, in two files of the same rows."""
    ids = {
        each.code: each.pk
        for each in Substation.objects.bulk_create(Substation(code=f"UP-{n:04d}") for n in range(substations))
    }
    steps = -(-rows // substations)
    times = np.char.replace((BEGIN + np.arange(steps) * np.timedelta64(STEP_S, "s")).astype(str), "T", " ").tolist()
    tails = list(_tails())
    upload, plain = folder / "bench.csv", folder / "plain.csv"
    with upload.open("w") as file, plain.open("w") as same:
        file.write(",".join(("substation", "timestamp", *CHANNEL_NAMES)) + "\n")
        for number, (code, step) in enumerate(_ordered(list(ids), steps, rows, order)):
            tail = tails[number % DISTINCT_ROWS]
            file.write(f"{code},{times[step]}{tail}\n")
            same.write(f"{ids[code]},{times[step]}Z{tail},0\n")
    end = BEGIN + np.timedelta64(steps * STEP_S, "s")
    return UploadFile(upload, plain, rows, BEGIN.item().replace(tzinfo=UTC), end.item().replace(tzinfo=UTC))


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


def _upload_s(made: UploadFile, *, onto_the_same: bool = False) -> float:
    """Seconds from the file in hand to its last row committed; the tables are emptied before."""
    if not onto_the_same:
        for model in (Reading, PendingRange, StaleRange):
            _empty(model._meta.db_table)

    def load() -> None:
        with made.upload.open("rb") as handle:
            received = ingestion.receive(File(handle, name="bench.csv"), source=Upload.Source.COMMAND, again=True)
        ingestion.load(received.upload.pk)
        received.upload.refresh_from_db()
        stored = received.upload.rows_unchanged if onto_the_same else received.upload.rows_new
        if stored != made.rows:
            raise RuntimeError(f"{stored:,} of {made.rows:,} rows were stored: {received.upload.reason}")

    return _timed(load)


def _empty(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{'TRUNCATE' if connection.vendor == 'postgresql' else 'DELETE FROM'} {name}")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
