"""Units as they stand in headers, and what turns each into the unit of its channel."""

from __future__ import annotations

from dataclasses import dataclass

from substations.channels import BY_NAME


@dataclass(frozen=True, slots=True)
class Unit:
    """``channel value = value × scale + offset``."""

    name: str
    scale: float = 1.0
    offset: float = 0.0


# Line to line over line to neutral.
_SQRT3 = 3**0.5
# The channel's own unit comes first.
_BY_CHANNEL_UNIT: dict[str, tuple[Unit, ...]] = {
    "kW": (Unit("kW"), Unit("W", 1e-3), Unit("MW", 1e3)),
    "kVA": (Unit("kVA"), Unit("VA", 1e-3), Unit("MVA", 1e3)),
    "kvar": (Unit("kvar"), Unit("var", 1e-3), Unit("Mvar", 1e3)),
    "A": (Unit("A"), Unit("mA", 1e-3), Unit("kA", 1e3)),
    "V": (Unit("V"), Unit("kV", 1e3), Unit("V line-neutral", _SQRT3), Unit("kV line-neutral", _SQRT3 * 1e3)),
    "Hz": (Unit("Hz"), Unit("mHz", 1e-3)),
    "%": (Unit("%"), Unit("per unit", 100.0)),
    "°C": (Unit("°C"), Unit("°F", 5 / 9, -160 / 9), Unit("K", 1.0, -273.15)),
    "": (Unit("per unit"), Unit("%", 0.01)),
}
# How people write them. Case matters only for milli and mega: "mW" is taken as megawatt, no substation reports less.
_SPELLINGS = {
    "kw": "kW", "w": "W", "mw": "MW", "watt": "W", "watts": "W", "kilowatt": "kW",
    "kva": "kVA", "va": "VA", "mva": "MVA",
    "kvar": "kvar", "kvars": "kvar", "var": "var", "vars": "var", "mvar": "Mvar", "kvr": "kvar",
    "a": "A", "amp": "A", "amps": "A", "ampere": "A", "amperes": "A", "ma": "mA", "ka": "kA",
    "v": "V", "volt": "V", "volts": "V", "kv": "kV",
    "hz": "Hz", "hertz": "Hz", "mhz": "mHz",
    "%": "%", "pct": "%", "percent": "%", "prozent": "%", "pu": "per unit", "p.u.": "per unit",
    "°c": "°C", "degc": "°C", "celsius": "°C", "ºc": "°C", "°f": "°F", "degf": "°F", "fahrenheit": "°F", "kelvin": "K",
}  # fmt: skip


def units_of(channel: str) -> tuple[Unit, ...]:
    """The units a column for this channel may be in, its own first."""
    return _BY_CHANNEL_UNIT[BY_NAME[channel].unit]


def unit_of(channel: str, name: str) -> Unit | None:
    """One of the channel's units by name; an empty name is the channel's own unit; None if it has no such unit."""
    offered = units_of(channel)
    return offered[0] if not name else next((unit for unit in offered if unit.name == name), None)


def spelled(text: str) -> str:
    """The name of the unit that a header's text means ("" if it means none)."""
    return _SPELLINGS.get(text.strip().lower(), "")
