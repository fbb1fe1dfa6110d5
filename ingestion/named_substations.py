"""The substations that a file names, found block by block before anything of it is stored."""

from __future__ import annotations

from core.spreadsheets import unguarded
from ingestion import parsing
from ingestion.file_formats import FileFormat
from ingestion.parsing import MISSING, TextBlock


class NamedSubstations:
    """What good lines say in the column of the substation (None: there is none, or nobody asks).

    A block is split into columns only where a text stands there that no good line had before: nearly never.
    """

    def __init__(self, form: FileFormat, header: str | None) -> None:
        self._form, self._header = form, header
        self._names: dict[str, None] = {}
        self._known_texts = set(MISSING)

    @property
    def names(self) -> list[str]:
        """In the order in which they were found."""
        return list(self._names)

    def look_at(self, block: TextBlock) -> None:
        """Add the names of a block."""
        if self._header is None:
            return
        texts = parsing.texts_in(block, self._form, self._header)
        if texts is not None and texts <= self._known_texts:
            return
        column = parsing.read_table(block, self._form, (), (self._header,)).cells[self._header]
        self._names |= dict.fromkeys(unguarded(str(name).strip()) for name in column.dropna().unique())
        # A text of a line that is left out is no name yet: a good line may bring it later.
        self._known_texts |= {text for text in texts or () if text.strip() in self._names}
