"""The rows of a file by station: composed into quantities, sorted by time, equal times settled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ingestion.derivation import complete
from ingestion.exports.accounting import REJECTED_SHARE
from ingestion.exports.answers import ExportAnswers
from ingestion.exports.composition import CONSTANT, Ask, Measured, is_constant, unheard
from ingestion.exports.gathered import Gathered
from ingestion.exports.outcome import Interpretation
from ingestion.exports.quantities import quantities
from ingestion.exports.shapes import Shaped
from ingestion.exports.station_rows import Context
from ingestion.exports.stations import Known
from ingestion.exports.vocabulary import folded
from ingestion.exports.whole_columns import clearly_differs, decide_registers, settle_together
from ingestion.problems import BoolArray, FloatArray, printable
from ingestion.timestamps import TimeArray
from substations.channels import CHANNELS

USUAL_INTERVAL_S = 900  # IEC 62053 load profiles
_LOW, _HIGH = np.array([[c.low, c.high] for c in CHANNELS], dtype=np.float64).T
_FUTURE = np.timedelta64(1, "D")  # as validation: clocks and zones may differ by hours


def assemble(out: Interpretation, got: Gathered, answers: ExportAnswers, now: datetime, known: Known) -> BoolArray:
    """Put the rows of each station into ``out``; which rows of the file have a time that can be believed."""
    shape, when = got.shape, got.when
    stations, groups = _stations(out, shape, got.columns, answers)
    out.named = tuple(dict.fromkeys(answers.substation or s or label for label in groups for s in stations))
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
    if not good.any():
        _plan_without_times(out, got, answers, known)
    parts: list[Part] = []
    for label, columns in groups.items():
        rows_of = {station: _rows(stations, station, good, at) for station in dict.fromkeys(stations)}
        rows_of = {station: rows for station, rows in rows_of.items() if len(rows)}
        parts += _of_group(out, got, columns, rows_of, _Names(answers, known, label))
    _collect(out, parts, shape)
    return good


Part = tuple[str, TimeArray, FloatArray, np.ndarray]


@dataclass(frozen=True, slots=True)
class _Names:
    """Whose rows they are: by the answers, the file's stations, or the label of a group of columns."""

    answers: ExportAnswers
    known: Known
    label: str

    def of(self, station: str) -> str:
        return self.answers.substation or station or self.label


def _rows(stations: Sequence[str], station: str, good: BoolArray, at: TimeArray) -> np.ndarray:
    """The rows of one station in the order of their times."""
    rows = np.flatnonzero(np.array([s == station for s in stations]) & good)
    ordered: np.ndarray = rows[np.argsort(at[rows], kind="stable")]
    return ordered


def _of_group(
    out: Interpretation, got: Gathered, columns: list[Measured], rows_of: dict[str, np.ndarray], names: _Names
) -> list[Part]:
    """The rows of each station of one group of columns. What a column is decided to be holds for all its stations."""
    decide_registers(columns, list(rows_of.values()))
    if len(rows_of) > 1 and any(not c.known for c in columns if c.kind):
        judged = []
        for station, rows in rows_of.items():
            own = _own(columns, rows)
            quantities(own, _context(got, rows, names, station, unheard))
            judged.append(own)
        agreed = settle_together(columns, judged)
    else:
        agreed, judged = {}, []
    parts = []
    for n, (station, rows) in enumerate(rows_of.items()):
        own = _own(columns, rows)
        for position, factor in agreed.items():
            if not clearly_differs(judged[n][position], factor):
                own[position].values = own[position].values * factor
                own[position].known = True
        context = _context(got, rows, names, station, out.ask)
        parts.append((names.of(station), got.when.at[rows], quantities(own, context), rows))
        out.interval_s = out.interval_s or context.interval_s
        _learn(columns, own, agreed)
    return parts


def _own(columns: Sequence[Measured], rows: np.ndarray) -> list[Measured]:
    return [replace(c, values=c.values[rows], lead=None if c.lead is None else c.lead[rows]) for c in columns]


def _context(got: Gathered, rows: np.ndarray, names: _Names, station: str, ask: Ask) -> Context:
    at, record = got.when.at[rows], names.known(names.of(station))
    return Context(at, names.answers, got.table.preamble, got.file.energy, got.shape.interval_s, ask, record)


def _learn(columns: Sequence[Measured], own: Sequence[Measured], agreed: dict[int, float]) -> None:
    """What the columns of one station were used for, for the plan that is shown."""
    for n, (column, after) in enumerate(zip(columns, own, strict=True)):
        column.used_for, column.why = after.used_for or column.used_for, after.why
        column.factor, column.sureness = after.factor, after.sureness
        if n in agreed and column.used_for:
            column.factor, column.sureness = agreed[n], "likely"
            column.why = column.why or "unit by √3·U·I or the other powers, over all stations"


def _plan_without_times(out: Interpretation, got: Gathered, answers: ExportAnswers, known: Known) -> None:
    """What the columns would be used for, while the time of no row is known: rows are taken as evenly spaced."""
    steps = np.arange(len(got.shape.lines)) * (answers.interval_s or got.shape.interval_s or USUAL_INTERVAL_S)
    at = np.datetime64("2000-01-01", "us") + (steps * 1_000_000).astype("timedelta64[us]")
    context = Context(
        at, answers, got.table.preamble, got.file.energy, USUAL_INTERVAL_S, out.ask, known(answers.substation)
    )
    quantities(got.columns, context)


def _stations(
    out: Interpretation, shape: Shaped, columns: list[Measured], answers: ExportAnswers
) -> tuple[list[str], dict[str, list[Measured]]]:
    """The station of each row, and the columns by station where several stand side by side."""
    count = len(shape.lines)
    rows = [printable(s) for s in shape.stations] if shape.stations is not None else [""] * count
    groups = side_by_side(columns)
    if answers.substation:
        if _repeat_quantities(list(groups.values())):
            out.ask(
                "mapping",
                f"The columns are of several meters ({', '.join(groups)}). Which ones are {answers.substation}'s?",
            )
        groups = {"": columns} if len(groups) > 1 else groups
        if shape.stations is not None and len(set(rows) - {""}) > 1:
            out.ask(
                "substation",
                f"The file names several stations ({', '.join(sorted(set(rows) - {''})[:6])}), but one was given.",
            )
        return [answers.substation] * count, groups
    if not any(rows) and not any(groups):
        out.ask("substation", "The file does not name its substation.")
    return rows, groups


def side_by_side(columns: list[Measured]) -> dict[str, list[Measured]]:
    """Columns by the words that no table of names knows, where these tell equal quantities apart."""
    for column in columns:
        column.why = CONSTANT if not column.said and is_constant(column) else column.why
    named = [c for c in columns if c.kind and not c.said and c.why != CONSTANT]
    signature = Counter((c.kind, c.meaning.phase, c.meaning.features - {"station"}) for c in named)
    doubled = [c for c in named if signature[c.kind, c.meaning.phase, c.meaning.features - {"station"}] > 1]
    labels = {" ".join(c.meaning.rest) for c in doubled}
    if len(labels) < 2 or len(labels) * 2 > len(doubled) + len(labels):
        common = {" ".join(c.meaning.rest) for c in named}
        label = common.pop() if len(common) == 1 else ""
        return {_spelled(label, columns): columns}
    groups = {label: [c for c in columns if " ".join(c.meaning.rest) == label] for label in sorted(labels)}
    largest = max(groups.values(), key=len)
    groups = {
        label: group for label, group in groups.items() if not (group is not largest and _repeats(group, largest))
    }
    if len(groups) == 1:
        return {"": [c for c in columns if " ".join(c.meaning.rest) in (*groups, "")]}
    return {_spelled(label, group): group for label, group in groups.items()}


def _repeat_quantities(groups: Sequence[Sequence[Measured]]) -> bool:
    """True if several groups of columns hold the same quantities, as those of several meters do."""
    kinds = Counter(kind for group in groups for kind in {(c.kind, c.meaning.phase) for c in group if c.kind})
    return len(groups) > 1 and max(kinds.values(), default=0) > 1


def _spelled(label: str, columns: Sequence[Measured]) -> str:
    """A label as it stands in the header; headers are compared in lower case and without accents."""
    words = label.split()
    for column in columns:
        parts = re.findall(r"[^\s_,;:/\\|()\[\]]+", column.meaning.header)
        found = [next((part for part in parts if folded(part) == word), "") for word in words]
        if words and all(found):
            return " ".join(found)
    return label.upper()


def _repeats(group: Sequence[Measured], largest: Sequence[Measured]) -> bool:
    """True if every column of a group stands with the same values in the largest one."""
    return all(
        any(a.kind == b.kind and np.allclose(a.values, b.values, equal_nan=True) for b in largest) for a in group
    )


def _ask_for_impossible(out: Interpretation, measured: FloatArray, outside: BoolArray) -> None:
    """Ask where much of a quantity lies outside what is possible: its unit or its meaning is another."""
    known = np.isfinite(measured).sum(axis=0)
    for n in np.flatnonzero(outside.sum(axis=0) > np.maximum(1, REJECTED_SHARE * known)):
        channel = CHANNELS[n]
        shown = measured[outside[:, n], n][0]
        text = f"{channel.name} would be {shown:g} {channel.unit}; expected {channel.low:g} to {channel.high:g}."
        out.ask("unit", text + " Which unit does the file use?")


def _collect(
    out: Interpretation, parts: Sequence[tuple[str, TimeArray, FloatArray, np.ndarray]], shape: Shaped
) -> None:
    for station, at, measured, rows in parts:
        outside = (measured < _LOW) | (measured > _HIGH)
        _ask_for_impossible(out, measured, outside)
        values = np.where(outside, np.nan, measured)
        filled = ~np.isnan(values).all(axis=1)
        keep = np.zeros(len(at), bool)
        full_rows = np.flatnonzero(filled)  # of equal times the last line with values counts
        keep[full_rows[np.append(at[full_rows][1:] != at[full_rows][:-1], True)] if len(full_rows) else []] = True
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
