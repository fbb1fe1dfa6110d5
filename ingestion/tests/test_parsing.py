from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.file_formats import FileFormat
from ingestion.parsing import ParsedBlock, TextBlock, blocks, read_table
from ingestion.problems import Unreadable
from ingestion.tests.samples import GOOD, format_of_file, many_rows, written


def tables(path: Path, numbers: list[str], texts: list[str], size: int = 1 << 20) -> list[ParsedBlock]:
    form = format_of_file(path)
    return [read_table(block, form, numbers, texts) for block in blocks(path, form, size=size)]


def test_reads_numbers_as_floats_and_texts_as_text(tmp_path: Path) -> None:
    (table,) = tables(written(tmp_path, GOOD), ["Active Power Total (kW)"], ["Timestamp", "Substation"])
    assert table.cells["Active Power Total (kW)"].tolist() == [80.0, 81.5, 79.2]
    assert table.cells["Substation"].tolist() == ["SS-01"] * 3
    assert table.lines.tolist() == [2, 3, 4]


def test_keeps_leading_zeros_of_a_substation_code(tmp_path: Path) -> None:
    (table,) = tables(written(tmp_path, "Time,Substation,P\n2025-01-01 00:00,007,1\n"), ["P"], ["Substation"])
    assert table.cells["Substation"].tolist() == ["007"]


def test_a_line_with_a_wrong_number_of_fields_is_told_by_its_line_and_costs_nothing_else(tmp_path: Path) -> None:
    text = "Time,P,Q\n2025-01-01 00:00,1,2\n\n2025-01-01 00:15,1\n2025-01-01 00:30,1,2,3\n2025-01-01 00:45,5,6\n"
    (table,) = tables(written(tmp_path, text), ["P"], ["Time"])
    assert table.lines.tolist() == [2, 6]
    assert table.malformed_lines.tolist() == [4, 5]
    assert table.problems.received.tolist() == ["2 fields: 2025-01-01 00:15,1", "4 fields: 2025-01-01 00:30,1,2,3"]
    assert "3 fields" in table.problems.expected[0]


def test_a_delimiter_at_the_end_of_each_line_is_no_field(tmp_path: Path) -> None:
    (table,) = tables(
        written(tmp_path, "Time,P,Q,\n2025-01-01 00:00,1,2,\n2025-01-01 00:15,3,4\n"), ["P", "Q"], ["Time"]
    )
    assert table.cells["Q"].tolist() == [2, 4]


def test_delimiters_inside_quotation_marks_do_not_part_fields(tmp_path: Path) -> None:
    (table,) = tables(written(tmp_path, 'Time,P,Name\n2025-01-01,"1",a\n2025-01-02,2,"x, ""y"""\n'), ["P"], ["Name"])
    assert table.cells["Name"].tolist() == ["a", 'x, "y"']


def test_an_open_quotation_mark_spoils_its_own_line_only(tmp_path: Path) -> None:
    (table,) = tables(written(tmp_path, 'Time,P\n2025-01-01,1\n2025-01-02,"2\n2025-01-03,3\n'), ["P"], ["Time"])
    assert table.lines.tolist() == [2, 4]
    assert "quotation marks" in table.problems.expected[0]


def test_quotation_marks_inside_a_field_do_not_stop_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, 'Time,P,Name\n2025-01-01,1,a\n2025-01-02,2,pipe 1"x,y"\n')
    form = FileFormat("utf-8", False, ",", ".", ("Time", "P", "Name"), 1)
    (table,) = [read_table(block, form, ["P"], ["Name"]) for block in blocks(path, form)]
    assert table.lines.tolist()[0] == 2
    assert len(table) + table.malformed == 2


def test_a_line_with_zero_bytes_is_a_problem(tmp_path: Path) -> None:
    text = many_rows(500).encode() + b"2025-04-01 00:00:00,SS-01,\x00\x00,1\n"
    (table,) = tables(written(tmp_path, text), ["P"], ["Timestamp"])
    assert len(table) == 500
    assert table.malformed_lines.tolist() == [502]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_counts_lines_the_same_for_every_line_ending(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, many_rows(300).replace("\n", ending).encode())
    lines = np.concatenate([table.lines for table in tables(path, ["P"], ["Timestamp"], size=700)])
    assert lines.tolist() == list(range(2, 302))


@settings(max_examples=25)
@given(size=st.integers(64, 5000), form=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1", "gzip"]))
def test_the_size_of_the_blocks_changes_nothing(tmp_path_factory: pytest.TempPathFactory, size: int, form: str) -> None:
    text = many_rows(120).replace("SS-01", "Köln")
    content = gzip.compress(text.encode()) if form == "gzip" else text.encode(form)
    path = written(tmp_path_factory.mktemp("blocks"), content)
    parts = tables(path, ["P"], ["Substation"], size=size)
    assert sum(map(len, parts)) == 120
    assert np.concatenate([part.lines for part in parts]).tolist() == list(range(2, 122))
    assert {name for part in parts for name in part.cells["Substation"]} == {"Köln"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("compressed", [False, True])
def test_reading_can_go_on_where_any_block_ended(tmp_path: Path, encoding: str, compressed: bool) -> None:
    content = many_rows(200).encode(encoding)
    path = written(tmp_path, gzip.compress(content) if compressed else content)
    form = format_of_file(path)
    whole = list(blocks(path, form, size=900))
    for count in (1, len(whole) // 2):
        last = whole[count - 1]
        rest = list(blocks(path, form, offset=last.next_offset, line=last.next_line, size=900))
        assert b"".join(part.text for part in rest) == b"".join(part.text for part in whole[count:])
        assert rest[0].first_line == whole[count].first_line


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "x" * 600_000)
    form = format_of_file(path)
    with pytest.raises(Unreadable, match="Line 5 is longer"):
        list(blocks(path, form, size=100_000))


def test_a_gzip_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = "Time,P\n" + "\n".join(f"2025-01-01,{value}" for value in rng.random(60_000))
    path = written(tmp_path, gzip.compress(noise.encode())[:-2000])
    form = FileFormat("utf-8", True, ",", ".", ("Time", "P"), 1)
    with pytest.raises(Unreadable, match="damaged"):
        list(blocks(path, form))


SHAPES = st.lists(st.sampled_from(["1,2,3", "1,2", "1,2,3,", ",2,3", ",,", " ", "", "1,,", 'a,"b,c",d', "1,2,3,4"]))


@given(SHAPES, SHAPES.filter(bool))
def test_a_block_is_split_alike_whatever_else_is_in_it(before: list[str], after: list[str]) -> None:
    form = FileFormat("utf-8", compressed=False, delimiter=",", decimal=".", columns=("a", "b", "c"), first_data_line=0)
    odd = 'x","y'  # it makes every line be looked at, and is dropped
    parts = [TextBlock(f"{line}\n".encode(), n, 0, n + 1) for n, line in enumerate([*before, *after], start=1)]
    whole = TextBlock(b"".join(part.text for part in parts) + odd.encode(), 1, 0, len(parts) + 2)
    each = [read_table(part, form, (), ("b",)) for part in parts]
    at_once = read_table(whole, form, (), ("b",))
    assert at_once.lines.tolist() == [line for table in each for line in table.lines.tolist()]
    assert [line for line in at_once.malformed_lines.tolist() if line <= len(parts)] == [
        line for table in each for line in table.malformed_lines.tolist()
    ]
