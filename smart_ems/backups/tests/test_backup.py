"""A backup is one whole file, of one moment, while others write; or nothing, and a sentence."""

from __future__ import annotations

import json
import resource
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smart_ems.backups import BackupRefused

from .installations import Installation

pytestmark = pytest.mark.xdist_group("backups")


def backups(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@contextmanager
def disk_full_after(size_bytes: int) -> Iterator[None]:
    """No file may grow beyond this, as on a disk that has no more room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_it_holds_database_files_settings_and_a_manifest(original: Installation, tmp_path: Path) -> None:
    path = original.back_up(tmp_path / "backups")
    assert backups(tmp_path / "backups") == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        json.loads(tar.extractfile("settings.json").read())  # type: ignore[union-attr]
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        names = tar.getnames()
    assert [name for name in names if name.startswith("files/media/uploads/")] != []
    assert manifest["rows"]["substations_reading"] == 960
    assert manifest["rows"]["auth_user"] == 1
    assert manifest["version"]
    assert any(name.startswith("substations.0001") for name in manifest["migrations"])
    assert set(manifest["members"]) == set(names) - {"manifest.json"}
    assert "secret_key" not in names


def test_what_a_killed_one_left_is_cleared_away(original: Installation, tmp_path: Path) -> None:
    left = tmp_path / "backups" / ".unfinished-x"
    left.mkdir(parents=True)
    (left / "archive").write_text("half")
    path = original.back_up(left.parent)
    assert backups(left.parent) == [path]


def test_two_within_a_second_have_two_names(original: Installation, tmp_path: Path) -> None:
    assert len({original.back_up(tmp_path / "backups") for _round in range(3)}) == 3


def test_an_encrypted_one_says_nothing_to_others(original: Installation, tmp_path: Path) -> None:
    path = original.back_up(tmp_path, passphrase="correct horse")
    assert path.name.endswith(".tar.gz.enc")
    assert not tarfile.is_tarfile(path)


def test_a_folder_that_cannot_be_written_is_named(original: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupRefused, match="file/b could not be made: Not a directory"):
        original.back_up(tmp_path / "file" / "b")


@pytest.mark.parametrize("size_bytes", [1_000, 20_000])
def test_a_full_disk_leaves_the_older_backup_and_nothing_else(
    original: Installation, tmp_path: Path, size_bytes: int
) -> None:
    before = original.back_up(tmp_path / "backups")
    with disk_full_after(size_bytes), pytest.raises(BackupRefused):
        original.back_up(tmp_path / "backups")
    assert backups(tmp_path / "backups") == [before]
