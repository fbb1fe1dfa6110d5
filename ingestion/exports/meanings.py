"""A header's words → what it measures, in which statistic, phase and direction; by the table of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.exports.header_units import without_unit
from ingestion.exports.header_words import header_words, read_words
from ingestion.exports.kinds import decided
from ingestion.exports.meaning import ENERGY_OF, Meaning
from ingestion.exports.unit_table import WrittenUnit, written_unit
from ingestion.exports.vocabulary import OBIS, PAIRS, PHASES, pair_of
from substations.channels import BY_NAME

_CHINESE_PHASE = re.compile("([ABC])相")


# IEC 62056-61: A-B:C.D.E, of which meters print C.D.E or all of it.
_OBIS_CODE = re.compile(r"(?<![\d.])(?:\d{1,3}-\d{1,3}:)?(\d{1,2})\.(\d{1,2})(?:\.\d{1,3})?(?:\*\d+)?(?![\d.])")


_FAHRENHEIT = re.compile(r"(?i)(?:[(\[]\s*|[\s_,-]|deg\.?\s*)f\s*[)\]]?\s*$")


def meaning_of(header: str, unit_text: str = "") -> Meaning:
    """What one header means; ``unit_text`` is what a row of units, or a column of units, says of it."""
    own = re.split(r"[/.\\]", header)[-1].strip().lower()  # of a historian's path the last part
    if own in BY_NAME:
        return replace(_canonical(own), header=header)
    coded = by_obis(header, unit_text)
    if coded is not None:
        return coded
    body, unit = without_unit(_CHINESE_PHASE.sub(lambda found: f" L{'ABC'.index(found[1]) + 1} ", header))
    unit = written_unit(unit_text) or unit
    words, glued = header_words(body)
    if re.fullmatch(r"(?i)a[\s_]*l?[123]", body.strip()):
        words, glued = ["current", "l" + words[-1][-1]], [False, False]
    features, kinds, phases, rest = read_words(words, glued)
    if unit is None:
        unit, rest = _unit_word(rest)
    if unit is None:
        unit = _unit_in_code(words)
    features |= set(unit.hints) if unit else set()
    found = decided(Meaning(header, unit=unit, features=frozenset(features), rest=tuple(rest)), kinds)
    if found.kind == "T" and unit is None and _FAHRENHEIT.search(header):
        return replace(found, unit=written_unit("°F"))
    if (found.kind in ("F", "T") or found.role) and not found.has("thd"):
        return found
    return replace(found, phase=_phase(phases, found))


def by_obis(header: str, unit_text: str) -> Meaning | None:
    """What an OBIS code in a header means; None if it holds none."""
    match = _OBIS_CODE.search(header)
    said = OBIS.get(match[1]) if match else None
    if match is None or said is None:
        return None
    kind, _, feature = said.partition(" ")
    place, way = int(match[1]), match[2]
    unit = written_unit(unit_text) or without_unit(header)[1]
    energy = way in ("8", "9", "29") or (unit is not None and unit.kind.startswith("E"))
    phase = str((place - 1) // 20) if 20 < place < 80 else ""
    features = {feature} - {""} | ({"md"} if way in ("2", "6") else set()) | ({"avg"} if way in ("4", "5") else set())
    return Meaning(header, ENERGY_OF.get(kind, kind) if energy else kind, "", unit, phase, frozenset(features))


def _canonical(header: str) -> Meaning:
    """A channel by its own name, as this program writes it."""
    channel = BY_NAME[header.lower()]
    kind = next((kind for start, kind in _CHANNEL_KINDS if channel.name.startswith(start)), "")
    phase = re.search(r"_l(\d\d?)_", channel.name)
    features = {"avg"} if "_avg_" in channel.name else {"ll"} if kind == "U" else {"oil"} if kind == "T" else {"thd"}
    place = (phase[1] if len(phase[1]) == 1 else "l" + phase[1]) if phase else ""
    features |= {"ll"} if kind == "U" else set()
    return Meaning(header, kind, "", written_unit(channel.unit), place, frozenset(features))


_CHANNEL_KINDS = (("active", "P"), ("reactive", "Q"), ("apparent", "S"), ("power_factor", "PF"), ("current", "I"),
                  ("voltage", "U"), ("frequency", "F"), ("thd_current", "THDI"), ("thd_voltage", "THDU"),
                  ("oil", "T"))  # fmt: skip


def _unit_word(rest: list[str]) -> tuple[WrittenUnit | None, list[str]]:
    for word in rest:
        unit = written_unit(word)
        if unit and (len(word) > 1 or word in "%"):
            return unit, [each for each in rest if each != word]
    return None, rest


def _unit_in_code(words: Sequence[str]) -> WrittenUnit | None:
    """kW in "kW tot", kWh in "kWh del", kvar in "kvar1": the unit that stands as a word."""
    for word in words:
        match = re.fullmatch(r"([kmg]?(?:wh?|varh?|vah?|v|hz)|kvar[lc])(?:l?[123abc]|tot|sum|avg|3ph?)?", word)
        if match and len(match[1]) > 1 and word not in ("va", "vab", "vac", "vah", "mv"):
            return written_unit(match[1].upper())
    return None


def _phase(phases: Sequence[str], found: Meaning) -> str:
    if not phases:
        return ""
    if len(phases) >= 2 and found.kind in ("U", "THDU") and (pair := pair_of(phases[0] + phases[1])):
        return pair
    return phases[0] if phases[0] in PAIRS.values() else PHASES.get(phases[0], "")
