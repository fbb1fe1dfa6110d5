"""Parts of a stored file that stand for all of it: its head as whole lines, and slices of the rest."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ingestion.file_formats import GZIP
from ingestion.problems import Unreadable

HEAD_BYTES = 256 * 1024  # chosen: enough rows to know a table
SLICES, SLICE_BYTES = 6, 16 * 1024  # chosen: some days of each season, for the order of dates
MAX_WHOLE_BYTES = 48 * 1024 * 1024  # measured: reading as a whole takes some ten times that of memory
ANY_LINE = 1 << 60  # later than any line
_OTHER_FORMATS = (b"PK", b"\xd0\xcf\x11\xe0", b"<", b"100,NEM", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class FileSample:
    """Text of the file; ``head_lines`` lines of it are its beginning. Compressed files are unpacked."""

    data: bytes
    head_lines: int
    is_whole: bool
    compressed: bool


def is_plain_text(head: bytes) -> bool:
    """True for one-byte text that can be cut at any line end."""
    return not head.lstrip().startswith(_OTHER_FORMATS) and b"\x00" not in head[:4096]


def head_and_slices(path: Path) -> FileSample:
    """The file where it is small or no plain text, else its head and a few slices."""
    with path.open("rb") as file:
        compressed = file.read(2) == GZIP
    with _opened(path, compressed=compressed) as file:
        head = _read(file, HEAD_BYTES + 1)
        if len(head) <= HEAD_BYTES:
            return FileSample(head, ANY_LINE, is_whole=True, compressed=compressed)
        if not is_plain_text(head):
            return FileSample(whole(path), ANY_LINE, is_whole=True, compressed=compressed)
        end = max(head.rfind(b"\n"), 0) or len(head)
        head = head[: end + 1]
        rest = [] if compressed else _slices(file, path.stat().st_size)
    return FileSample(head + b"".join(rest), head.count(b"\n"), is_whole=False, compressed=compressed)


def _slices(file: BinaryIO, size: int) -> list[bytes]:
    """Whole lines from places spread over the file, the last of which is its end."""
    found = []
    for number in range(1, SLICES + 1):
        file.seek(max(HEAD_BYTES, size * number // SLICES - SLICE_BYTES))
        lines = file.read(SLICE_BYTES)
        first, last = lines.find(b"\n") + 1, lines.rfind(b"\n") + 1
        found.append(lines[first:last])
    return found


def whole(path: Path) -> bytes:
    """All bytes of a file, unpacked; raises Unreadable if that is more than can be held."""
    with path.open("rb") as start:
        compressed = start.read(2) == GZIP
    with _opened(path, compressed=compressed) as file:
        data = _read(file, MAX_WHOLE_BYTES + 1)
    if len(data) > MAX_WHOLE_BYTES:
        limit = MAX_WHOLE_BYTES // 1024**2
        raise Unreadable(
            f"The file has more than {limit} MB and its columns cannot be loaded one by one: it has to be read as a "
            "whole. Split it, by months for example, or export one row per time with a column per quantity."
        )
    return data


def _opened(path: Path, *, compressed: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if compressed else path.open("rb")


def _read(file: BinaryIO, count: int) -> bytes:
    try:
        return file.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(
            f"The compressed data is damaged ({error}); expected a complete gzip file. Compress and send it again."
        ) from error
