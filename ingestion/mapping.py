"""Headers → channels: a guess with its confidence, and the choice a person makes of it as a plain dict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import TypedDict

from ingestion.units import spelled, unit_of, units_of
from substations.channels import BY_NAME

IGNORE, TIMESTAMP, DATE, CLOCK, SUBSTATION = "", "timestamp", "date", "time", "substation"
ROLES = (TIMESTAMP, DATE, CLOCK, SUBSTATION)
# chosen: below it the name or the unit had to be guessed, so a person is asked.
SURE = 0.7


class ColumnChoice(TypedDict, total=False):
    """What one column is: a role, a channel or "" to ignore; the unit's name; and whether the sign is turned round."""

    target: str
    unit: str
    negate: bool


class MappingError(ValueError):
    """The mapping cannot be used with this file; the message says which column and what was expected."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a header seems to mean, 0 to 1 sure, and why where that is not plain."""

    target: str
    unit: str = ""
    confidence: float = 0.0
    why: str = ""


_PAIRS = {"ab": "l12", "bc": "l23", "ca": "l31", "ac": "l31", "12": "l12", "23": "l23", "31": "l31", "13": "l31",
          "ry": "l12", "yb": "l23", "br": "l31", "rs": "l12", "st": "l23", "tr": "l31", "uv": "l12", "vw": "l23",
          "wu": "l31", "l1l2": "l12", "l2l3": "l23", "l3l1": "l31", "l12": "l12", "l23": "l23",
          "l31": "l31"}  # fmt: skip
_PHASES = {"a": "l1", "b": "l2", "c": "l3", "1": "l1", "2": "l2", "3": "l3", "l1": "l1", "l2": "l2", "l3": "l3",
           "r": "l1", "y": "l2", "s": "l2", "t": "l3", "u": "l1", "w": "l3"}  # fmt: skip
_TOTALS = {"total", "tot", "sum", "avg", "average", "mean", "3ph", "3phase", "gesamt", "sigma", "σ", "ll", "sys"}
_WORDS = {
    "reactive": "reactive_power_kvar", "q": "reactive_power_kvar", "blindleistung": "reactive_power_kvar",
    "apparent": "apparent_power_kva", "s": "apparent_power_kva", "scheinleistung": "apparent_power_kva",
    "active": "active_power_kw", "real": "active_power_kw", "p": "active_power_kw", "wirkleistung": "active_power_kw",
    "pf": "power_factor", "cosphi": "power_factor", "cosφ": "power_factor", "powerfactor": "power_factor",
    "leistungsfaktor": "power_factor", "tpf": "power_factor",
    "frequency": "frequency_hz", "freq": "frequency_hz", "f": "frequency_hz", "frequenz": "frequency_hz",
    "oil": "oil_temperature_c", "temperature": "oil_temperature_c", "temp": "oil_temperature_c",
    "toil": "oil_temperature_c", "temperatur": "oil_temperature_c",
    "current": "current", "i": "current", "amp": "current", "amps": "current", "strom": "current",
    "voltage": "voltage", "v": "voltage", "u": "voltage", "volt": "voltage", "volts": "voltage", "spannung": "voltage",
}  # fmt: skip
_BY_UNIT = {"kW": "active_power_kw", "W": "active_power_kw", "MW": "active_power_kw",
            "kVA": "apparent_power_kva", "VA": "apparent_power_kva", "MVA": "apparent_power_kva",
            "kvar": "reactive_power_kvar", "var": "reactive_power_kvar", "Mvar": "reactive_power_kvar",
            "A": "current", "mA": "current", "kA": "current", "V": "voltage", "kV": "voltage",
            "Hz": "frequency_hz", "mHz": "frequency_hz",
            "°C": "oil_temperature_c", "°F": "oil_temperature_c"}  # fmt: skip
_TIMES = {"timestamp", "datetime", "date time", "time stamp", "zeitstempel", "ts", "utc", "reading time", "local time",
          "read time", "date and time", "datum uhrzeit", "at", "recorded at", "epoch", "unix time",
          "logged at"}  # fmt: skip
_DATES = {"date", "datum", "day", "reading date"}
_CLOCKS = {"time", "uhrzeit", "zeit", "clock", "time of day"}
_SUBSTATIONS = {"substation", "station", "substation id", "station id", "substation code", "site", "site id", "meter",
                "meter id", "device", "device id", "feeder", "transformer", "transformer id", "ss", "umspannwerk",
                "substation name", "station name", "unit", "trafo", "location", "asset"}  # fmt: skip
_TRANSFORMER_DATASET = {  # the columns of the Electricity Transformer Dataset (ETTh, ETTm)
    "hufl": ("active_power_kw", 0.6, "useful load, high side; MUFL and LUFL are the other sides"),
    "hull": ("reactive_power_kvar", 0.6, "useless load, high side; MULL and LULL are the other sides"),
    "mufl": (IGNORE, 0.0, "useful load, middle side; may be chosen as active power instead"),
    "lufl": (IGNORE, 0.0, "useful load, low side; may be chosen as active power instead"),
    "mull": (IGNORE, 0.0, "useless load, middle side; may be chosen as reactive power instead"),
    "lull": (IGNORE, 0.0, "useless load, low side; may be chosen as reactive power instead"),
    "ot": ("oil_temperature_c", 0.8, "oil temperature"),
}
_FIRST_LETTERS = re.compile(r"^(thd)?([iuv])_?(l?[123](?:l?[123])?|[abcrystuvw]{1,2}|avg|n)?$")


def guess(headers: Sequence[str]) -> dict[str, ColumnGuess]:
    """A guess for each header; where two headers mean the same, the surer (then the first) one keeps it."""
    # Red, yellow, blue: with a phase Y in the file, B is the third phase and not the second.
    colours = any("y" in _words_and_unit(header)[0] for header in headers)
    guesses = {header: guess_one(_without_blue(header) if colours else header) for header in headers}
    targets = {found.target for found in guesses.values()}
    if DATE in targets and CLOCK not in targets:
        guesses = {header: _renamed(found, DATE, TIMESTAMP) for header, found in guesses.items()}
    if CLOCK in targets and DATE not in targets:
        guesses = {header: _renamed(found, CLOCK, TIMESTAMP) for header, found in guesses.items()}
    if "current_l1_a" in targets and not {"current_l2_a", "current_l3_a", "current_avg_a"} & targets:
        # "current_a" alone: amperes rather than phase A.
        guesses = {header: _renamed(found, "current_l1_a", "current_avg_a") for header, found in guesses.items()}
    taken: dict[str, str] = {}
    for header in sorted(guesses, key=lambda h: -guesses[h].confidence):
        target = guesses[header].target
        if target and target in taken:
            guesses[header] = ColumnGuess(IGNORE, "", 0.0, f"“{taken[target]}” is already taken for this")
        elif target:
            taken[target] = header
    return guesses


def _without_blue(header: str) -> str:
    return re.sub(r"(?<![A-Za-z])([IiVvUu]_?)?[Bb](?![A-Za-z])", r"\1 3", header)


def _renamed(found: ColumnGuess, old: str, new: str) -> ColumnGuess:
    return ColumnGuess(new, found.unit, found.confidence, found.why) if found.target == old else found


def guess_one(header: str) -> ColumnGuess:
    """What one header seems to mean, looked at alone."""
    plain = " ".join(re.findall(r"[^\W_]+|[%°]", header.lower()))
    if header in BY_NAME or header.lower() in BY_NAME:
        return ColumnGuess(header.lower(), units_of(header.lower())[0].name, 1.0)
    for names, role in ((_TIMES, TIMESTAMP), (_DATES, DATE), (_CLOCKS, CLOCK), (_SUBSTATIONS, SUBSTATION)):
        if plain in names or (role == TIMESTAMP and {"date", "time"} <= set(plain.split())):
            return ColumnGuess(role, "", 1.0)
    if plain in _TRANSFORMER_DATASET:
        target, confidence, why = _TRANSFORMER_DATASET[plain]
        return ColumnGuess(target, units_of(target)[0].name if target else "", confidence, why)
    return _guess_quantity(header)


def _guess_quantity(header: str) -> ColumnGuess:
    words, unit = _words_and_unit(header)
    thd = "thd" in words or "distortion" in words
    found: str = "power_factor" if {"power", "factor"} <= set(words) or {"cos", "phi"} <= set(words) else ""
    sure = 0.95 if found else 0.0
    if not found:
        found, sure = _quantity(words, unit)
    if found in ("current", "voltage"):
        return _phased(found, words, unit, thd, sure)
    if thd or not found or _phase_of(words[1:], _PHASES) or {"energy", "demand", "max", "min"} & set(words):
        return ColumnGuess(IGNORE)  # a single phase's power, an energy, an extreme: no channel of ours
    return _with_unit(found, unit, sure)


def _quantity(words: list[str], unit: str) -> tuple[str, float]:
    by_words = next((_WORDS[word] for word in words if word in _WORDS), "")
    by_unit = _BY_UNIT.get(unit, "")
    if by_words and by_unit:
        return (by_words, 0.95) if by_words == by_unit else (by_unit, 0.5)
    if by_words:
        return by_words, 0.9 if any(len(w) > 1 and w in _WORDS for w in words) else 0.8
    if by_unit:  # "kW" alone, "Load (kW)"
        return by_unit, 0.8
    return ("active_power_kw", 0.5) if "power" in words or "load" in words else ("", 0.0)


def _words_and_unit(header: str) -> tuple[list[str], str]:
    """Lower-case words of a header without its unit, and the unit; "P_total [kW]" → (["p", "total"], "kW")."""
    unit = ""
    for inside in re.findall(r"[(\[{]([^)\]}]*)[)\]}]", header):
        if spelled(inside):
            unit = spelled(inside)
            header = re.sub(r"[(\[{]" + re.escape(inside) + r"[)\]}]", " ", header)
    header = re.sub(r"(?<=[a-zäöü]{2})(?=[A-Z])", " ", header)
    words = [word.lower() for word in re.findall(r"[^\W_]+|%|°\w", header)]
    if not unit and words and spelled(words[-1]) and not _is_phase_letter(words):
        unit = spelled(words[-1])
        words = words[:-1] if len(words) > 1 else words
    expanded: list[str] = []
    for word in words:
        short = _FIRST_LETTERS.match(word)
        expanded += [part for part in short.groups() if part] if short and word not in ("va", "var") else [word]
    return expanded, unit


def _is_phase_letter(words: list[str]) -> bool:
    """The last letter of "Current A" is a phase, not amperes; that of "current_avg_a" or "i_l1_a" is a unit."""
    if words[-1] not in ("a", "v", "w"):
        return False
    return len(words) < 2 or not (words[-2] in _TOTALS or re.fullmatch(r"l\d+", words[-2]))


def _phased(kind: str, words: list[str], unit: str, thd: bool, sure: float) -> ColumnGuess:
    rest = [word for word in words if _WORDS.get(word) != kind or len(word) == 1]
    rest = rest[1:] if rest and _WORDS.get(rest[0]) == kind else rest
    neutral = "n" in rest or "ln" in rest or "neutral" in rest
    pair, phase = _pair_of(rest), _phase_of(rest, _PHASES)
    total = bool(_TOTALS & {*rest, *_joined(rest)}) or not rest
    if thd:
        where = pair if kind == "voltage" else phase
        return _with_unit(f"thd_{kind}_{where}_pct", unit, sure) if where else ColumnGuess(IGNORE)
    if kind == "current":
        if phase and not neutral:
            return _with_unit(f"current_{phase}_a", unit, sure)
        return _with_unit("current_avg_a", unit, sure if total else 0.5) if not neutral else ColumnGuess(IGNORE)
    if pair and not neutral:
        return _with_unit(f"voltage_{pair}_v", unit, sure)
    if neutral or phase:
        if total and not phase:
            return _with_unit("voltage_avg_v", f"{unit or 'V'} line-neutral", sure - 0.1)
        return ColumnGuess(IGNORE, "", 0.0, "a phase-to-neutral voltage; the channels are line to line")
    return _with_unit("voltage_avg_v", unit, sure if total else 0.5)


def _pair_of(words: list[str]) -> str:
    found = next((_PAIRS[word] for word in words if word in _PAIRS), "")
    return found or next((_PAIRS[word] for word in _joined(words) if word in _PAIRS), "")


def _joined(words: list[str]) -> list[str]:
    return [one + two for one, two in pairwise(words)]


def _phase_of(words: list[str], table: Mapping[str, str]) -> str:
    return next((table[word] for word in words if word in table), "")


def _with_unit(channel: str, unit: str, sure: float) -> ColumnGuess:
    known = unit_of(channel, unit)
    if known is None:
        return ColumnGuess(channel, units_of(channel)[0].name, min(sure, 0.5), f"the unit {unit} does not fit")
    return ColumnGuess(channel, known.name, sure)


def choices_of(guesses: Mapping[str, ColumnGuess]) -> dict[str, ColumnChoice]:
    """The guesses as the plain dict that is stored and shown for confirmation."""
    return {header: {"target": g.target, "unit": g.unit, "negate": False} for header, g in guesses.items()}


def checked(columns: Sequence[str], choices: Mapping[str, ColumnChoice]) -> dict[str, ColumnChoice]:
    """The mapping completed with ignored columns; raises MappingError if it does not fit the file or itself."""
    unknown = [header for header in choices if header not in columns]
    if unknown:
        raise MappingError(f"The file has no column “{unknown[0]}”; it has: {', '.join(columns)}.")
    complete: dict[str, ColumnChoice] = {header: _checked_one(header, choices.get(header, {})) for header in columns}
    targets = [choice["target"] for choice in complete.values() if choice["target"]]
    doubled = next((target for target in targets if targets.count(target) > 1), None)
    if doubled:
        both = [header for header, choice in complete.items() if choice["target"] == doubled]
        raise MappingError(f"{' and '.join(both)} are both mapped to {doubled}; choose one and ignore the other.")
    if not any(target in BY_NAME for target in targets):
        raise MappingError(
            "No column is mapped to a measured quantity; choose at least one (active power, current, voltage, …). "
            f"The columns are: {', '.join(columns)}."
        )
    if CLOCK in targets and DATE not in targets:
        raise MappingError("A column holds the time of day but none holds the date; map one column to the date.")
    return complete


def _checked_one(header: str, choice: ColumnChoice) -> ColumnChoice:
    target, unit = choice.get("target", IGNORE), choice.get("unit", "")
    if target in (IGNORE, *ROLES):
        return {"target": target, "unit": "", "negate": False}
    if target not in BY_NAME:
        raise MappingError(
            f"“{header}” is mapped to “{target}”; expected a channel, one of {', '.join(ROLES)}, or nothing."
        )
    known = unit_of(target, unit)
    if known is None:
        offered = ", ".join(u.name for u in units_of(target))
        raise MappingError(f"“{header}” has the unit “{unit}”; {target} takes one of: {offered}.")
    return {"target": target, "unit": known.name, "negate": bool(choice.get("negate", False))}


def signature(columns: Sequence[str]) -> str:
    """Names a layout of columns, so that the next file of the same source starts from the saved mapping."""
    return sha256("\x1f".join(name.strip().lower() for name in columns).encode()).hexdigest()
