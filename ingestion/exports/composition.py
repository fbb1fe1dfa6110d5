"""Columns → quantities of one substation: averages, totals, directions; energy → power."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.exports.measured import Ask, Composed, Measured

PLUS, MINUS = ("import", "lag"), ("export", "lead")


_POWER_OF = {"EP": "P", "EQ": "Q", "ES": "S"}


_USUALLY_FILLED = 0.7  # chosen: a register of the direction that is rare is blank more often


_NET_WITHIN = 0.05  # chosen: registers of one meter, rounded; what a building consumes differs by its generation


_TOTAL_WITHIN = 0.1  # chosen: class 1 meters, and phases that are rounded to whole numbers


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
        _check_net(net, plus, minus, ask)
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
    # Blank where nothing flows that way, if it is blank as a rule; else a gap of the meter.
    usual = np.mean(np.isfinite(minus.values)) > _USUALLY_FILLED
    lone = minus.values if usual else np.nan_to_num(minus.values)
    return Composed(np.where(np.isnan(plus.values), np.nan, plus.values - lone), [*plus.parts, *minus.parts])


def _check_net(net: Composed, plus: Composed | None, minus: Composed | None, ask: Ask) -> None:
    """Ask where a column that is taken for the net is not what the directions beside it leave."""
    if plus is None or net.known != plus.known:
        return
    drawn = plus.values > 0
    left = plus.values - (np.nan_to_num(minus.values) if minus else 0.0)
    known = np.isfinite(net.values) & np.isfinite(left) & drawn
    size = float(np.median(np.abs(left[known]))) if known.any() else 0.0
    if size and np.median(np.abs(net.values[known] - left[known])) > _NET_WITHIN * size:
        header, beside = net.parts[0].meaning.header, plus.parts[0].meaning.header
        ask("mapping", f"“{header}” is not the net of “{beside}” and what is fed in. What is it?", header)


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
    if total is None or not phases or any(each.known != total.known for each in phases):
        return
    added = np.sum([each.values for each in phases], axis=0)
    both = np.isfinite(added) & np.isfinite(total.values)
    size = float(np.median(np.abs(added[both]))) if both.any() else 0.0
    lacking = np.abs(added[both]) - np.abs(total.values[both])
    # Of one or two phases the total is at least as large; a letter C that is no phase would be.
    off = np.median(np.abs(lacking) if len(phases) == 3 else lacking) if size else 0.0
    if off > _TOTAL_WITHIN * size:
        header = total.parts[0].meaning.header
        ask("mapping", f"“{header}” is not the sum of the phases beside it. What is it?", header)


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
