"""A table with very many columns is refused by its first line, in words, before anybody asks what they mean."""

from __future__ import annotations

import io
import time
import tracemalloc

import pytest
from django.core.files import File

from ingestion.exports.grids import MAX_COLUMNS
from ingestion.exports.header_names import unique
from ingestion.models import Upload
from ingestion.services import receive


def table(columns: int, rows: int, name: str = "kW SS-{}", delimiter: str = ",") -> bytes:
    lines = [["Timestamp", *(name.format(number) for number in range(columns - 1))]]
    lines += [[f"2026-01-{day + 1:02d} 00:00", *["1.5"] * (columns - 1)] for day in range(rows)]
    return "\n".join(delimiter.join(line) for line in lines).encode()


def received(data: bytes) -> Upload:
    return receive(File(io.BytesIO(data), name="wide.csv"), source=Upload.Source.API).upload


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "rows", "delimiter"), [("kW SS-{}", 5, ","), ("a", 5, ";"), ("", 1, "\t"), ("kW SS-{}", 0, ",")]
)
def test_a_header_of_100_000_columns_is_refused_at_once_and_with_little_memory(
    name: str, rows: int, delimiter: str
) -> None:
    data = table(100_000, rows, name, delimiter)
    tracemalloc.start()
    began = time.process_time()
    upload = received(data)
    took_s, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert upload.state == Upload.State.REJECTED
    assert upload.reason.startswith("Line 1 has ")
    assert f"expected at most {MAX_COLUMNS:,}" in upload.reason
    assert took_s < 3, "traced; untraced it takes a tenth"
    assert peak < 50_000_000
    assert not upload.file, "nothing of it is kept"


@pytest.mark.django_db
def test_a_table_just_within_the_limit_is_read() -> None:
    assert "columns or more" not in received(table(MAX_COLUMNS, 3)).reason
    assert "columns or more" in received(table(MAX_COLUMNS + 1, 3)).reason


def test_equal_names_are_numbered_and_a_number_that_is_taken_is_left_out() -> None:
    assert unique(["a", "a (2)", "a", "", "a", "a (2)"]) == ["a", "a (2)", "a (3)", "Column 4", "a (4)", "a (2) (2)"]
    began = time.process_time()
    assert len(set(unique(["a"] * 20_000))) == 20_000
    assert time.process_time() - began < 5
