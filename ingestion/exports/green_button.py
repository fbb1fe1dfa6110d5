"""Green Button XML (NAESB ESPI) → rows of times with a cell for each series of one meter."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from ingestion.problems import Unreadable

# ESPI 3.3, UomType: 38 W, 61 VA, 63 var, 71 VAh, 72 Wh, 73 varh
_ESPI_UNITS = {"38": "W", "61": "VA", "63": "var", "71": "VAh", "72": "Wh", "73": "varh"}


def green_button(text: str) -> tuple[list[list[str]], str]:
    """Rows ``timestamp (epoch), quantity [unit]`` of Green Button XML; and how energies are counted."""
    if "<!ENTITY" in text:
        raise Unreadable("The XML declares entities; expected plain Green Button data. Download it again.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - a document that declares entities was refused above
    except ET.ParseError as error:
        raise Unreadable(f"The Green Button XML is damaged ({error}). Download it again.") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    kinds = list(root.iter("ReadingType"))
    readings = list(root.iter("IntervalReading"))
    if not readings:
        raise Unreadable("The Green Button file holds no interval readings.")
    several = len(kinds) > 1 or len(list(root.iter("MeterReading"))) > 1
    series = _espi_series(root) if several else {"": (kinds[0], readings)} if kinds else {}
    names = {_espi_name(kind): key for key, (kind, _) in series.items()}
    points = {meter.partition("/MeterReading")[0] for meter in series}
    complete = sum(len(own) for _, own in series.values()) == len(readings)
    if len(points) != 1 or len(names) != len(series) or not complete:
        raise Unreadable(
            f"The Green Button file describes {len(kinds)} series; expected those of one meter, each of another "
            "quantity. Download each alone."
        )
    # ESPI AccumulationKind: 1 bulk quantity, 3 cumulative; 4 delta, 6 indicating, 9 summation of the interval
    energies = {"register" if _text(kind, "accumulationBehaviour") in ("1", "3") else "per_interval"
                for kind, _ in series.values()}  # fmt: skip
    if len(energies) > 1:
        raise Unreadable("The Green Button file mixes registers with energies of intervals. Download each alone.")
    return _espi_rows(series, list(names)), energies.pop()


Espi = dict[str, tuple[ET.Element, list[ET.Element]]]  # key of a series -> its ReadingType and IntervalReadings


def _espi_series(root: ET.Element) -> Espi:
    """ReadingType and readings of each MeterReading, which are tied by the links between entries."""
    types: dict[str, ET.Element] = {}
    meters: dict[str, list[str]] = {}
    blocks: list[tuple[list[str], list[ET.Element]]] = []
    for entry in root.iter("entry"):
        links = {rel: [e.get("href", "").rstrip("/") for e in entry.iter("link") if e.get("rel") == rel]
                 for rel in ("self", "up", "related")}  # fmt: skip
        own = (links["self"] or [""])[0]
        if (kind := next(entry.iter("ReadingType"), None)) is not None:
            types[own] = kind
        elif next(entry.iter("MeterReading"), None) is not None:
            meters[own] = links["related"]
        elif next(entry.iter("IntervalBlock"), None) is not None:
            blocks.append(([own, *links["up"]], list(entry.iter("IntervalReading"))))
    series: Espi = {}
    for meter, related in meters.items():
        kind = next((types[href] for href in related if href in types), None)
        mine = [r for hrefs, own in blocks if any((href + "/").startswith(meter + "/") for href in hrefs) for r in own]
        if kind is not None and meter and mine:
            series[meter] = (kind, mine)
    return series


def _espi_name(kind: ET.Element) -> str:
    unit = _ESPI_UNITS.get(_text(kind, "uom") or "72", "")
    if not unit:
        raise Unreadable("The Green Button file is not of electricity (its unit is no Wh, W, VA or var).")
    return f"{'export' if _text(kind, 'flowDirection') == '19' else 'import'} [{unit}]"


def _espi_rows(series: Espi, names: list[str]) -> list[list[str]]:
    """One row per time, with a cell for each series that has a reading of it."""
    cells: dict[str, list[str]] = {}
    for n, (kind, readings) in enumerate(series.values()):
        power = int(_text(kind, "powerOfTenMultiplier") or 0)
        for each in readings:
            value, start = _text(each, "value"), _text(each, "start")
            row = cells.setdefault(start, [start, *[""] * len(names), _text(each, "duration")])
            row[1 + n] = f"{float(value) * 10**power:.12g}" if value else ""
    return [["timestamp", *names, "interval_s"], *cells.values()]


def _text(element: ET.Element, name: str) -> str:
    found = next(element.iter(name), None)
    return (found.text or "").strip() if found is not None else ""
