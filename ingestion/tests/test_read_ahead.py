"""A file is read one block ahead of what is stored of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ingestion import parsing, read_ahead
from ingestion.file_formats import FileFormat
from ingestion.parsing import MAX_LINE_BYTES
from ingestion.plan import ImportPlan
from ingestion.problems import Unreadable

PLAN = ImportPlan(choices={"t": {"target": "timestamp"}, "kW": {"target": "active_power_kw"}})
LINES = [f"2025-03-01 {n // 60:02}:{n % 60:02},{n}.5\n" for n in range(600)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "blocks", partial(parsing.blocks, size=1000))


def form_of(path: Path, text: str) -> FileFormat:
    path.write_text("t,kW\n" + text)
    return FileFormat("utf-8", compressed=False, delimiter=",", decimal=".", columns=("t", "kW"), first_data_line=1)


def test_every_block_comes_once_and_in_order_with_its_own_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    found = list(read_ahead.tables(path, form_of(path, "".join(LINES)), PLAN, offset=0, line=1))
    assert len(found) > 10
    assert [value for _, table in found for value in table.cells["kW"]] == [n + 0.5 for n in range(600)]
    assert [block.next_line - 1 for block, _ in found] == [int(table.lines[-1]) for _, table in found]


def test_it_goes_on_where_an_earlier_block_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    form = form_of(path, "".join(LINES))
    first, _ = next(iter(read_ahead.tables(path, form, PLAN, offset=0, line=1)))
    rest = read_ahead.tables(path, form, PLAN, offset=first.next_offset, line=first.next_line)
    assert next(iter(rest))[1].lines[0] == first.next_line


def test_what_cannot_be_read_is_told_after_what_comes_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    form = form_of(path, "".join(LINES[:100]) + "9" * (MAX_LINE_BYTES + 2000))
    given: list[int] = []
    with pytest.raises(Unreadable, match="longer than"):
        given.extend(len(table) for _, table in read_ahead.tables(path, form, PLAN, offset=0, line=1))
    assert sum(given) > 50
