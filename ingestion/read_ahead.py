"""The tables of a file one after the other; while one is stored the next is read."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingestion import parsing
from ingestion.file_formats import FileFormat
from ingestion.parsing import ParsedBlock, TextBlock
from ingestion.plan import ImportPlan


def tables(
    path: Path, form: FileFormat, plan: ImportPlan, *, offset: int, line: int
) -> Iterator[tuple[TextBlock, ParsedBlock]]:
    """Each block with its table, from the place where an earlier one ended; never more than one is read ahead.

    Raises Unreadable where the text cannot be read on, after what comes before it was given out.
    """
    blocks = parsing.blocks(path, form, offset=offset, line=line)

    def read() -> tuple[TextBlock, ParsedBlock] | None:
        block = next(blocks, None)
        return None if block is None else (block, parsing.read_table(block, form, plan.numbers, plan.texts))

    with ThreadPoolExecutor(1, "read ahead") as reader:
        upcoming = reader.submit(read)
        while (found := upcoming.result()) is not None:
            upcoming = reader.submit(read)
            yield found
