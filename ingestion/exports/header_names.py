"""The names of columns: of one header line or of two, with groups over them."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.exports.meanings import meaning_of
from ingestion.exports.row_kinds import is_data, is_detail_row
from ingestion.problems import printable

_TIMES = ("timestamp", "date", "clock", "start", "end", "block")


def padded(row: Sequence[str], width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]


def joined_headers(rows: Sequence[list[str]], at: int, width: int, units: Sequence[str]) -> list[str]:
    """The header; with the line above it where that names groups, each for the columns up to the next."""
    names = padded(rows[at], width)
    above = padded(rows[at - 1], width) if at > 0 else []
    below = padded(rows[at + 1], width) if at + 1 < len(rows) else []
    if above and _is_group_row(above, names):
        group, joined = "", []
        for over, name in zip(above, names, strict=True):
            group = over or group
            joined.append(f"{group} {name}".strip() if not meaning_of(name).role else name)
        return joined
    if below and not is_data(below) and not any(units) and is_detail_row(below):
        group, joined = "", []
        for over, name in zip(names, below, strict=True):
            group = over or group
            joined.append(f"{group} {name}".strip() if name else over)
        return joined
    return _groups_over_units(names, units)


def _groups_over_units(names: list[str], units: Sequence[str]) -> list[str]:
    """A name that stands once over several units is that of a group: "Feeder 1", "" over kW, kvar."""
    gaps = [n for n, (name, unit) in enumerate(zip(names, units, strict=True)) if unit and not name and n]
    if not gaps:
        return names
    filled = list(names)
    for n in gaps:
        filled[n] = filled[n - 1]
    grouped = {filled[n] for n in gaps}
    return [f"{name} {unit}" if name in grouped and unit else name for name, unit in zip(filled, units, strict=True)]


def _is_group_row(above: Sequence[str], names: Sequence[str]) -> bool:
    filled = [cell for cell in above if cell]
    repeats = len(set(names)) < len([n for n in names if n])
    meant = sum(bool(meaning_of(cell).kind) for cell in filled)
    return (
        bool(filled)
        and not is_data(above)
        and (repeats or (2 * meant > len(filled) and meant >= 2) or _stands_over_blank(above, names))
        and len(filled) < len(above)
    )


def _stands_over_blank(above: Sequence[str], names: Sequence[str]) -> bool:
    """True for the time that a sheet merges over both lines of its header."""
    return any(cell and not name and meaning_of(cell).role in _TIMES for cell, name in zip(above, names, strict=True))


def unique(names: Sequence[str]) -> list[str]:
    """Blank names are numbered, and of equal ones all but the first."""
    out: dict[str, None] = {}
    repeats: dict[str, int] = {}
    for position, cell in enumerate(names, start=1):
        base = name = printable(" ".join(cell.split())) or f"Column {position}"
        while name in out:
            repeats[base] = repeats.get(base, 1) + 1
            name = f"{base} ({repeats[base]})"
        out[name] = None
    return list(out)
