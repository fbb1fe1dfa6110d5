"""What a backup says of itself: its version and database, how many rows, and the checksum of each member."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from . import BackupRefused

ARCHIVE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file of the archive: its size and the SHA-256 of its content, in hexadecimal."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """``migrations``: those applied, as ``app.name``; ``rows``: by table; ``made_at``: ISO 8601, UTC."""

    version: str
    made_at: str
    engine: str
    migrations: list[str]
    rows: dict[str, int]
    members: dict[str, ArchiveMember] = field(default_factory=dict)

    def to_json(self) -> bytes:
        return json.dumps({"format": ARCHIVE_FORMAT} | asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Manifest:
        """Raises:
        BackupRefused: it is none, or one of a format that this version does not know.
        """
        try:
            values: dict[str, Any] = json.loads(raw)
            number = values.pop("format")
            members = {name: ArchiveMember(**each) for name, each in values.pop("members").items()}
            manifest = cls(**values, members=members)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackupRefused(f"The manifest of the backup cannot be read: {error}.") from error
        if number != ARCHIVE_FORMAT:
            raise BackupRefused(f"Received a backup of format {number}; this version reads format {ARCHIVE_FORMAT}.")
        return manifest
