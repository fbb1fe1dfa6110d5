"""The unit in a header: in brackets, behind a slash, at its end, at its beginning, or as all of it."""

from __future__ import annotations

import re

from ingestion.exports.unit_table import WrittenUnit, written_unit

_BRACKETS = re.compile(r"[(\[{（]([^)\]}）]*)[)\]}）]")
_BEHIND_SLASH = re.compile(r"\s*/\s*([^\s/]{1,12})\s*$")
_AT_END = re.compile(r"(?:[,/_ ]\s*)(°[CF]|%|[kMG]?(?:Wh?|VAh?|varh?|VArh?|VARh?)|[mk]?[AV]|Hz|kvar[hLC]?)\s*$")
# The last letter of "Current A" is a phase; that of "Current Avg A" or "I L1 A" a unit.
_PHASE_LETTER = re.compile(r"(?i)(phase|voltage|current|line|spannung|strom|volt|[\s_-][ivul])[\s_-]+[AV]$")
_BEFORE_LETTER = re.compile(r"(?i)(avg|total|l\d|mean|power|leistung|[123])[\s_]+\w$")
# No power is in amperes or volts: the A of "Power_A" is a phase.
_POWER_BEFORE = re.compile(r"(?i)(power|leistung)[\s_]+[AV]$")
_SNAKE_END = re.compile(r"_(w|wh|va|v|hz|k?w|k?wh|k?varh?|k?vah?)$")
# VR beside VY and VB is a voltage, "units" a column of units.
_NO_UNIT_ALONE = re.compile(r"(?i)vr|units").fullmatch
# What may follow a unit that stands at the beginning: where, and in which statistic.
_PLACE = re.compile(
    r"(?i)(?:\s|\b)(?:l[123n]|l\d-l?\d|[lp]-[lnp]|l[ln]|ph(?:ase)?\.?\s*[abcrsty123]|sys|sum|tot(?:al)?|avg|mean|average|"
    r"[123]|[abc])(?=\s|$)"
)


def without_unit(header: str) -> tuple[str, WrittenUnit | None]:
    """A header without its unit, and the unit; None if it names none that can be told from its words."""
    body, unit = _in_brackets(header)
    if unit is not None:
        return body, unit
    whole = written_unit(body)
    if whole is not None and whole.kind not in ("OTHER", "1") and not whole.hints and not _NO_UNIT_ALONE(body.strip()):
        return "", whole
    for pattern in (_BEHIND_SLASH, _SNAKE_END):
        match = pattern.search(body)
        found = written_unit(match[1]) if match else None
        if match and found is not None and found.kind != "OTHER":
            return body[: match.start()], found
    return _at_beginning(body) or _at_end(body)


def _in_brackets(header: str) -> tuple[str, WrittenUnit | None]:
    unit = None
    for inside in _BRACKETS.findall(header):
        candidate = written_unit(inside)
        if candidate is not None:
            unit = unit or candidate
            header = re.sub(r"[(\[{（]" + re.escape(inside) + r"[)\]}）]", " ", header, count=1)
    return header, unit


def _at_beginning(header: str) -> tuple[str, WrittenUnit] | None:
    """ "W sys", "A L1", "V L-L sys", "VARs Phase A": a unit that only words for phases and statistics follow."""
    first, _, rest = header.strip().partition(" ")
    unit = written_unit(first)
    if unit is None or not rest or unit.kind not in ("P", "Q", "S", "U", "I", "EP", "EQ", "ES") or unit.hints:
        return None
    return (rest, unit) if not _PLACE.sub("", " " + rest).strip() else None


def _at_end(header: str) -> tuple[str, WrittenUnit | None]:
    trailing = _AT_END.search(header)
    if trailing is None or (_PHASE_LETTER.search(header) and "," not in trailing[0]):
        return header, None
    unit = written_unit(trailing[1])
    if unit is not None and unit.kind in ("I", "U") and _POWER_BEFORE.search(header):
        return header, None
    parted = "," in trailing[0]
    if unit is not None and (parted or len(trailing[1]) > 1 or _BEFORE_LETTER.search(header)):
        return header[: trailing.start()], unit
    return header, None
