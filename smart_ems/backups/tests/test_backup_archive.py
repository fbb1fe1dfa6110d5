"""What is read from a file that comes from elsewhere: nothing is written outside, nothing is taken on trust."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from smart_ems.backups import BackupRefused, backup_archive
from smart_ems.backups.backup_manifest import ArchiveMember, Manifest


def archive(path: Path, names: list[str], *, manifest: bytes | None = None, kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            info.size = 1 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"x"))
        if manifest is not None:
            info = tarfile.TarInfo("manifest.json")
            info.size = len(manifest)
            tar.addfile(info, io.BytesIO(manifest))
    return path


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/cron.d/x", "files/media/../../../x", "other", "files/x", "files", "database.sqlite3/x"]
)
def test_a_member_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BackupRefused, match="which no backup has"):
        backup_archive.unpack(archive(tmp_path / "a.tar.gz", [name]), into=tmp_path / "into", passphrase="")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = archive(tmp_path / "a.tar.gz", ["files/media/x"], kind=kind)
    with pytest.raises(BackupRefused):
        backup_archive.unpack(path, into=tmp_path / "into", passphrase="")


def test_a_member_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", ["files/media/x", "files/media/x"])
    with pytest.raises(BackupRefused, match="which no backup has"):
        backup_archive.unpack(path, into=tmp_path / "into", passphrase="")


def test_without_a_manifest_it_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="has no manifest"):
        backup_archive.unpack(archive(tmp_path / "a.tar.gz", ["files/media/x"]), into=None, passphrase="")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"format": 1}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(BackupRefused, match="manifest of the backup cannot be read"):
        backup_archive.unpack(archive(tmp_path / "a.tar.gz", [], manifest=raw), into=None, passphrase="")


def test_a_later_format_is_named(tmp_path: Path) -> None:
    raw = Manifest("9", "", "sqlite", [], {}).to_json().replace(b'"format": 1', b'"format": 2')
    with pytest.raises(BackupRefused, match="Received a backup of format 2"):
        backup_archive.unpack(archive(tmp_path / "a.tar.gz", [], manifest=raw), into=None, passphrase="")


@pytest.mark.parametrize(
    "members", [{}, {"files/media/x": ArchiveMember(1, "0")}, {"files/media/y": ArchiveMember(1, "0")}]
)
def test_members_are_those_of_the_manifest(tmp_path: Path, members: dict[str, ArchiveMember]) -> None:
    raw = Manifest("1", "", "sqlite", [], {}, members).to_json()
    path = archive(tmp_path / "a.tar.gz", ["files/media/x"], manifest=raw)
    with pytest.raises(BackupRefused, match="was altered"):
        backup_archive.unpack(path, into=None, passphrase="")


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"\x1f\x8b\x08"])
def test_another_kind_of_file_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a").write_bytes(raw)
    with pytest.raises(BackupRefused):
        backup_archive.unpack(tmp_path / "a", into=None, passphrase="")
