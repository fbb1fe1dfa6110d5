"""One file of many members: written once from front to back, read in the same way and checked while it is read."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from smart_ems.private_files import FILE_MODE, FOLDER_MODE

from . import BackupRefused
from .backup_cipher import MAGIC, DecryptingReader, EncryptingWriter
from .backup_manifest import ArchiveMember, Manifest

MANIFEST, SETTINGS, SECRET_KEY, FILES = "manifest.json", "settings.json", "secret_key", "files"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
GZIP_MAGIC = b"\x1f\x8b"
COMPRESSION = 3
"""Chosen: readings shrink to a third with it, and a higher level takes several times as long for a few per cent."""
PIECE_BYTES = 1024 * 1024
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError)


class _Hashing:
    """A file that is read, with the checksum of what was."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


class ArchiveWriter:
    """Members are added one after the other; ``members`` says what was."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, ArchiveMember] = {}

    def add(self, name: str, file: IO[bytes], size_bytes: int) -> None:
        """The first ``size_bytes`` of a file; it may grow meanwhile."""
        info, hashing = tarfile.TarInfo(name), _Hashing(file)
        info.size, info.mode = size_bytes, FILE_MODE
        self._tar.addfile(info, cast("IO[bytes]", hashing))
        self.members[name] = ArchiveMember(size_bytes, hashing.digest.hexdigest())

    def add_path(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self.add(name, file, os.fstat(file.fileno()).st_size)

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, io.BytesIO(content), len(content))


@contextmanager
def writing(path: Path, *, passphrase: str) -> Iterator[ArchiveWriter]:
    """A new archive, encrypted where there is a passphrase; on the disk for good when the block ends."""
    with open(path, "xb", opener=_private) as file:
        cipher = EncryptingWriter(file, passphrase) if passphrase else None
        with (
            gzip.GzipFile(
                filename="", fileobj=cast("Any", cipher or file), mode="wb", compresslevel=COMPRESSION
            ) as packed,
            tarfile.open(fileobj=packed, mode="w|") as tar,
        ):
            yield ArchiveWriter(tar)
        if cipher:
            cipher.finish()
        file.flush()
        os.fsync(file.fileno())


def is_encrypted(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def unpack(path: Path, *, into: Path | None, passphrase: str) -> Manifest:
    """Read a backup to its end, check every checksum, and write its members below ``into``; None only checks.

    Raises:
        BackupRefused: it is no backup, damaged, cut off, altered, or opened by another passphrase.
    """
    with path.open("rb") as file:
        stream = _opened(path, file, passphrase)
        try:
            with gzip.GzipFile(fileobj=cast("Any", stream), mode="rb") as packed:
                manifest, found = _members(cast("IO[bytes]", packed), into)
                while packed.read(PIECE_BYTES):  # to the checksum at the end of the stream
                    pass
        except DAMAGED as error:
            raise BackupRefused(f"{path.name} is damaged or cut off: {error}.") from error
    if manifest is None:
        raise BackupRefused(f"{path.name} has no manifest: it is no backup of Smart EMS, or cut off.")
    if wrong := sorted(
        name for name in manifest.members.keys() | found if manifest.members.get(name) != found.get(name)
    ):
        raise BackupRefused(f"{path.name} was altered: {', '.join(wrong[:5])} is not what its manifest says.")
    return manifest


def _opened(path: Path, file: IO[bytes], passphrase: str) -> IO[bytes]:
    head = file.read(len(MAGIC))
    file.seek(0)
    if head == MAGIC:
        if not passphrase:
            raise BackupRefused(
                f"{path.name} is encrypted: set EMS_BACKUP_PASSPHRASE or EMS_BACKUP_PASSPHRASE_FILE to its passphrase."
            )
        return cast("IO[bytes]", io.BufferedReader(DecryptingReader(file, passphrase), PIECE_BYTES))
    if not head.startswith(GZIP_MAGIC):
        raise BackupRefused(f"{path.name} is no backup of Smart EMS.")
    return file


def _members(packed: IO[bytes], into: Path | None) -> tuple[Manifest | None, dict[str, ArchiveMember]]:
    found: dict[str, ArchiveMember] = {}
    manifest = None
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        for info in tar:
            source = tar.extractfile(info)
            if source is None or manifest is not None or info.name in found or not _is_ours(info.name):
                raise BackupRefused(f"Received the member “{info.name[:100]}”, which no backup has.")
            if info.name == MANIFEST:
                manifest = Manifest.from_json(source.read())
            else:
                found[info.name] = _copied(source, into / info.name if into else None)
    return manifest, found


def _is_ours(name: str) -> bool:
    """Whether a member may be written: a name that backups have, and no way out of the folder."""
    parts = PurePosixPath(name).parts
    if name in (MANIFEST, SETTINGS, SECRET_KEY, *DATABASES.values()):
        return True
    return len(parts) > 2 and parts[0] == FILES and ".." not in parts and "\0" not in name


def _copied(source: IO[bytes], target: Path | None) -> ArchiveMember:
    digest, size_bytes = hashlib.sha256(), 0
    if target:
        target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with open(target or os.devnull, "xb" if target else "wb", opener=_private) as file:
        while piece := source.read(PIECE_BYTES):
            digest.update(piece)
            size_bytes += len(piece)
            file.write(piece)
    return ArchiveMember(size_bytes, digest.hexdigest())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
