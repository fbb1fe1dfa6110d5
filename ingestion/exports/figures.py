"""Cells → numbers: decimal sign, groups of thousands, digits of other scripts, units in cells, words for "missing"."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingestion.exports.unit_table import WrittenUnit, written_unit
from ingestion.problems import FloatArray

_MARKS = "\"'’`\u00a0\u202f\u2009\u066c "
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d{1,3})?")
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")  # most cells: nothing to clean, no unit, no groups
_GROUPED = {
    ",": re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?"),
    ".": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?"),
}
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
# Sources: full scale of 16 and 32 bit registers, and the customary marks of historians for "no value".
_SENTINELS = (65535, 65534, 32767, 32768, 6553.5, 3276.7, 3276.8, 655.35, 327.67, 327.68, 4294967295, 2147483647,
              2147483648, 9999, 99999, 999999, 9999999, 999, 999.9, 9999.9, 999.99, 9999.99, 8388607, 999.25,
              9999.25, 99999.99, 7777, 8888, 88888)  # fmt: skip
_SENTINEL_DISTANCE = 4.0  # times the usual magnitude: below, the number may have been measured
_BEYOND_ALL = 1.5  # chosen: no load grows so far in one interval to a number of nines
_LETTER_BEFORE = re.compile(r"(?i)([lci]|ind|cap|lag|lead)\.?\s*([01]?[.,]\d+|1)")  # L0.92 of a power factor
_NO_MAGNITUDE = 1e30  # no quantity of a substation is written like this


@dataclass(frozen=True, slots=True)
class CellParts:
    """A cell taken apart: the bare number as written, what stood behind it, and the unit if that is one."""

    number: str
    tail: str
    unit: WrittenUnit | None = None


def is_plain_number(cell: str) -> bool:
    """True for digits with a sign and a decimal point at most."""
    return _PLAIN.fullmatch(cell) is not None


def cleaned(cell: str) -> str:
    """A cell without spreadsheet guards, with western digits and signs."""
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    text = text.strip("\"'")
    if not text.isascii():
        text = "".join(unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text)
        text = text.replace("\u066b", ".").replace("\N{MINUS SIGN}", "-").replace("\u2013", "-")
        text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in text)
        text = text.translate({0x200E: None, 0x200F: None, 0x061C: None})
    return text


def parts_of(cell: str) -> CellParts | None:
    """Number, rest and unit of a cell; None if it holds no number."""
    if is_plain_number(cell):
        return CellParts(cell, "")
    text = cleaned(cell)
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    if re.fullmatch(r"[\d.,]+-", text):
        text = "-" + text[:-1]
    joined = re.sub(rf"(?<=\d)[{_MARKS}](?=\d{{3}}(?!\d))", "", text) if any(c in text for c in _MARKS) else text
    match = _NUMBER.match(joined)
    if match is None:
        before = _LETTER_BEFORE.fullmatch(joined)
        return CellParts(before[2], before[1]) if before else None
    tail = joined[match.end() :].strip()
    if not tail:
        return CellParts(match[0], "")
    unit = written_unit(tail)
    return CellParts(match[0], tail, unit) if len(tail) <= 12 and not re.match(r"[\d:/\-.]", tail) else None


def decimal_sign(columns: Sequence[Sequence[str]], delimiter: str, *, comma_language: bool) -> tuple[str, bool]:
    """The decimal sign of a file, and whether it is certain: "300.000" alone may be 300 or 300 000."""
    votes: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    for cell in (cell for column in columns for cell in column[:500]):
        found = parts_of(cell) if cell else None
        if found is None or ("." not in found.number and "," not in found.number):
            continue
        number = re.sub(r"[eE].*", "", found.number)
        if _AMBIGUOUS.fullmatch(number):
            doubtful["." if "." in number else ","] += 1
        else:
            votes[_sign_in(number)] += 1
    votes.pop("", None)
    if votes:
        return max(votes, key=lambda sign: votes[sign]), True
    if not doubtful:
        return ("," if comma_language else "."), True
    sign = max(doubtful, key=lambda each: doubtful[each])
    if sign == ",":
        return (",", True) if comma_language or delimiter == ";" else (".", False)
    return (",", False) if comma_language else (".", True)


def _sign_in(number: str) -> str:
    points, commas = number.count("."), number.count(",")
    if points and commas:
        return "." if number.rfind(".") > number.rfind(",") else ","
    if points > 1:
        return ","
    if commas > 1:
        return "."
    return "." if points else ","


def to_float(number: str, sign: str) -> float:
    """A bare number under a decimal sign; NaN where it cannot be one."""
    other = "," if sign == "." else "."
    mantissa = re.split("[eE]", number)[0]
    if other in mantissa and not _GROUPED[other].fullmatch(mantissa):
        return float("nan")
    try:
        return float(number.replace(other, "").replace(sign, "."))
    except ValueError:
        return float("nan")


def without_sentinels(values: FloatArray) -> FloatArray:
    """The values without a register's full scale or a historian's mark, where they stand out from the others."""
    out = np.where(np.abs(values) >= _NO_MAGNITUDE, np.nan, values)
    magnitude = np.abs(out)
    marks = np.isin(np.round(magnitude, 2), np.array(_SENTINELS))
    if not marks.any():
        return out
    others = magnitude[~marks & np.isfinite(out)]
    usual = float(np.quantile(others, 0.9)) if len(others) else 0.0
    far = magnitude > _SENTINEL_DISTANCE * max(usual, 1e-9)
    most = float(np.max(others)) if len(others) else 0.0
    positive = not np.any(out[~marks & np.isfinite(out)] < 0)  # a −9999 among values that are never negative
    often = np.array([marks.sum() > 1 and float(np.sum(out == value)) > 1 for value in out])
    beyond = (magnitude > most) & (often | ((out < 0) & positive) | (magnitude > _BEYOND_ALL * most))
    return np.where(marks & (far | beyond), np.nan, out)
