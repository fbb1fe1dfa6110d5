"""How a plain table is written: what the reader must know to go through it in blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ingestion.exports.outcome import Interpretation

GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """``first_data_line`` is the number of lines before the first row of values."""

    encoding: str
    compressed: bool
    delimiter: str
    decimal: str
    columns: tuple[str, ...]
    first_data_line: int

    @property
    def wide(self) -> bool:
        """True if characters take two or four bytes, so that the file must be transcoded to be cut."""
        return self.encoding.replace("_", "-") in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")

    def to_json(self) -> dict[str, Any]:
        """As a plain dict."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FileFormat:
        return cls(**{**data, "columns": tuple(data["columns"])})


def format_of(found: Interpretation, *, compressed: bool) -> FileFormat | None:
    """The format of a plain table with a row per time; None for every other layout."""
    table = found.table
    if table is None or found.layout != "wide" or len(found.delimiter) > 1:
        return None
    return FileFormat(
        found.encoding, compressed, found.delimiter or ",", table.decimal, table.headers, max(0, table.first_line - 1)
    )
