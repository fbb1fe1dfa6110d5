"""Bytes → grids of cells, whatever the name of the file says: text tables, workbooks, archives, Green Button, NEM12."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib

from ingestion.exports.grids import NoReadings, Opened
from ingestion.exports.text_tables import text_file
from ingestion.exports.workbooks import workbook
from ingestion.problems import Unreadable

UNPACKED_BYTES = 400 * 1024 * 1024  # what fits into memory several times; a larger archive has to be split


_PQDIF = b"\x99\x00\x50\x51\x44\x49\x46\x00"  # the end of the GUID that every record of a PQDIF file begins with


_REFUSED = {
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a SQLite database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}


def opened(data: bytes, name: str = "") -> Opened:
    """The grids of a file; raises Unreadable with what was found and how to mend it."""
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Unreadable("The file is empty; expected a header line and at least one row of readings.")
    for magic, what in _REFUSED.items():
        if data.startswith(magic):
            raise Unreadable(f"This is {what}; expected a table. Export the readings as CSV or as a workbook (.xlsx).")
    if _PQDIF in data[:64]:
        raise NoReadings(
            "This is a PQDIF file of a power quality meter; it cannot be read. Open it in the meter's program "
            "and export the trend of power, voltage and current as CSV."
        )
    if data.startswith(b"\x1f\x8b"):
        return opened(_unpacked(data), re.sub(r"(?i)\.gz$", "", name))
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return workbook(data)
    return text_file(data, name)


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            plain = packed.read(UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(
            f"The compressed data is damaged ({error}); expected a complete gzip file. Compress and send it again."
        ) from error
    return _within_limit(plain)


def _within_limit(plain: bytes) -> bytes:
    if len(plain) > UNPACKED_BYTES:
        raise Unreadable(f"The file unpacks to more than {UNPACKED_BYTES:,} bytes. Split it.")
    return plain


def _archive(data: bytes) -> Opened:
    """A workbook, or a ZIP of tables that belong together."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise Unreadable(
            f"The archive is damaged ({error}); expected a complete ZIP. Pack and send it again."
        ) from error
    if any(n.startswith(("xl/", "content.xml")) or n == "mimetype" for n in names):
        return workbook(data)
    if sum(info.file_size for info in archive.infolist()) > UNPACKED_BYTES:
        raise Unreadable(f"The archive unpacks to more than {UNPACKED_BYTES:,} bytes. Split it.")
    members = [n for n in sorted(names) if not n.endswith("/") and not re.search(r"(^|/)(\._|__MACOSX|\.)", n)]
    parts, faults = [], []
    for member in members:
        try:
            parts.append(opened(_within_limit(archive.read(member)), member))
        except Unreadable as error:
            faults.append(f"{member}: {error}")
        except (RuntimeError, zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
            raise Unreadable(
                f"{member} in the archive cannot be unpacked ({error}). Send it without a password."
            ) from error
    if not parts:
        raise Unreadable("The archive holds no table. " + (faults[0] if faults else "Pack the exported CSV files."))
    if len({part.energy for part in parts}) > 1 or len({part.zone_said for part in parts}) > 1:
        raise Unreadable("The archive holds files of several formats; send those of each format on their own.")
    grids = [grid for part in parts for grid in part.grids]
    return Opened("zip", grids, parts[0].encoding, parts[0].delimiter, parts[0].energy, parts[0].zone_said)
