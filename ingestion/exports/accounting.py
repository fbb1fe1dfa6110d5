"""What became of every row and column: rejected rows, and the plan that is shown."""

from __future__ import annotations

import numpy as np

from ingestion.exports.gathered import Gathered
from ingestion.exports.meaning import Meaning
from ingestion.exports.outcome import ColumnPlan, Interpretation
from ingestion.problems import BoolArray, Unreadable, printable

REJECTED_SHARE = 0.1  # chosen: a tenth of the rows lost is no accident of single lines


def account(out: Interpretation, got: Gathered, good: BoolArray) -> None:
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
    if len(out.at) or asked:
        return
    if len(bad):
        line, _field, received, _expected = out.problems[0]
        text = f"No row has a time that can be read; line {line} holds “{received}”. Which column holds the time?"
        out.ask("time", text, shape.stamp_header or None)
    elif not out.questions:
        _refuse_without_values(out, got)


def _refuse_without_values(out: Interpretation, got: Gathered) -> None:
    if any(np.isfinite(column.values).any() for column in got.columns if column.kind):
        out.ask("mapping", "Nothing could be stored of this file. Which columns hold the quantities?")
        return
    raise Unreadable(f"None of the {out.rows_read:,} rows holds a value; expected at least one measured quantity.")


def plan_columns(out: Interpretation, got: Gathered) -> None:
    """Say of each column what it is taken for, how sure and why."""
    for column in got.columns:
        unit = column.meaning.unit.name if column.meaning.unit else ""
        why = column.why or ("by its name" if column.used_for else "no quantity that is stored")
        sureness = column.sureness if column.used_for else "sure" if column.why else "likely"
        out.columns.append(ColumnPlan(column.meaning.header, column.used_for, unit, column.factor, sureness, why))
    for other in got.shape.other:
        stored = _role(other, got)
        out.columns.append(
            ColumnPlan(
                other.header, stored, "", 1.0, "sure", "holds the time or the place" if stored else "no quantity"
            )
        )


def _role(other: Meaning, got: Gathered) -> str:
    """What a column without a quantity is used for; "" where it is not."""
    shape = got.shape
    if other.header == shape.stamp_header:
        return "date" if shape.clocks is not None else "timestamp"
    if other.header == shape.clock_header:
        return "time"
    return "substation" if other.role == "station" else ""
