"""Can a plain table be gone through in blocks, column by column? Tried on its first rows against the whole reading."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np

from ingestion import parsing, validation
from ingestion.exports.outcome import Interpretation
from ingestion.exports.stations import Known
from ingestion.file_formats import FileFormat, format_of
from ingestion.file_samples import HEAD_BYTES, FileSample
from ingestion.load_plan import LoadPlan
from ingestion.mapping import DATE, SUBSTATION, TIMESTAMP, ColumnChoice
from ingestion.numbers import to_numbers
from ingestion.options import ImportOptions
from ingestion.parsing import ParsedBlock
from ingestion.plan import KnownSubstations
from ingestion.problems import FloatArray, IntArray, Unreadable
from substations.channels import BY_NAME, CHANNEL_INDEX

_BEYOND = np.datetime64("2200-01-01", "us")  # later than any reading: nothing is too new for the comparison
_SAME = {"rtol": 1e-6, "atol": 1e-9}  # chosen: the same arithmetic in another order
_FAHRENHEIT, _FREEZING_F, _FREEZING_K = 5 / 9, 32.0, 273.15  # the SI Brochure's definitions


def plan_in_blocks(
    found: Interpretation, path: Path, options: ImportOptions, known: Known, sample: FileSample
) -> LoadPlan | None:
    """The plan under which the first block gives the same rows and values; None if there is none."""
    form = format_of(found, compressed=sample.compressed)
    roles = {column.header: column.quantity for column in found.columns if column.quantity}
    doubled = any(count > 1 for count in Counter(roles.values()).values())
    if form is None or doubled or not len(found.at) or not _is_timed(roles, options):
        return None
    try:
        block = next(parsing.blocks(path, form, size=HEAD_BYTES), None)
        if block is None:
            return None
        measured = [header for header, role in roles.items() if role in BY_NAME]
        table = parsing.read_table(block, form, measured, [h for h in roles if h not in measured])
        mine, other = _common_lines(found, table.lines)
        choices = {h: _choice(h, role, found, table, (mine, other), form) for h, role in roles.items()}
        plan = _load_plan(found, form, choices, options)
        return plan if _agrees(plan, found, table, known, min(sample.head_lines, block.next_line - 1)) else None
    except (Unreadable, ValueError, UnicodeError):
        return None  # what the reader in blocks cannot do, the conversion does


def _is_timed(roles: dict[str, str], options: ImportOptions) -> bool:
    if {TIMESTAMP, DATE} & set(roles.values()):
        return True
    counted = bool(options.start and options.interval_s)
    return counted and datetime.fromisoformat(options.start).tzinfo is None


def _common_lines(found: Interpretation, lines: IntArray) -> tuple[IntArray, IntArray]:
    """Positions in the reading and in the block of the lines that both have."""
    by_line = {line: n for n, line in enumerate(lines.tolist())}
    both = [(n, by_line[line]) for n, line in enumerate(found.lines) if line in by_line]
    mine, other = np.array(both, dtype=np.int64).reshape(-1, 2).T
    return mine, other


def _choice(
    header: str, role: str, found: Interpretation, table: ParsedBlock, rows: tuple[IntArray, IntArray], form: FileFormat
) -> ColumnChoice:
    """The role of a column, or its channel with the factor that its first values show."""
    if role not in BY_NAME:
        return {"target": role}
    raw = to_numbers(table.cells[header], form.decimal).values[rows[1]]
    stored = found.values[rows[0], CHANNEL_INDEX[role]]
    unit = next((c.unit for c in found.columns if c.header == header), "")
    if unit == "°F":
        return {"target": role, "scale": _FAHRENHEIT, "offset": -_FREEZING_F * _FAHRENHEIT}
    if unit == "K":
        return {"target": role, "scale": 1.0, "offset": -_FREEZING_K}
    return {"target": role, "scale": _scale(raw, stored), "offset": 0.0}


def _scale(raw: FloatArray, stored: FloatArray) -> float:
    both = np.isfinite(raw) & np.isfinite(stored) & (raw != 0)
    if not both.any():
        return 1.0
    scale = float(np.median(stored[both] / raw[both]))
    near = round(scale, 9)
    return near if near and abs(scale / near - 1) < _SAME["rtol"] / 100 else scale


def _load_plan(
    found: Interpretation, form: FileFormat, choices: dict[str, ColumnChoice], options: ImportOptions
) -> LoadPlan:
    targets = {choice["target"] for choice in choices.values()}
    timed = bool(targets & {TIMESTAMP, DATE})
    return LoadPlan(
        converted=False,
        form=form,
        choices=choices,
        substation="" if SUBSTATION in targets else options.substation,
        time_zone=found.time_zone,
        day_first=found.date_order != "mdy",
        start="" if timed else options.start,
        interval_s=0 if timed else options.interval_s,
        allow_future=options.allow_future,
    )


def _agrees(plan: LoadPlan, found: Interpretation, table: ParsedBlock, known: Known, lines: int) -> bool:
    names = list(dict.fromkeys(found.stations))
    zones = {n: (record.zone if (record := known(name)) else "UTC") for n, name in enumerate(names, start=1)}
    grid = KnownSubstations({name.casefold(): n for n, name in enumerate(names, start=1)}, zones)
    rows = validation.check(table, plan.import_plan, grid, now=_BEYOND).rows
    mine, other = _common_lines(found, rows.lines)
    expected = sum(line <= min(lines, int(table.lines.max())) for line in found.lines)
    if not len(mine) or len(mine) != expected or expected != np.count_nonzero(rows.lines <= lines):
        return False
    if (found.at[mine] != rows.at[other]).any():
        return False
    if [found.stations[n].casefold() for n in mine] != [names[pk - 1].casefold() for pk in rows.substation_id[other]]:
        return False
    same = np.isclose(found.values[mine], rows.values[other], equal_nan=True, **_SAME)
    return bool(same.all())
