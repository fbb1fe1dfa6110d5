"""Units as data: how they are written, what they measure, and the factor to the unit that is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class WrittenUnit:
    """``stored value = value × factor + offset``; ``hints`` are words that the spelling carries (kvarL: lag)."""

    name: str
    kind: str
    factor: float = 1.0
    offset: float = 0.0
    hints: tuple[str, ...] = ()


# kind: P kW, Q kvar, S kVA, EP kWh, EQ kvarh, ES kVAh, I A, U V, F Hz, T °C, % and 1.
_PREFIXED = {"P": "W", "Q": "var", "S": "VA", "EP": "Wh", "EQ": "varh", "ES": "VAh", "I": "A", "U": "V", "F": "Hz"}
_KILO_STORED = ("P", "Q", "S", "EP", "EQ", "ES")  # stored in kilo; the others in the plain unit
_PREFIXES = {"m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_ALIASES = {
    "watt": "W", "watts": "W", "kilowatt": "kW", "kilowatts": "kW", "megawatt": "MW", "megawatts": "MW",
    "vars": "var", "kvars": "kvar", "mvars": "Mvar", "kvr": "kvar", "vr": "var", "rkva": "kvar", "kvarr": "kvar",
    "kilovar": "kvar", "megavar": "Mvar", "voltampere": "VA", "vas": "VA", "kvas": "kVA",
    "volt-amps": "VA", "kilovoltampere": "kVA", "kva": "kVA",
    "kwhr": "kWh", "kwhrs": "kWh", "kw-h": "kWh", "kw.h": "kWh", "kw*h": "kWh", "kw·h": "kWh", "units": "kWh",
    "kilowatthours": "kWh", "kilowatthour": "kWh", "watthour": "Wh", "watthours": "Wh", "mwhr": "MWh",
    "kvarhr": "kvarh", "kvar-h": "kvarh", "kvar.h": "kvarh", "kvar*h": "kvarh", "kvar·h": "kvarh", "rkvah": "kvarh",
    "kvahr": "kVAh", "kva-h": "kVAh", "kva.h": "kVAh", "kva·h": "kVAh",
    "amp": "A", "amps": "A", "ampere": "A", "amperes": "A", "amper": "A", "amperios": "A", "amperaje": "A",
    "milliamp": "mA", "milliamps": "mA", "milliampere": "mA", "kiloampere": "kA", "volt": "V", "volts": "V",
    "voltios": "V",
    "millivolt": "mV", "millivolts": "mV", "kilovolt": "kV", "kilovolts": "kV", "hertz": "Hz", "milliwatt": "mW",
    "千瓦": "kW", "瓦": "W", "兆瓦": "MW", "千乏": "kvar", "乏": "var", "千伏安": "kVA", "安": "A", "伏": "V",
    "千伏": "kV",
    "安培": "A",
    "伏特": "V", "千瓦时": "kWh", "千乏时": "kvarh", "赫兹": "Hz", "किलोवाट": "kW", "квт": "kW", "вт": "W", "мвт": "MW",
    "квар": "kvar", "ква": "kVA", "квтч": "kWh", "квт·ч": "kWh", "кв": "kV", "гц": "Hz",
}  # fmt: skip


def _table() -> dict[str, WrittenUnit]:
    table: dict[str, WrittenUnit] = {}
    for kind, symbol in _PREFIXED.items():
        for prefix, factor in _PREFIXES.items():
            if prefix == "m" and kind in _KILO_STORED:
                continue
            scale = factor / 1e3 if kind in _KILO_STORED else factor
            table[prefix + symbol] = WrittenUnit(prefix + symbol, kind, scale)
    for name in ("var", "kvar", "Mvar", "varh", "kvarh", "Mvarh"):
        for ending, hint in (("L", "lag"), ("C", "lead"), ("i", "lag"), ("c", "lead"), ("ind", "lag"), ("cap", "lead")):
            table[name + ending] = WrittenUnit(name, table[name].kind, table[name].factor, hints=(hint,))
    _add_plain_units(table)
    return table


def _add_plain_units(table: dict[str, WrittenUnit]) -> None:
    """Units without prefixes, and those of quantities that are not stored."""
    for text in ("%", "pct", "percent", "prozent", "pourcent", "por ciento", "percentage"):
        table[text] = WrittenUnit("%", "%")
    for text in ("pu", "p.u.", "per unit", "1", "ratio"):
        table[text] = WrittenUnit("per unit", "1")
    for text in ("°C", "degC", "ºC", "℃", "celsius", "Celsius", "deg C"):
        table[text] = WrittenUnit("°C", "T")
    for text in ("°F", "degF", "ºF", "℉", "fahrenheit", "Fahrenheit", "deg F"):
        table[text] = WrittenUnit("°F", "T", 5 / 9, -160 / 9)
    for text in ("kelvin", "Kelvin"):
        table[text] = WrittenUnit("K", "T", 1.0, -273.15)
    for text in (
        "°",
        "deg",
        "degree",
        "degrees",
        "rad",
        "min",
        "sec",
        "ms",
        "s",
        "h",
        "Std",
        "EUR",
        "Rs",
        "INR",
        "USD",
        "tCO2",
        "kg",
        "ppm",
    ):
        table.setdefault(text, WrittenUnit(text, "OTHER"))


_EXACT = _table()
_ANY_CASE: dict[str, WrittenUnit] = {}
for _name, _unit in _EXACT.items():
    _key = _name.lower()
    # "mw" and "mva" without a capital are mega: no substation reports milliwatts; "ma" and "mv" stay milli.
    if _key not in _ANY_CASE or (_name[0] == "M" and _unit.kind in _KILO_STORED):
        _ANY_CASE[_key] = _unit


# What a person may choose of.
UNIT_NAMES = ("W", "kW", "MW", "var", "kvar", "Mvar", "VA", "kVA", "MVA", "Wh", "kWh", "MWh", "varh", "kvarh", "VAh",
              "kVAh", "mA", "A", "kA", "mV", "V", "kV", "Hz", "mHz", "%", "per unit", "°C", "°F", "kelvin")  # fmt: skip


# Written so by many who mean mega: the numbers have to tell.
_MILLI_OR_MEGA = {
    text: WrittenUnit(text, kind, 1e-6, hints=("unclear",)) for text, kind in (("mW", "P"), ("mvar", "Q"), ("mVA", "S"))
}


_DIVIDED = re.compile(r"(?P<unit>\D+?)\s*[/÷]\s*(?P<part>10{1,4})")
_TENTHS = re.compile(r"(?:[x×*]\s*)?(?P<part>0[.,]0{0,3}1)\s*[x×*]?\s*(?P<unit>\D+)")

_UNIT_TENTHS = re.compile(r"(?P<unit>\D+?)\s*[x×*]\s*(?P<part>0[.,]0{0,3}1)")


def written_unit(text: str) -> WrittenUnit | None:
    """The unit that a text means, with or without brackets; None if it means none."""
    plain = re.sub(r"^[\s\[({<]+|[\s\])}>]+$", "", text).strip().rstrip(".") if text else ""
    if not plain or len(plain) > 20:
        return None
    plain = _ALIASES.get(plain.lower(), plain)
    if plain in _MILLI_OR_MEGA:
        return _MILLI_OR_MEGA[plain]
    return _EXACT.get(plain) or _ANY_CASE.get(plain.lower()) or _part_of_unit(plain)


def _part_of_unit(text: str) -> WrittenUnit | None:
    """Registers that count parts of a unit: "V/100", "0.1 kW", "kW x 0.01"."""
    match = _DIVIDED.fullmatch(text) or _TENTHS.fullmatch(text) or _UNIT_TENTHS.fullmatch(text)
    unit = written_unit(match["unit"]) if match else None
    if match is None or unit is None or unit.kind not in _PREFIXED or unit.offset:
        return None
    part = match["part"].replace(",", ".")
    factor = float(part) if part.startswith("0") else 1 / float(part)
    return replace(unit, name=text, factor=unit.factor * factor)
