"""Files composed at random of a known load: names of vendors, units and where they stand, layouts, ways to write."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from ingestion.problems import FloatArray
from ingestion.tests.exported import table, times

# Time, P, Q, S, power factor, current and voltage by phase as vendors and languages name them.
NAMES = (
    ("Timestamp", "Active Power Total", "Reactive Power Total", "Apparent Power Total", "Power Factor Total",
     "Current {A}", "Voltage {A}-{B}"),
    ("Zeitstempel", "Gesamtwirkleistung", "Gesamtblindleistung", "Gesamtscheinleistung", "Leistungsfaktor",
     "Strom L{one}", "Spannung L{one}-L{two}"),
    ("Horodatage", "Puissance active totale", "Puissance réactive totale", "Puissance apparente totale",
     "Facteur de puissance", "Courant L{one}", "Tension composée U{one}{two}"),
    ("Fecha y hora", "Potencia activa III", "Potencia reactiva III", "Potencia aparente III", "Factor de potencia III",
     "Corriente L{one}", "Tensión L{one}-L{two}"),
    ("时间", "总有功功率", "总无功功率", "总视在功率", "功率因数", "{A}相电流", "{A}{B}线电压"),
    ("समय", "कुल सक्रिय शक्ति", "कुल प्रतिघाती शक्ति", "कुल आभासी शक्ति", "शक्ति गुणांक", "धारा {R}", "वोल्टेज {R}{Y}"),
    ("Date & Time", "Total Active Power", "Total Reactive Power", "Total Apparent Power", "Power Factor",
     "{R} Phase Current", "{R}{Y} Voltage"),
)  # fmt: skip
PLACES = ("{} ({})", "{} [{}]", "{}, {}", "row", "cells", "nowhere")
_ROWS = 24  # chosen: six hours, enough to see a sign change
_UNITS = {"W": 1e3, "kW": 1.0, "MW": 1e-3, "A": 1.0, "mA": 1e3, "V": 1.0, "kV": 1e-3}


@dataclass(frozen=True, slots=True)
class ComposedFile:
    """A file and what is true: values by channel; what may be asked, and what has to be."""

    data: bytes
    truth: dict[str, FloatArray]
    may: set[str] = field(default_factory=set)
    must: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    header: str
    channel: str
    values: FloatArray
    unit: str = ""


def load_of(volts: float, kilowatts: float, leading: float) -> dict[str, FloatArray]:
    """A load over one day's quarter hours; a share of the rows is leading."""
    n = np.arange(_ROWS)
    active = kilowatts * (1 + 0.4 * np.sin(n / 4))
    factor = 0.9 + 0.06 * np.cos(n / 3)
    reactive = active * np.tan(np.arccos(factor)) * np.where(n % 10 < 10 * leading, -1, 1)
    apparent = np.hypot(active, reactive)
    out = {"active_power_kw": active, "reactive_power_kvar": reactive, "apparent_power_kva": apparent}
    out |= {"power_factor": active / apparent}
    for phase, off in zip("123", (1.02, 0.97, 1.01), strict=True):
        out[f"current_l{phase}_a"] = apparent * 1000 / (np.sqrt(3) * volts) * off
    return out | {f"voltage_l{pair}_v": np.full(_ROWS, volts) * off for pair, off in _PAIRS}


_LETTERS = (("ABC", ("A", "B")), ("123", ("one", "two")), ("RYB", ("R", "Y")))
_PAIRS = (("12", 1.002), ("23", 0.997), ("31", 1.001))


@st.composite
def composed_files(draw: st.DrawFn) -> ComposedFile:
    """One file; its powers can be checked by physics or have their unit beside them, or the unit must be asked."""
    volts = draw(st.sampled_from((400.0, 690.0, 11_000.0, 33_000.0)))
    size = draw(st.floats(20, 800) if volts < 1000 else st.floats(500, 20_000))
    truth = load_of(volts, size, draw(st.sampled_from((0.0, 0.2, 0.3))))
    time, *names = draw(st.sampled_from(NAMES))
    prefix = draw(st.sampled_from(("", "k", "M")))
    amps, line = draw(st.sampled_from((("A", "V"), ("mA", "V"), ("A", "kV"))))
    with_phases = draw(st.booleans())
    columns = [
        _Column(name, channel, truth[channel] * _UNITS[prefix + "W"], unit and prefix + unit)
        for name, channel, unit in zip(names, list(truth)[:3], ("W", "var", "VA"), strict=False)
    ]
    columns.append(_Column(names[3], "power_factor", truth["power_factor"]))
    for n in range(3 if with_phases else 0):
        letters = {key: row[(n + k) % 3] for row, keys in _LETTERS for k, key in enumerate(keys)}
        pair = _PAIRS[n][0]
        for name, channel, unit in ((names[4], f"current_l{n + 1}_a", amps), (names[5], f"voltage_l{pair}_v", line)):
            columns.append(_Column(name.format(**letters), channel, truth[channel] * _UNITS[unit], unit))
    place = draw(st.sampled_from(PLACES))
    data = _written(time, columns, place, comma=draw(st.booleans()), long=draw(st.booleans()))
    stored = {c.channel: truth[c.channel] for c in columns}
    nowhere = place == "nowhere"
    return ComposedFile(data, stored, {"unit"} if nowhere else set(), nowhere and not with_phases)


def _written(time: str, columns: list[_Column], place: str, *, comma: bool, long: bool) -> bytes:
    headers = [place.format(c.header, c.unit) if "{}" in place and c.unit else c.header for c in columns]
    cells = [[_cell(v, c.unit if place == "cells" else "", comma=comma) for v in c.values] for c in columns]
    delimiter = ";" if comma else "|"
    rows: list[list[str]]
    if long and place != "row":
        rows = [[t, h, column[n]] for n, t in enumerate(times(_ROWS)) for h, column in zip(headers, cells, strict=True)]
        return table(delimiter.join(("Timestamp", "Tag", "Value")), rows, delimiter)
    rows = [[t, *(column[n] for column in cells)] for n, t in enumerate(times(_ROWS))]
    units = [["", *(c.unit for c in columns)]] if place == "row" else []
    return table(delimiter.join((time, *headers)), [*units, *rows], delimiter)


def _cell(value: float, unit: str, *, comma: bool) -> str:
    digits = max(0, 5 - int(np.floor(np.log10(max(abs(value), 1e-6)))))
    text = f"{value:.{digits}f}"
    return (text.replace(".", ",") if comma else text) + (f" {unit}" if unit else "")
