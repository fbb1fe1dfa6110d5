"""Formats of metering that are no table: NEM12, and tables written as HTML or spreadsheet XML."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html.parser import HTMLParser

from ingestion.problems import Unreadable

NEM_ZONE = "Etc/GMT-10"  # AEMO, NEM12 specification: market time is UTC+10 all the year
# The network's view: it exports (E, Q) to the customer and imports (B, K) from him; here it is the customer's.
_SUFFIXES = {"E": "import", "B": "export", "Q": "import", "K": "export"}


def nem12(text: str) -> tuple[list[list[str]], str]:
    """Rows ``station, time, quantity, value, quality`` of a NEM12 file, with a header; NEM13 is refused."""
    if re.match(r'"?100"?,\s*"?NEM13', text.lstrip()):
        raise Unreadable(
            "This is a NEM13 file: registers read every few months, from which no load can be told. "
            "Ask the meter data provider for NEM12 (interval data)."
        )
    rows = [["meter id", "timestamp", "tag", "value", "quality"]]
    meter, suffix, unit, step = "", "", "", 0
    day: list[list[str]] = []
    for line in text.splitlines():
        parts = [part.strip().strip('"') for part in line.split(",")]
        if parts[0] == "200" and len(parts) > 8:
            meter, suffix, unit, step = parts[1], parts[4], parts[7].upper(), int(parts[8] or 0)
        elif parts[0] == "300" and step and len(parts) > 1440 // step + 2:
            day = _nem_day(parts, (meter, suffix, unit, step))
            rows += day
        elif parts[0] == "400" and len(parts) > 3 and parts[1].isdigit() and parts[2].isdigit():
            for row in day[int(parts[1]) - 1 : int(parts[2])]:
                row[4] = _nem_quality(parts[3])
    if len(rows) == 1:
        raise Unreadable("The NEM12 file holds no interval data (records 200 and 300).")
    return [row for row in rows if row[3] != "" or row is rows[0]], NEM_ZONE


def _nem_quality(flag: str) -> str:
    return (
        "bad" if flag[:1].upper() == "N" else "good"
    )  # N: null data; A, E, F, S: actual, estimated, final, substituted


def _nem_day(parts: list[str], about: tuple[str, str, str, int]) -> list[list[str]]:
    meter, suffix, unit, step = about
    direction = _SUFFIXES.get(suffix[:1], "")
    if not direction:
        return []
    quantity = f"{unit} {direction}"
    first = date.fromisoformat(f"{parts[1][:4]}-{parts[1][4:6]}-{parts[1][6:8]}")
    count = 1440 // step
    flag = _nem_quality(parts[2 + count])
    rows = []
    for number, value in enumerate(parts[2 : 2 + count]):
        minutes = number * step
        at = f"{first + timedelta(days=minutes // 1440)} {minutes // 60:02}:{minutes % 60:02}"
        rows.append([meter, at, quantity, value, flag])
    return rows


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        name = tag.rpartition(":")[2]
        if name in ("tr", "row"):
            self.rows.append([])
        elif name in ("td", "th", "cell") and self.rows:
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag.rpartition(":")[2] in ("td", "th", "cell"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell and self.rows and self.rows[-1]:
            self.rows[-1][-1] = (self.rows[-1][-1] + " " + data.strip()).strip()


def html_table(text: str) -> list[list[str]]:
    """The rows of the tables of an HTML page, or of spreadsheet XML."""
    parser = _Cells()
    parser.feed(text)
    return [row for row in parser.rows if any(row)]
