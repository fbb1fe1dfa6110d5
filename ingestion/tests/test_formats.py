from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingestion.problems import Unreadable
from ingestion.tests.samples import GOOD, format_of_file, written

GERMAN = "Datum;Uhrzeit;Wirkleistung [kW];Gerät\n01.02.2025;00:15;12,5;Görlitz\n01.02.2025;00:30;1.013,5;Görlitz\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_reads_the_usual_encodings_with_and_without_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    form = format_of_file(written(tmp_path, GERMAN.encode(encoding)))
    assert form.columns == ("Datum", "Uhrzeit", "Wirkleistung [kW]", "Gerät")
    assert (form.decimal, form.first_data_line) == (",", 1)


def test_reads_a_gzip_file_whatever_its_name(tmp_path: Path) -> None:
    form = format_of_file(written(tmp_path, gzip.compress(GOOD.encode())))
    assert form.compressed
    assert form.columns[0] == "Timestamp"


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", "."), ("\t", "."), (";", ","), ("\t", ","), ("|", ".")]
)
def test_finds_delimiter_and_decimal_sign(tmp_path: Path, delimiter: str, decimal: str) -> None:
    rows = [["Time", "P", "Q"], ["2025-01-01 00:00", "1.5", "2.25"], ["2025-01-01 00:15", "3.5", "4.75"]]
    text = "\n".join(delimiter.join(cell.replace(".", decimal) for cell in row) for row in rows)
    form = format_of_file(written(tmp_path, text))
    assert (form.delimiter, form.decimal) == (delimiter, decimal)


def test_believes_a_spreadsheets_sep_line(tmp_path: Path) -> None:
    form = format_of_file(written(tmp_path, "sep=;\nTime;P\n2025-01-01 00:00;1\n"))
    assert (form.delimiter, form.columns) == (";", ("Time", "P"))


def test_skips_what_stands_above_the_header(tmp_path: Path) -> None:
    form = format_of_file(
        written(tmp_path, "Meter export\nPlant: North\n\nTime,P,Q\n2025-01-01 00:00,1,2\n2025-01-01 00:15,1,2\n")
    )
    assert form.columns == ("Time", "P", "Q")
    assert form.first_data_line == 4


def test_names_the_columns_of_a_file_without_header(tmp_path: Path) -> None:
    form = format_of_file(written(tmp_path, "2025-01-01 00:00,1,2\n2025-01-01 00:15,1,2\n"))
    assert form.first_data_line == 0
    assert form.columns == ("Column 1", "Column 2", "Column 3")


def test_tells_equal_and_blank_headers_apart(tmp_path: Path) -> None:
    form = format_of_file(written(tmp_path, "Time,P,,P\n2025-01-01 00:00,1,2,3\n"))
    assert form.columns == ("Time", "P", "Column 3", "P (2)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"PK\x03\x04rest", "archive is damaged"),
        (b"%PDF-1.7 rest", "PDF"),
        (b"\x00\x01\x02\x00\x00\x05" * 50, "binary"),
        (gzip.compress(GOOD.encode(), mtime=0)[:12], "damaged"),
        (b"\x1f\x8bnot really gzip", "damaged"),
    ],
)
def test_refuses_with_a_reason_what_is_no_table(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        format_of_file(written(tmp_path, content))
