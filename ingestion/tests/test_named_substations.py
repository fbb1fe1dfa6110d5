"""The substations that a file names are those of its good lines, however few of its blocks are split into columns."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheets import unguarded
from ingestion.file_formats import FileFormat
from ingestion.named_substations import NamedSubstations
from ingestion.parsing import TextBlock, read_table

FORM = FileFormat("utf-8", compressed=False, delimiter=",", decimal=".", columns=("P", "Name", "Q"), first_data_line=1)
FORMS = [FORM, replace(FORM, columns=("Name", "P", "Q")), replace(FORM, columns=("P", "Q", "Name"))]
CELLS = ("A", "B", " B", "Ü-1", '"C"', '"D,E"', "'F", "NA", "", "-", "G\0")
LINES = st.sampled_from(
    ["", *(form.format(cell) for form in ("1,{},2", "{},1,2", "1,2,{}", "1,{}", "{},1,2,3") for cell in CELLS)]
)


def block(lines: list[str], first_line: int) -> TextBlock:
    return TextBlock("".join(f"{line}\n" for line in lines).encode(), first_line, 0, first_line + len(lines))


def split(each: TextBlock, form: FileFormat) -> list[str]:
    cells = read_table(each, form, (), ("Name",)).cells["Name"]
    return [unguarded(str(name).strip()) for name in cells.dropna().unique()]


@pytest.mark.parametrize("form", FORMS, ids=("middle", "first", "last"))
@given(texts=st.lists(st.lists(LINES, min_size=1, max_size=6), min_size=1, max_size=5))
def test_the_names_are_those_of_splitting_every_block(form: FileFormat, texts: list[list[str]]) -> None:
    blocks, line = [], 1
    for lines in texts:
        blocks.append(block(lines, line))
        line += len(lines)
    found = NamedSubstations(form, "Name")
    for each in blocks:
        found.look_at(each)
    assert found.names == list(dict.fromkeys(name for each in blocks for name in split(each, form)))


def test_a_name_that_only_a_bad_line_had_is_found_when_a_good_one_brings_it() -> None:
    found = NamedSubstations(FORM, "Name")
    found.look_at(block(["P,Name,Q", "1,A"], 1))
    assert found.names == []
    found.look_at(block(["1,A,2"], 3))
    assert found.names == ["A"]


def test_nothing_is_looked_for_where_nobody_asks() -> None:
    found = NamedSubstations(FORM, None)
    found.look_at(block(["P,Name,Q", "1,A,2"], 1))
    assert found.names == []
