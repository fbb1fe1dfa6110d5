"""One file read whole: what would be stored, how sure each column is, and what only a person can say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from ingestion.derivation import complete
from ingestion.exports.answers import ExportAnswers, ExportQuestion
from ingestion.exports.columns import measured_columns
from ingestion.exports.composition import Measured
from ingestion.exports.containers import CellGrid, Opened, opened
from ingestion.exports.figures import decimal_sign
from ingestion.exports.header_lines import Columns, columns_of, is_data
from ingestion.exports.instants import Clock, Instants, instants
from ingestion.exports.moments import zone_in
from ingestion.exports.quantities import Context, quantities
from ingestion.exports.reshaping import Shaped, shaped
from ingestion.exports.vocabulary import COMMA_WORDS, folded
from ingestion.problems import FloatArray, IntArray, Unreadable, printable
from ingestion.timestamps import TimeArray
from substations.channels import CHANNELS

REJECTED_SHARE = 0.1  # chosen: a tenth of the rows lost is no accident of single lines
_LOW, _HIGH = np.array([[c.low, c.high] for c in CHANNELS], dtype=np.float64).T
_FUTURE = np.timedelta64(1, "D")  # as validation: clocks and zones may differ by hours


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What one column is taken for: quantity "" where it is left out."""

    header: str
    quantity: str
    unit: str
    factor: float
    sureness: str
    why: str


@dataclass(slots=True)
class Interpretation:
    """The whole of a file: rows as columns (``values`` [row, channel]) sorted by station and time, and the plan."""

    kind: str
    layout: str = "wide"
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    columns: list[ColumnPlan] = field(default_factory=list)
    questions: list[ExportQuestion] = field(default_factory=list)
    rows_read: int = 0
    rows_rejected: int = 0
    problems: list[tuple[int, str, str, str]] = field(default_factory=list)
    stations: list[str] = field(default_factory=list)
    at: TimeArray = field(default_factory=lambda: np.empty(0, "datetime64[us]"))
    values: FloatArray = field(default_factory=lambda: np.empty((0, len(CHANNELS))))
    derived: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    lines: list[int] = field(default_factory=list)
    interval_s: int = 0
    time_zone: str = ""

    def ask(self, about: str, text: str, column: str | None = None, choices: tuple[str, ...] = ()) -> None:
        """Add a question once."""
        if not any(q.about == about and (q.column == column or q.text == text) for q in self.questions):
            self.questions.append(ExportQuestion(about, text, column, choices))


def interpret(data: bytes, name: str, answers: ExportAnswers, *, now: datetime) -> Interpretation:
    """Read an export; raises Unreadable where a person could do nothing either. ``now`` has an offset."""
    file = opened(data, name)
    table, doubts = _table(file, answers)
    out = Interpretation(file.kind, encoding=file.encoding, delimiter=file.delimiter, header_line=table.header_line)
    for doubt in doubts:
        out.ask("layout", doubt)
    shape = shaped(table, answers)
    out.layout = shape.layout
    language = _comma_language(table)
    cells = [s.cells for s in shape.series]
    sign, certain = decimal_sign(cells, file.delimiter, comma_language=language)
    columns = measured_columns(shape, answers, sign)
    if not certain and any(c.kind for c in columns):
        out.ask(
            "scale",
            f"Are numbers such as {_grouped_example(cells)} written with a decimal sign or in thousands?",
            choices=(".", ","),
        )
    clock = Clock(now, file.zone_said or _zone_of_preamble(table), language, sign)
    when = instants(shape, answers, clock)
    for question in when.questions:
        out.ask(question.about, question.text, question.column, question.choices)
    out.time_zone = when.zone
    _alien(out, shape, columns, table, answers)
    _fill(out, _Gathered(file, table, shape, columns, when), answers, now)
    return out


@dataclass(frozen=True, slots=True)
class _Gathered:
    file: Opened
    table: Columns
    shape: Shaped
    columns: list[Measured]
    when: Instants


def _comma_language(table: Columns) -> bool:
    words = {word for header in table.headers for word in re.findall(r"[^\W\d_]+", folded(header))}
    return bool(words & COMMA_WORDS) or any(
        w.startswith(("wirk", "blind", "schein", "spannung", "strom", "puissance")) for w in words
    )


def _grouped_example(cells: Sequence[Sequence[str]]) -> str:
    return next((c for column in cells for c in column if re.fullmatch(r"\d{1,3}[.,]\d{3}", c)), "1.234")


def _zone_of_preamble(table: Columns) -> str:
    for row in table.preamble:
        text = " ".join(row)
        if re.search(r"(?i)time ?zone|zeitzone|fuseau|zona horaria|\bUTC\b|\bGMT\b|huso", text):
            found = zone_in(text)
            if found:
                return found
    return ""


def _table(file: Opened, answers: ExportAnswers) -> tuple[Columns, list[str]]:
    """The table of a file: its grids of equal headers below each other; others beside them are a doubt."""
    tables = []
    for grid in file.grids:
        if len(file.grids) > 1 and not _holds_data(grid):
            continue
        tables.append(columns_of(grid, header_line=answers.header_line))
    if not tables:
        raise Unreadable("No sheet or member of the file holds rows of readings; expected a header and rows of values.")
    groups: dict[tuple[str, ...], list[Columns]] = {}
    for table in tables:
        groups.setdefault(tuple(h.casefold() for h in table.headers), []).append(table)
    best = max(groups.values(), key=lambda g: sum(len(t.rows) for t in g))
    doubts = []
    if len(groups) > 1:
        names = ", ".join(printable(t.name) for t in tables if t not in best)[:200]
        doubts.append(
            f"The file holds several tables with other columns ({names}); only one kind of them is read at a time."
        )
    first = best[0]
    for other in best[1:]:
        first.rows += other.rows
        first.lines += other.lines
        first.rejected += other.rejected
    if first.other_columns:
        doubts.append("A second header with other columns stands in the middle of the file. Split it there.")
    if not first.rows:
        raise Unreadable(f"The file has a header of {len(first.headers)} columns but no row that fits it.")
    return first, doubts


def _holds_data(grid: CellGrid) -> bool:
    return sum(is_data(row) and len([c for c in row if c]) > 1 for row in grid.rows[:500]) >= 2


def _alien(
    out: Interpretation, shape: Shaped, columns: Sequence[Measured], table: Columns, answers: ExportAnswers
) -> None:
    """Ask what columns of numbers are, where no quantity is known by its name."""
    known = [c for c in columns if c.kind or c.said]
    if not known:
        numeric = [c for c in columns if np.isfinite(c.values).any()]
        if not numeric:
            named = printable(", ".join(table.headers))
            raise Unreadable(
                f"No column holds numbers; expected at least one measured quantity. The columns are: {named}."
            )
        headers = ", ".join(c.meaning.header for c in numeric[:8])
        out.ask("mapping", f"Which quantities are these columns: {headers}?", numeric[0].meaning.header)
    for column in known:
        if column.meaning.conflict and not column.said:
            out.ask(
                "mapping",
                f"“{column.meaning.header}”: its words and its unit name different quantities.",
                column.meaning.header,
            )


def _fill(out: Interpretation, got: _Gathered, answers: ExportAnswers, now: datetime) -> None:
    """Stations, quantities, rows and what is rejected."""
    shape, when = got.shape, got.when
    stations, groups = _stations(out, shape, got.columns, answers)
    at = when.at
    latest = np.datetime64(now.replace(tzinfo=None), "us") + _FUTURE
    ahead = at > latest
    early = at < np.datetime64("1990-01-01", "us")
    if ahead.any() and ahead.mean() > 0.5:
        out.ask(
            "time",
            f"The times lie ahead (up to {str(at[ahead].max())[:16]} UTC). How are they to be read?",
            shape.stamp_header,
        )
    good = ~np.isnat(at) & ~ahead & ~early
    parts: list[tuple[str, TimeArray, FloatArray, np.ndarray]] = []
    for label, columns in groups.items():
        for station in dict.fromkeys(stations):
            mine = np.array([s == station for s in stations]) & good
            rows = np.flatnonzero(mine)
            if not len(rows):
                continue
            rows = rows[np.argsort(at[rows], kind="stable")]
            own = [replace(c, values=c.values[rows], lead=None if c.lead is None else c.lead[rows]) for c in columns]
            context = Context(at[rows], answers, got.table.preamble, got.file.energy, shape.interval_s, out.ask)
            values = quantities(own, context)
            for before, after in zip(columns, own, strict=True):
                before.used_for, before.why, before.factor, before.sureness = (
                    after.used_for,
                    after.why,
                    after.factor,
                    after.sureness,
                )
            out.interval_s = out.interval_s or context.interval_s
            name = answers.substation or station or label
            parts.append((name, at[rows], values, rows))
    _collect(out, parts, shape)
    _reject(out, got, good)
    _plan(out, got)


def _stations(
    out: Interpretation, shape: Shaped, columns: list[Measured], answers: ExportAnswers
) -> tuple[list[str], dict[str, list[Measured]]]:
    """The station of each row, and the columns by station where several stand side by side."""
    count = len(shape.lines)
    rows = [printable(s) for s in shape.stations] if shape.stations is not None else [""] * count
    groups = _side_by_side(columns)
    if answers.substation:
        if len(groups) > 1:
            out.ask(
                "mapping",
                f"The columns are of several meters ({', '.join(groups)}). Which ones are {answers.substation}'s?",
            )
        if shape.stations is not None and len(set(rows) - {""}) > 1:
            out.ask(
                "substation",
                f"The file names several stations ({', '.join(sorted(set(rows) - {''})[:6])}), but one was given.",
            )
        return [answers.substation] * count, groups
    if not any(rows) and not any(groups):
        out.ask("substation", "The file does not name the substation. Whose readings are these?")
    return rows, groups


def _side_by_side(columns: list[Measured]) -> dict[str, list[Measured]]:
    """Columns by the words that no table of names knows, where these tell equal quantities apart."""
    named = [c for c in columns if c.kind and not c.said]
    signature = Counter((c.kind, c.meaning.phase, c.meaning.features - {"station"}) for c in named)
    doubled = [c for c in named if signature[c.kind, c.meaning.phase, c.meaning.features - {"station"}] > 1]
    labels = {" ".join(c.meaning.rest) for c in doubled}
    if len(labels) < 2 or len(labels) * 2 > len(doubled) + len(labels):
        common = {" ".join(c.meaning.rest) for c in named}
        label = common.pop() if len(common) == 1 else ""
        return {label.upper(): columns}
    groups = {label: [c for c in columns if " ".join(c.meaning.rest) == label] for label in sorted(labels)}
    largest = max(groups.values(), key=len)
    groups = {
        label: group for label, group in groups.items() if not (group is not largest and _repeats(group, largest))
    }
    if len(groups) == 1:
        return {"": [c for c in columns if " ".join(c.meaning.rest) in (*groups, "")]}
    return {label.upper(): group for label, group in groups.items()}


def _repeats(group: Sequence[Measured], largest: Sequence[Measured]) -> bool:
    """True if every column of a group stands with the same values in the largest one."""
    return all(
        any(a.kind == b.kind and np.allclose(a.values, b.values, equal_nan=True) for b in largest) for a in group
    )


def _collect(
    out: Interpretation, parts: Sequence[tuple[str, TimeArray, FloatArray, np.ndarray]], shape: Shaped
) -> None:
    for station, at, measured, rows in parts:
        values = np.where((measured < _LOW) | (measured > _HIGH), np.nan, measured)
        filled = ~np.isnan(values).all(axis=1)
        keep = np.ones(len(at), bool)
        keep[:-1] = at[1:] != at[:-1]  # of equal times the last line counts
        twice = ~keep & filled
        if twice.any():
            following = np.minimum(np.arange(len(at)) + 1, len(at) - 1)
            differ = twice & ~np.isclose(values, values[following], equal_nan=True, rtol=1e-6).all(axis=1)
            if differ.sum() > max(2, REJECTED_SHARE * len(at)):
                out.ask(
                    "layout", "Many times stand in the file more than once with other values. Are these several meters?"
                )
        full, derived = complete(values[keep & filled])
        out.at = np.concatenate([out.at, at[keep & filled]])
        out.values = np.concatenate([out.values, full])
        out.derived = np.concatenate([out.derived, derived])
        out.stations += [station] * int((keep & filled).sum())
        out.lines += [shape.lines[n] for n in rows[keep & filled]]


def _reject(out: Interpretation, got: _Gathered, good: np.ndarray) -> None:
    """Count and tell what was rejected; ask where it is a large share. Lines at the end without a time are footers."""
    shape, table = got.shape, got.table
    bad = np.flatnonzero(~good)
    stamps = shape.stamps or [""] * len(good)
    footers = 0
    for n in range(len(good) - 1, max(-1, len(good) - 6), -1):
        if good[n]:
            break
        footers += 1
    for n in bad[:200]:
        text = " ".join(t for t in (stamps[n], shape.clocks[n] if shape.clocks else "") if t)
        out.problems.append((shape.lines[n], "timestamp", printable(text), "a date and time up to the present"))
    for line, text, expected in table.rejected[:200]:
        out.problems.append((line, "line", printable(text), expected))
    out.problems.sort()
    out.rows_read = len(good) + len(table.rejected)
    out.rows_rejected = len(bad) + len(table.rejected)
    lost = out.rows_rejected - min(footers, 5)
    asked = {q.about for q in out.questions} & {"time", "interval"}
    if lost > max(1, REJECTED_SHARE * out.rows_read) and not asked:
        out.ask(
            "rejected_share",
            f"{lost} of {out.rows_read} rows cannot be read. Load the others all the same?",
            choices=("yes", "no"),
        )
    elif not len(out.at) and not out.questions:
        out.ask("mapping", "Nothing could be stored of this file. Which columns hold the quantities?")


def _plan(out: Interpretation, got: _Gathered) -> None:
    for column in got.columns:
        unit = column.meaning.unit.name if column.meaning.unit else ""
        why = column.why or ("by its name" if column.used_for else "no quantity that is stored")
        sureness = column.sureness if column.used_for else "sure" if column.why else "likely"
        out.columns.append(ColumnPlan(column.meaning.header, column.used_for, unit, column.factor, sureness, why))
    for other in got.shape.other:
        role = {"clock": "time", "station": "substation", "start": "timestamp"}.get(other.role, other.role)
        stored = role if role in ("timestamp", "date", "time", "substation") else ""
        out.columns.append(ColumnPlan(other.header, stored, "", 1.0, "sure", f"holds: {other.role}"))
