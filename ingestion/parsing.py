"""Path → column arrays, block by block, so that a 2 GB export passes through a few megabytes of memory.

A block is whole lines. It is checked with numpy on its bytes (number of fields, quotation marks, zero bytes), so that
the line number of every problem is exact, and only then read by pandas.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from core.lazy_modules import LazyModule
from ingestion.file_formats import FileFormat
from ingestion.problems import KEPT_OF_A_KIND, BoolArray, IntArray, Problems, TextArray, Unreadable, at_lines, join

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

# chosen: some twenty thousand rows; large enough for numpy, small enough for memory and a quick commit.
BLOCK_BYTES = 2 * 1024 * 1024
# chosen: a thousand times a usual line; beyond it the file has no line ends.
MAX_LINE_BYTES = 256 * 1024
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "None", "-", "--", "---")
# Chosen: the code or name of a substation is shorter; what is longer is read in the thorough way.
_QUICK_LENGTH = 200
# ASCII.
_NEWLINE, _QUOTE = 10, 34
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Whole lines as UTF-8: the first one's 1-based number, and the place in the text where the next block begins."""

    text: bytes
    first_line: int
    next_offset: int
    next_line: int


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """Columns of one block by header. ``cells`` hold text, floats or None; ``lines`` the 1-based line of each row.

    ``malformed_lines`` are the lines that could not be split into fields; ``problems`` tells of them.
    """

    lines: IntArray
    cells: dict[str, pd.Series]
    problems: Problems
    malformed_lines: IntArray = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def malformed(self) -> int:
        return len(self.malformed_lines)

    def __len__(self) -> int:
        return len(self.lines)


class _Text:
    """The file's text as bytes that can be cut at a line feed: unpacked, and transcoded if characters are wide."""

    def __init__(self, path: Path, form: FileFormat) -> None:
        self._file = cast(BinaryIO, gzip.open(path)) if form.compressed else path.open("rb")  # noqa: SIM115  (closed by close())
        self._decoder = codecs.getincrementaldecoder(form.encoding)("replace") if form.wide else None

    def read(self, size: int) -> bytes:
        try:
            raw = self._file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(
                f"The compressed data is damaged ({error}); expected a complete gzip file. Compress and send it again."
            ) from error
        if self._decoder is None:
            return raw
        text = self._decoder.decode(raw, final=not raw)
        # A wide file may decode to nothing although more follows; only an empty read means the end.
        return text.encode("utf-8", "replace") if text or not raw else self.read(size)

    def skip(self, count: int) -> None:
        if self._decoder is None:
            self._file.seek(count)
            return
        rest = b""
        while count > 0 and (rest := self.read(BLOCK_BYTES)):
            count -= len(rest)
        self._left = rest[len(rest) + count :] if count < 0 else b""

    _left = b""

    def take(self, size: int) -> bytes:
        left, self._left = self._left, b""
        return left or self.read(size)

    def close(self) -> None:
        self._file.close()


def blocks(
    path: Path, form: FileFormat, *, offset: int = 0, line: int = 1, size: int = BLOCK_BYTES
) -> Iterator[TextBlock]:
    """The text in blocks of whole lines, from a place where an earlier block ended (``next_offset``, ``next_line``)."""
    source = _Text(path, form)
    try:
        source.skip(offset)
        rest = b""
        while True:
            chunk = source.take(size)
            text = rest + chunk
            if not text:
                return
            cut = _last_line_end(text) if chunk else len(text)
            text, rest = text[:cut], text[cut:]
            if len(rest) > MAX_LINE_BYTES:
                raise Unreadable(
                    f"Line {line + _count_lines(text)} is longer than {MAX_LINE_BYTES // 1024} KiB; "
                    "expected one reading per line."
                )
            if text:
                offset += len(text)
                following = line + _count_lines(text)
                yield TextBlock(_as_utf8(text, form), line, offset, following)
                line = following
            if not chunk:
                return
    finally:
        source.close()


def _last_line_end(text: bytes) -> int:
    end = text.rfind(b"\n") + 1
    # Old Macs end lines with CR alone; a CR at the very end may be half of CR LF.
    return end or text.rfind(b"\r", 0, len(text) - 1) + 1


def _count_lines(text: bytes) -> int:
    count = text.count(b"\n")
    if b"\r" in text:
        count += text.count(b"\r") - text.count(b"\r\n")
    return count if not text or text[-1:] in (b"\n", b"\r") else count + 1


def _as_utf8(text: bytes, form: FileFormat) -> bytes:
    if not form.wide and not text.isascii():
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            # A file that began as ASCII may hold the first umlaut of another code page here.
            single = form.encoding if not form.encoding.startswith("utf") else "latin_1"
            text = text.decode(single, "replace").encode("utf-8")
        else:
            if not form.encoding.startswith("utf"):
                text = text.decode(form.encoding, "replace").encode("utf-8")
    text = text.removeprefix(codecs.BOM_UTF8)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def read_table(block: TextBlock, form: FileFormat, numbers: Collection[str], texts: Collection[str]) -> ParsedBlock:
    """The wanted columns of one block. Lines of the wrong shape become problems, blank lines vanish.

    ``numbers`` come as floats where the whole column is clean, else as text for ``validation`` to look at;
    ``texts`` always come as text.
    """
    shaped = _well_formed(block, form)
    wanted = [name for name in form.columns if name in numbers or name in texts]
    if not len(shaped.lines) or not wanted:
        empty = {name: pd.Series([], dtype=object) for name in wanted}
        return ParsedBlock(shaped.lines[: 0 if wanted else None], empty, shaped.problems, shaped.malformed_lines)
    positions = [form.columns.index(name) for name in wanted]
    try:
        frame = _read_csv(shaped, form, positions, texts)
    except pd.errors.ParserError:
        # A quotation mark inside a field: our count of the fields and pandas' differ.
        shaped = _well_formed(block, form, allow_quotes=False)
        frame = _read_csv(shaped, form, positions, texts)
    cells = {name: frame[position] for name, position in zip(wanted, positions, strict=True)}
    return ParsedBlock(shaped.lines, cells, shaped.problems, shaped.malformed_lines)


def texts_in(block: TextBlock, form: FileFormat, name: str) -> set[str] | None:
    """What stands in a column as written: every text that ``read_table`` finds there, and perhaps some of the lines
    that it leaves out; far quicker. None where quotation marks hide which field is which, or a text is very long."""
    if b'"' in block.text:
        return None
    data = np.frombuffer(block.text, dtype=np.uint8)
    line_ends = np.append(np.flatnonzero(data == _NEWLINE), len(data))
    starts = np.append(0, line_ends[:-1] + 1)
    places = np.append(np.flatnonzero(data == ord(form.delimiter)), len(data))
    before = form.columns.index(name)
    after = np.searchsorted(places, starts) + before
    begins = starts if not before else places[np.minimum(after - 1, len(places) - 1)] + 1
    ends = np.minimum(places[np.minimum(after, len(places) - 1)], line_ends)  # the last field ends with its line
    begins, lengths = begins[begins <= line_ends], (ends - begins)[begins <= line_ends]
    width = int(lengths.max(initial=1))
    if width > _QUICK_LENGTH:
        return None
    offsets = np.arange(width)
    cells = data[np.minimum(begins[:, None] + offsets, len(data) - 1)]
    cells[offsets >= lengths[:, None]] = 0
    return {text.decode("utf-8", "replace") for text in set(cells.view(f"S{width}").ravel().tolist())}


def _read_csv(shaped: _Shaped, form: FileFormat, positions: list[int], texts: Collection[str]) -> pd.DataFrame:
    if not shaped.text:
        return pd.DataFrame({position: pd.Series([], dtype=object) for position in positions})
    return pd.read_csv(
        io.BytesIO(shaped.text),
        header=None,
        names=list(range(shaped.width)),
        index_col=False,
        usecols=positions,
        dtype={position: object for position in positions if form.columns[position] in texts},
        sep=form.delimiter,
        decimal=form.decimal,
        na_values=list(MISSING),
        keep_default_na=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        low_memory=False,
        engine="c",
        encoding="utf-8",
    )


@dataclass(frozen=True, slots=True)
class _Shaped:
    text: bytes
    lines: IntArray
    problems: Problems
    malformed_lines: IntArray
    width: int


def _well_formed(block: TextBlock, form: FileFormat, *, allow_quotes: bool = True) -> _Shaped:
    """Drop what comes before the data, blank lines, and lines with the wrong number of fields."""
    text = block.text if block.text.endswith(b"\n") else block.text + b"\n"
    data = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(data == _NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lines = block.first_line + np.arange(len(ends), dtype=np.int64)
    if block.first_line > form.first_data_line and _is_clean(text, data, starts, ends, form):
        return _Shaped(text, lines, Problems(), np.empty(0, np.int64), len(form.columns))
    quotes = data == _QUOTE
    has_quotes = bool(quotes.any())
    delimiters = data == ord(form.delimiter)
    if has_quotes:
        odd = np.add.reduceat(quotes, starts, dtype=np.int64) % 2 == 1
        delimiters = delimiters & ~_inside_quotes(quotes, starts, ends)
    else:
        odd = np.zeros(len(ends), dtype=bool)
    fields = np.add.reduceat(delimiters, starts, dtype=np.int64) + 1
    ends_open = delimiters[np.maximum(ends - 1, 0)] & (ends > starts)
    width = len(form.columns)
    blank = _blank_lines(data, starts, ord(form.delimiter))
    data_lines = (lines > form.first_data_line) & ~blank
    if not allow_quotes:
        odd = _any_in_line(quotes, starts)
    zero = data_lines & _any_in_line(data == 0, starts)
    odd = data_lines & odd & ~zero
    wrong = data_lines & (fields != width) & ~((fields == width + 1) & ends_open) & ~odd & ~zero
    raw = _texts_of(text, starts, ends, odd | wrong | zero)
    shape = f"{width} fields, as in the header, parted by {_NAMES.get(form.delimiter, form.delimiter)}"
    problems = join(
        [
            at_lines(lines, zero, "line", raw, "text without zero bytes"),
            at_lines(lines, odd, "line", raw, "quotation marks in pairs, around a whole field of one line"),
            at_lines(lines, wrong, "line", _counted(raw, fields), shape),
        ]
    )
    bad = wrong | odd | zero
    good = data_lines & ~bad
    kept = text if good.all() else data[np.repeat(good, ends - starts + 1)].tobytes()
    widest = int(fields[good].max(initial=width))  # one more where a delimiter ends the line
    return _Shaped(kept, lines[good], problems, lines[bad], widest)


def _is_clean(text: bytes, data: NDArray[np.uint8], starts: IntArray, ends: IntArray, form: FileFormat) -> bool:
    """True if every line is data of the right shape: what most blocks are, and cheaper to see than what is wrong."""
    between = len(form.columns) - 1
    if not between or b'"' in text or b"\0" in text:
        return False
    places = np.flatnonzero(data == ord(form.delimiter))
    if len(places) != between * len(starts):
        return False
    first = data[starts]
    if not ((first > ord(" ")) & (first != ord(form.delimiter))).all():
        return False
    by_line = places.reshape(len(starts), between)
    return bool(((by_line[:, 0] > starts) & (by_line[:, -1] < ends)).all())


def _inside_quotes(quotes: BoolArray, starts: IntArray, ends: IntArray) -> BoolArray:
    running = np.cumsum(quotes, dtype=np.int64)
    before_line = np.repeat(running[starts] - quotes[starts], ends - starts + 1)
    inside: BoolArray = (running - before_line) % 2 == 1
    return inside


def _any_in_line(where: BoolArray, starts: IntArray) -> BoolArray:
    if not where.any():
        return np.zeros(len(starts), dtype=bool)
    return np.add.reduceat(where, starts, dtype=np.int64) > 0


def _blank_lines(data: NDArray[np.uint8], starts: IntArray, delimiter: int) -> BoolArray:
    """Lines of nothing but blanks and delimiters."""
    ink = (data > 32) & (data != delimiter)
    return ~(np.add.reduceat(ink, starts, dtype=np.int64) > 0)


def _texts_of(text: bytes, starts: IntArray, ends: IntArray, where: BoolArray) -> TextArray:
    """The text of the complained-of lines (they are few), None elsewhere."""
    texts = np.full(len(starts), None, dtype=object)
    for index in np.flatnonzero(where)[:KEPT_OF_A_KIND]:
        texts[index] = text[starts[index] : min(ends[index], starts[index] + 400)].decode("utf-8", "replace")
    return texts


def _counted(raw: TextArray, fields: IntArray) -> TextArray:
    labelled = np.full(len(raw), None, dtype=object)
    for index in np.flatnonzero(pd.notna(raw)):
        labelled[index] = f"{fields[index]} fields: {raw[index]}"
    return labelled
