"""What each column of a table means: its header alone, and what the other headers tell of letters with two meanings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.exports.meaning import Meaning
from ingestion.exports.meanings import meaning_of
from ingestion.exports.table_rows import Columns
from ingestion.exports.vocabulary import folded

_BEFORE_PHASE = r"(?<![A-Za-z])([IiVvUuPpQq]_?)?"
_FROM_ONE_TO_THREE = re.compile(r"(?i)\bL1\s*(?:-|–|\.\.+|…|\+|bis|to)\s*L?3\b|\bL123\b")


def meanings_of(table: Columns) -> list[Meaning]:
    """What each column of a table means by its header and unit."""
    return meanings_together(table.headers, table.units)


def meanings_together(headers: Sequence[str], units: Sequence[str]) -> list[Meaning]:
    """What headers, or the tags of a historian, mean beside each other."""
    letters = _Letters.of(headers)
    found = []
    for header, unit in zip(headers, units, strict=True):
        text = letters.written_out(re.sub(r" \(\d\)$", "", header))
        found.append(replace(meaning_of(text, unit), header=header))
    return found


@dataclass(frozen=True, slots=True)
class _Letters:
    """What the headers together tell of letters with two meanings."""

    blue: bool
    rst: bool
    capacitive: bool
    by_phase: bool
    reactive_phases: bool
    signed: bool

    @classmethod
    def of(cls, headers: Sequence[str]) -> _Letters:
        words = {word for header in headers for word in re.findall(r"[a-z]+", folded(header))}
        rst = all(_stands_alone(headers, letter) for letter in "RST")
        by_phase = any(_PHASE_B.search(header) for header in headers)
        capacitive = any("kvarl" in folded(header) for header in headers)
        return cls(
            bool(words & _YELLOW),
            rst,
            capacitive,
            by_phase,
            bool(words & {"qa", "qb"}),
            any(_PLUS.search(h) for h in headers),
        )

    def written_out(self, text: str) -> str:
        """A header with such letters replaced by what they mean."""
        text = _FROM_ONE_TO_THREE.sub("total", text)
        if not self.by_phase:  # "current_a" without a "current_b" is in amperes, as "power_w" is in watts
            text = _LONE_UNIT.sub(r"\1 [\2]", text)
        if self.signed:  # "Wirkleistung +" beside "Wirkleistung -"
            text = _PLUS.sub(" import", _MINUS.sub(" export", text))
        if self.reactive_phases:  # beside Qa and Qb, Qc is no quality code
            text = re.sub(r"(?i)(?<![a-z])qc(?![a-z])", "Q 3", text)
        if self.blue:  # red, yellow, blue: B is the third phase and not the second
            text = re.sub(_BEFORE_PHASE + r"[Bb](N|n)?(?![A-Za-z])", r"\g<1>3\2", text)
            text = re.sub(r"(?<=[a-z])B(?![A-Za-z])|(?i:\bblue\b)", " 3", text)
        if self.rst:  # S is no apparent power
            text = re.sub(r"(?<![A-Za-z])S(?![A-Za-z])", "L2", text)
        if self.capacitive:  # kvarL, kvarC: inductive and capacitive, no phase C
            text = re.sub(r"(?i)(kvar)c(?![a-z])", r"\1 lead", text)
        return text


_LONE_UNIT = re.compile(r"(?i)((?:current|strom|courant|corriente|corrente|avg|mean|l[123]))_(a)$")
_PHASE_B = re.compile(
    r"(?i)(?:current|strom|courant|corriente|corrente|voltage|power)[\s_-]?b(?![a-z])|(?<![a-z])b[\s_-]?(?:current|strom|courant|corriente)"
)
_PLUS = re.compile(r"(?:(?<=\s)|(?<=\w\w\w))\+(?=\s*[\[(]|\s*$)")
_MINUS = re.compile(r"(?:(?<=\s)|(?<=\w\w\w))[-\u2212\u2013](?=\s*[\[(]|\s*$)")
_YELLOW = {"y", "iy", "vy", "uy", "yn", "vyn", "ry", "vry", "yb", "vyb", "yph", "yellow"}


def _stands_alone(headers: Sequence[str], letter: str) -> bool:
    """True if a letter stands alone in a header beside other words."""
    return any(re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", header) and len(header) > 1 for header in headers)
