"""What the stages before the assembly of rows found in one file."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.exports.file_clock import Instants
from ingestion.exports.grids import Opened
from ingestion.exports.measured import Measured
from ingestion.exports.shapes import Shaped
from ingestion.exports.table_rows import Columns


@dataclass(frozen=True, slots=True)
class Gathered:
    """The file as opened, its table, the rows of one time each, their columns as numbers, and their times."""

    file: Opened
    table: Columns
    shape: Shaped
    columns: list[Measured]
    when: Instants
