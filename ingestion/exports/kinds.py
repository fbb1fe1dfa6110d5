"""Which quantity a header names, by its unit, its words and its letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingestion.exports.meaning import ENERGY_OF, ROLES, Meaning
from ingestion.exports.vocabulary import LETTERS

_KIND_UNITS = {"P", "Q", "S", "EP", "EQ", "ES", "I", "U", "F", "T"}


def decided(found: Meaning, kinds: Sequence[str]) -> Meaning:
    """The kind: a unit that names one counts most, then words, then single letters."""
    unit_kind = found.unit.kind if found.unit else ""
    letters = next((LETTERS[k] for k in kinds if k in LETTERS), "Q" if found.has("q1", "q2", "q3", "q4") else "")
    word_kind = _kind_of_words(found) or letters
    role = next((role for role in ROLES if role in found.features), "")
    if "utcoffset" in found.features:
        role = "utcoffset"
    if role == "timestamp" and found.has("date") != found.has("clock"):
        role = "date" if found.has("date") else "clock"  # "RTC Date" beside "RTC Time"
    if found.has("thd") and (word_kind in ("I", "U") or unit_kind in ("%", "")):
        return replace(found, kind="THD" + (word_kind if word_kind in "IU" else ""))
    if found.has("quality") and not found.has("pf"):
        return replace(found, role="quality")
    if found.has("angle") and not found.has("pf"):
        return replace(found, kind="", role="ignored")
    if unit_kind == "%" and word_kind not in ("PF", ""):
        return replace(found, kind="", role="ignored")  # an unbalance or a loading in per cent is not the quantity
    if unit_kind in _KIND_UNITS:
        clash = word_kind and word_kind != unit_kind and not _same_family(word_kind, unit_kind, found)
        return replace(found, kind=unit_kind, by_unit_only=not word_kind, conflict=word_kind if clash else "")
    if word_kind == "PF" or (word_kind and not role and unit_kind != "OTHER"):
        return replace(found, kind=word_kind)
    if role and not (_measured_at(word_kind, found) and role in ("value", "tag", "station", "start", "end")):
        return replace(found, role=role)
    return (
        replace(found, kind=word_kind)
        if word_kind and unit_kind != "OTHER" and role not in ROLES[:5]
        else replace(found, role="ignored" if found.has("other") else "")
    )


def _measured_at(word_kind: str, found: Meaning) -> bool:
    """True where a station's name stands before a quantity: "SS-1: EP+"; an "energy meter" is a station."""
    return bool(word_kind) and (word_kind != "EP" or found.has("active_energy"))


def _same_family(word_kind: str, unit_kind: str, found: Meaning) -> bool:
    if unit_kind.startswith("E"):
        return word_kind in ("EP", "I", _power_of(unit_kind)) or (unit_kind == word_kind)
    return word_kind.startswith("E") or (word_kind == "P" and not found.has("active"))


def _power_of(energy: str) -> str:
    return energy[1:]


def _kind_of_words(found: Meaning) -> str:
    """The kind that the words name; "" if they name none."""
    if found.has("pf"):
        return "PF"
    energy = found.has("energy", "active_energy", "reactive_energy") and not found.has("power")
    if found.has("reactive_energy") or (found.has("reactive") and energy):
        return "EQ"
    if found.has("active_energy"):
        return "EP"
    base = next((k for k, f in (("Q", "reactive"), ("S", "apparent"), ("P", "active")) if found.has(f)), "")
    if base:
        return ENERGY_OF[base] if energy else base
    if found.has("voltage"):
        return "U"
    if found.has("frequency"):
        return "F"
    if found.has("temperature", "oil", "winding"):
        return "T"
    if found.has("power") and not found.has("current"):
        return "P"
    return "I" if found.has("current") else "EP" if found.has("energy") and not found.has("block") else ""
