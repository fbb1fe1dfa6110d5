"""Files as meters write them, made by the tests, and what is read of them."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.interpretation import Interpretation, interpret
from substations.channels import CHANNEL_INDEX

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2026, 3, 14, tzinfo=UTC)
P, Q = (120.0, 150.0, 180.0, 210.0, 190.0, 160.0, 140.0, 130.0), 60.0


def times(count: int = 8, layout: str = "%Y-%m-%d %H:%M", minutes: int = 15) -> list[str]:
    """Times of rows from the fourteenth of March on."""
    return [(START + timedelta(minutes=minutes * n)).strftime(layout) for n in range(count)]


def table(headers: str, rows: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    """A text table."""
    lines = [headers, *(delimiter.join(str(cell) for cell in row) for row in rows)]
    return "\n".join(lines).encode()


def _cell(cell: object) -> str:
    return f'<c t="inlineStr"><is><t>{cell}</t></is></c>' if isinstance(cell, str) else f"<c><v>{cell}</v></c>"


def workbook(rows: list[list[object]]) -> bytes:
    """The smallest workbook that a spreadsheet would open."""
    cells = "".join("<row>" + "".join(_cell(cell) for cell in row) + "</row>" for row in rows)
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{packages}"><Relationship Id="r1" Type="{related}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {space} xmlns:r="{related}"><sheets><sheet name="Day" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}"><Relationship Id="r1" '
        f'Type="{related}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def read(data: bytes, name: str = "a.csv", **answers: object) -> Interpretation:
    """The file read for the substation S1 in UTC, unless the answers say otherwise."""
    return interpret(data, name, ExportAnswers(**({"substation": "S1", "time_zone": "UTC"} | answers)), now=NOW)  # type: ignore[arg-type]


def values(found: Interpretation, channel: str) -> list[float]:
    """The stored values of one channel, rounded."""
    return [round(float(v), 3) for v in found.values[:, CHANNEL_INDEX[channel]]]


def asked(found: Interpretation) -> set[str]:
    """What is asked."""
    return {question.about for question in found.questions}


def line_current(power_kw: float, reactive_kvar: float, volts: float) -> float:
    """Amperes of a three-phase load."""
    return float(np.hypot(power_kw, reactive_kvar) * 1000 / (np.sqrt(3) * volts))


@dataclass(frozen=True, slots=True)
class ExportShape:
    """One kind of file, and the answers that it needs as a profile."""

    kind: str
    data: bytes
    name: str
    answers: dict[str, Any]


def _rows(*columns: Sequence[object], layout: str = "%Y-%m-%d %H:%M") -> list[tuple[object, ...]]:
    return list(zip(times(layout=layout), *columns, strict=True))


def _shapes() -> list[ExportShape]:
    given = {"substation": "S1", "time_zone": "Asia/Kolkata"}
    amps = [round(line_current(p, Q, 400), 3) for p in P]
    kvar = [Q] * len(P)
    register = [90_000 + sum(P[:n]) / 4 for n in range(len(P))]
    day = ",".join(f"{n // 2:02}:{30 * (n % 2):02}" for n in range(48))
    made: dict[str, tuple[bytes, dict[str, Any]]] = {
        "plain": (table("Time,kW,kvar", _rows(P, kvar)), {}),
        "watts by physics": (
            table("Time,P,Q,U LL,I avg", _rows([p * 1000 for p in P], [Q * 1000] * 8, [400] * 8, amps)),
            {},
        ),
        "watts accepted": (table("Time,Active Power", _rows([p * 1000 for p in P])), {}),
        "watts answered": (
            table("Time,Active Power", _rows([p * 1000 for p in P])),
            {"columns": {"Active Power": {"unit": "W"}}},
        ),
        "unit row": (table("Time,P,Q\n,MW,Mvar", _rows([p / 1000 for p in P], [Q / 1000] * 8)), {}),
        "statistics": (table("Time,kW avg,kW min,kW max", _rows(P, [1] * 8, [999] * 8)), {}),
        "phases": (table("Time,kW L1,kW L2,kW L3", _rows(*[[p / 3 for p in P]] * 3)), {}),
        "import and export": (table("Time,Import kW,Export kW", _rows(P, [10] * 8)), {}),
        "lag and lead": (table("Time,kW,kvar lag,kvar lead", _rows(P, kvar, [5] * 8)), {}),
        "energy": (table("Time,kWh,kvarh", _rows([p / 4 for p in P], [Q / 4] * 8)), {}),
        "register": (table("Time,Total kWh", _rows(register)), {"energy": "register"}),
        "factor in words": (table("Time,kW,PF", _rows(P, ["0.9 lag"] * 4 + ["0.8 lead"] * 4)), {}),
        "factor signed": (table("Time,kW,PF", _rows(P, [-0.9] * 8)), {"power_factor_convention": "ieee"}),
        "factor over one": (
            table("Time,kW,PF", _rows(P, [1.08, 0.9] * 4)),
            {"power_factor_convention": "leading_over_one"},
        ),
        "negative kvar": (
            table("Time,kW,kvar", _rows(P, [-Q] * 8)),
            {"columns": {"kvar": {"sign": "leading_positive"}}},
        ),
        "bad cells": (table("Time,kW,kvar", _rows(["I/O Timeout", *P[1:]], kvar)), {}),
        "quality": (table("Time,kW,Quality", _rows([0, *P[1:]], ["Bad", *["Good"] * 7])), {}),
        "units in cells": (table("Time,Power", _rows([f"{p} kW" for p in P])), {}),
        "decimal comma": (table("Zeit;Wirkleistung [kW]", _rows([f"1.{p:.0f},5" for p in P]), ";"), {}),
        "day and month": (table("Date,kW", _rows(P, layout="%d/%m/%Y %H:%M")), {}),
        "date order": (
            table("Date,kW", [("03/04/2025 00:00", 1), ("03/04/2025 00:15", 2), ("03/04/2025 00:30", 3)]),
            {"date_order": "mdy"},
        ),
        "epochs": (table("ts,kW", [(1_773_446_400 + 900 * n, p) for n, p in enumerate(P)]), {}),
        "no time": (table("kW,kvar", [(p, Q) for p in P]), {"start": "2026-03-14T00:00", "interval_s": 900}),
        "blocks": (table("Date,Block,kW", [("2026-03-14", n + 1, 50 + n) for n in range(96)]), {}),
        "days": (table(f"Date,Unit,{day}", [("2026-03-14", "kWh", *range(20, 68))]), {}),
        "historian": (
            table("TagName,Timestamp,Value", [(tag, t, v) for t, p in _rows(P) for tag, v in (("kW", p), ("kvar", Q))]),
            {},
        ),
        "side by side": (table("Time,A1X kW,B2X kW", _rows(P, [p / 2 for p in P])), {"substation": ""}),
        "station column": (table("Time,Station,kW", _rows(["North", "South"] * 4, P)), {"substation": ""}),
        "ratios": (
            table("Time,V,A,kW", _rows([110] * 8, [1.2] * 8, [0.2] * 8)),
            {"current_transformer_ratio": 40, "voltage_transformer_ratio": 100},
        ),
        "alien names": (
            table("ts,R1,R2", _rows(P, kvar)),
            {"columns": {"R1": {"quantity": "active_power_kw", "unit": "kW", "factor": 0.1}}},
        ),
        "preamble": (b"Meter 7\nZone,Asia\n\n" + table("Time,kW,kvar", _rows(P, kvar)), {"header_line": 4}),
        "rejected share": (table("Time,kW", [*_rows(P), *[("99/99/2026", 1)] * 3]), {}),
        "other decimal": (table("Time;kW", _rows(["1.234"] * 8), ";"), {"decimal": ","}),
    }  # fmt: skip
    shapes = [
        ExportShape(kind, data, "export.csv", {name: said for name, said in (given | answers).items() if said})
        for kind, (data, answers) in made.items()
    ]
    plain = made["plain"][0]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("day.csv", plain)
    nem = "100,NEM12,1\n200,N1,E1,,E1,,S,KWH,30,\n300,20260314," + ",".join(map(str, range(20, 68))) + ",A,,,\n900\n"
    return [
        *shapes,
        ExportShape("zip", packed.getvalue(), "export.zip", given),
        ExportShape("gzip", gzip.compress(plain), "export.csv.gz", given),
        ExportShape("nem12", nem.encode(), "nem.csv", given),
        ExportShape("utf-16", plain.decode().encode("utf-16"), "export.txt", given),
    ]


SHAPES = _shapes()
