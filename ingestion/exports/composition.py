"""Columns → quantities of one substation: averages, totals, directions; energy → power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ingestion.exports.meaning import Meaning
from ingestion.problems import FloatArray

PLUS, MINUS = ("import", "lag"), ("export", "lead")
_POWER_OF = {"EP": "P", "EQ": "Q", "ES": "S"}
# A register is far above what is added to it from one reading to the next.
_REGISTER_OVER_STEP = 8.0
CONSTANT = "one value throughout, no unit, and words that name something else"
_CHANGES = {"P", "Q", "S", "I", "U"}
_MIN_ROWS = 4  # chosen: fewer equal readings may be chance
_TOTAL_WITHIN = 0.1  # chosen: class 1 meters, and phases that are rounded to whole numbers
_ROLLS_AT = tuple(float(10**n) for n in range(3, 13))


@dataclass(slots=True)
class Measured:
    """One column as numbers; in the stored unit where ``known``, as written otherwise."""

    meaning: Meaning
    values: FloatArray
    known: bool
    factor: float = 1.0
    lead: FloatArray | None = None
    why: str = ""
    used_for: str = ""
    sureness: str = "sure"
    sign_said: bool = False
    said: str = ""
    from_energy: bool = False
    settled: bool = False  # its unit was not named and is told by physics or the nameplate
    register: bool | None = None  # of an energy; None where that has to be told by the rows of one station
    unread: tuple[int, str] = (0, "")  # how many cells look like numbers and are none, and one of them
    fraction: float = 1.0  # what makes a power factor of the column a fraction; told by all rows of the file

    @property
    def kind(self) -> str:
        return self.meaning.kind

    def has(self, *names: str) -> bool:
        """True if its header carries one of these features."""
        return self.meaning.has(*names)


@dataclass(slots=True)
class Composed:
    """A quantity of one substation and the columns it is made of."""

    values: FloatArray
    parts: list[Measured] = field(default_factory=list)

    @property
    def known(self) -> bool:
        return all(part.known for part in self.parts)


class Ask(Protocol):
    """Adds a question: what it is about, its text, the column, the choices."""

    def __call__(self, about: str, text: str, column: str | None = None, choices: tuple[str, ...] = ()) -> None: ...


def unheard(about: str, text: str, column: str | None = None, choices: tuple[str, ...] = ()) -> None:
    """An ``Ask`` for a first look, whose questions are put again when it is decided."""


def usable(columns: Sequence[Measured]) -> list[Measured]:
    """The columns without extremes, demands beside readings, and neutral conductors; each left out says why."""
    kept = []
    for column in columns:
        same = [c for c in columns if c.kind == column.kind and c is not column]
        if column.said:
            kept.append(column)
        elif is_constant(column):
            column.why = CONSTANT
        elif column.has("min", "max", "md"):
            column.why = "a minimum, maximum or maximum demand is no reading"
        elif column.has("demand") and any(not c.has("demand", "min", "max", "md") for c in same):
            column.why = "a demand beside readings"
        elif column.has("neutral") and column.kind != "U":
            column.why = "of the neutral conductor"
        elif column.has("other"):
            column.why = "no quantity of the load"
        elif column.has("partial") and (column.kind not in ("I", "U") or same):
            column.why = "not the whole quantity"
        elif not column.has("avg") and any(c.has("avg") and _alike(c, column) for c in same):
            column.why = "the average beside it counts"
        else:
            kept.append(column)
    return kept


def is_constant(column: Measured) -> bool:
    """True for a version or a count that a word such as "power" or "current" names: it never changes."""
    known = column.values[np.isfinite(column.values)]
    named = bool(column.meaning.unit) or not column.meaning.rest or column.kind not in _CHANGES
    return not named and len(known) >= _MIN_ROWS and bool(np.all(known == known[0]))


def _alike(one: Measured, other: Measured) -> bool:
    ignore = {"avg", "min", "max", "instant"}
    a, b = one.meaning, other.meaning
    return a.phase == b.phase and a.features - ignore == b.features - ignore and a.rest == b.rest


def is_register(values: FloatArray) -> bool | None:
    """True for a register that only grows, False for an energy per interval, None where that cannot be told."""
    known = values[np.isfinite(values)]
    if len(known) < 3 or not np.any(known != 0):
        return None if np.any(known != 0) else False
    steps = np.diff(known)
    if np.mean(steps < 0) > 0.15:
        return False
    grown = steps[steps > 0]
    if not len(grown):
        return None if len(known) < 8 else False
    if np.median(known) > _REGISTER_OVER_STEP * np.median(grown) and np.mean(steps >= 0) > 0.85 and len(known) >= 6:
        # An energy that rises slowly for a while looks alike; a register's steps are steady beside its height.
        return True if np.mean(steps >= 0) == 1.0 or np.min(steps) < -0.5 * np.max(known) else None
    return None if np.mean(steps >= 0) > 0.9 else False


def power_of_energy(values: FloatArray, seconds: FloatArray, interval_s: float, *, register: bool) -> FloatArray:
    """Mean power of each interval, in the energy's unit per hour.

    A register gives the difference to the next reading where that is one interval later; over a roll-over as well,
    and nothing across a reset or a gap. ``seconds`` are the times of the rows in ascending order.
    """
    if not register:
        return values * 3600.0 / interval_s
    known = np.flatnonzero(np.isfinite(values))
    out = np.full(len(values), np.nan)
    if len(known) < 2:
        return out
    before, after = values[known[:-1]], values[known[1:]]
    step = after - before
    limits = np.array(_ROLLS_AT)
    limit = limits[np.minimum(np.searchsorted(limits, before, side="right"), len(limits) - 1)]
    usual = float(np.median(step[step >= 0])) if np.any(step >= 0) else 0.0
    rolled = (step < 0) & (before > 0.9 * limit) & (step + limit <= 20 * max(usual, 1e-9))
    step = np.where(rolled, step + limit, step)
    distance = seconds[known[1:]] - seconds[known[:-1]]
    fits = (step >= 0) & (distance <= 1.5 * interval_s) & (distance > 0)
    out[known[:-1]] = np.where(fits, step * 3600.0 / np.where(distance > 0, distance, 1), np.nan)
    return out


def composed(columns: Sequence[Measured], kind: str, ask: Ask) -> Composed | None:
    """One of P, Q, S of a substation: net or total, else import − export, else the sum of three phases."""
    mine = [c for c in columns if c.kind == kind]
    said = [c for c in mine if c.said]
    if said:
        return _single(said, ask)
    net = _whole([c for c in mine if _direction(c) == 0], ask)
    plus = _whole_side([c for c in mine if _direction(c) > 0], ask)
    minus = _whole_side([c for c in mine if _direction(c) < 0], ask)
    if net is not None and not (minus is not None and _unsigned(net, minus)):
        for part in (*(plus.parts if plus else ()), *(minus.parts if minus else ())):
            part.why = part.why or "the net beside it counts"
        return net
    if plus is None and minus is not None and net is None:
        if any(part.sign_said for part in minus.parts):
            return minus
        ask(
            "sign",
            f"Only {minus.parts[0].meaning.header} is in the file: what is drawn is not. Is it counted as negative?",
            minus.parts[0].meaning.header,
            ("lagging_positive", "generator"),
        )
        return Composed(-minus.values, minus.parts)
    plus = plus or (net if minus is not None else None)
    if plus is None or minus is None:
        return plus
    lone = np.where(np.isnan(minus.values), 0.0, minus.values)
    return Composed(np.where(np.isnan(plus.values), np.nan, plus.values - lone), [*plus.parts, *minus.parts])


def _unsigned(net: Composed, minus: Composed) -> bool:
    """True if the net column hides the direction: it is never negative although the other side counts."""
    both = np.isfinite(net.values) & np.isfinite(minus.values)
    return bool(np.any(minus.values[both] > 0) and not np.any(net.values[both] < 0))


def _direction(column: Measured) -> int:
    if column.has("net"):
        return 0
    if column.kind == "Q" and column.has("q1", "q2", "q3", "q4"):
        return 1 if column.has("q1", "q2") else -1
    if column.has(*MINUS):
        return -1
    return 1 if column.has(*PLUS) else 0


def _whole_side(columns: Sequence[Measured], ask: Ask) -> Composed | None:
    """One direction; of reactive quadrants the two that belong to it are added."""
    quadrants = [c for c in columns if c.has("q1", "q2", "q3", "q4") and c.kind == "Q"]
    if len(quadrants) > 1:
        return Composed(np.sum([np.nan_to_num(c.values) for c in quadrants], axis=0), quadrants)
    return _whole(columns, ask)


def _whole(columns: Sequence[Measured], ask: Ask) -> Composed | None:
    phased = {c.meaning.phase: c for c in reversed(columns) if c.meaning.phase in ("1", "2", "3")}
    plain = [c for c in columns if c.meaning.phase == ""]
    if plain:
        total = _single(plain, ask)
        _check_total(total, list(phased.values()), ask)
        return total
    if len(phased) == 3:
        return Composed(np.sum([c.values for c in phased.values()], axis=0), list(phased.values()))
    for each in phased.values():
        each.why = "a single phase, and not all three are in the file"
    if phased:
        header = next(iter(phased.values())).meaning.header
        ask("mapping", f"“{header}” is of one phase, and not all three are in the file. Is it the whole load?", header)
    return None


def _check_total(total: Composed | None, phases: Sequence[Measured], ask: Ask) -> None:
    """Ask where a column that is taken for the total is not the sum of the three phases beside it."""
    for each in phases:
        each.why = each.why or "the total counts"
    if total is None or len(phases) != 3 or any(each.known != total.known for each in phases):
        return
    added = np.sum([each.values for each in phases], axis=0)
    both = np.isfinite(added) & np.isfinite(total.values)
    size = float(np.median(np.abs(added[both]))) if both.any() else 0.0
    if size and np.median(np.abs(np.abs(total.values[both]) - np.abs(added[both]))) > _TOTAL_WITHIN * size:
        header = total.parts[0].meaning.header
        ask("mapping", f"“{header}” is not the sum of the three phases beside it. What is it?", header)


def _single(columns: Sequence[Measured], ask: Ask) -> Composed | None:
    """The column to use of several that mean the same; different ones are a question."""
    ranked = sorted(columns, key=lambda c: (not c.said, not c.has("net"), not c.has("total"), c.has("demand")))
    best = ranked[0]
    for other in ranked[1:]:
        rank = [(not c.said, not c.has("net"), not c.has("total")) for c in (best, other)]
        other.why = other.why or f"“{best.meaning.header}” is taken for this"
        if rank[0] == rank[1] and not _same(best, other):
            ask(
                "mapping",
                f"“{best.meaning.header}” and “{other.meaning.header}” seem to be the same. Which one counts?",
                other.meaning.header,
                (best.meaning.header, other.meaning.header),
            )
    return Composed(best.values, [best])


def _same(one: Measured, other: Measured) -> bool:
    both = np.isfinite(one.values) & np.isfinite(other.values)
    if not both.any():
        return True
    return bool(np.allclose(one.values[both], other.values[both], rtol=0.005, atol=1e-9))
