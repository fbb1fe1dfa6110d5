"""Small exports of the tests' own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.interpretation import interpret
from ingestion.file_formats import GZIP, FileFormat, format_of
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.services import Received, receive

GOOD = """Timestamp,Substation,Active Power Total (kW),Apparent Power Total (kVA),Power Factor Total
2025-03-01 00:00:00,SS-01,80.0,100.0,0.8
2025-03-01 00:15:00,SS-01,81.5,100.5,0.811
2025-03-01 00:30:00,SS-01,79.2,99.1,0.799
"""
# Named as in the Electricity Transformer Dataset, with values of our own.
TRANSFORMER = """date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT
2016-07-01 00:00:00,5.1,2.0,1.5,0.4,4.2,1.3,30.5
2016-07-01 01:00:00,5.6,2.1,1.4,0.4,4.1,1.4,27.8
"""
TIMELESS = "P (kW),Q (kvar),Substation\n" + "".join(
    f"{10 + row},{2 + row},{station}\n" for station in ("A", "B") for row in range(4)
)


def file_of(text: str | bytes, name: str = "export.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def received(text: str | bytes, options: ImportOptions | None = None, *, name: str = "export.csv") -> Received:
    return receive(file_of(text, name), options=options)


def upload_of(text: str | bytes, options: ImportOptions | None = None) -> Upload:
    return received(text, options).upload


def written(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def format_of_file(path: Path) -> FileFormat:
    """The format of a plain table."""
    data = path.read_bytes()
    found = interpret(data, path.name, ExportAnswers(), now=datetime.now(UTC))
    form = format_of(found, compressed=data.startswith(GZIP))
    assert form is not None
    return form


def many_rows(count: int, *, station: str = "SS-01") -> str:
    """``count`` good rows, a minute apart from the first of March 2025."""
    lines = [
        f"2025-03-{1 + row // 1440:02d} {row // 60 % 24:02d}:{row % 60:02d}:00,{station},{row % 97 + 1}.5,{row % 31}.25"
        for row in range(count)
    ]
    return "Timestamp,Substation,P (kW),Q (kvar)\n" + "\n".join(lines) + "\n"
