"""The restore drill: a backup made under load, restored into an empty installation, every row compared."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smart_ems.backups import BackupRefused, backup_archive

from .installations import Installation
from .test_backup import disk_full_after

pytestmark = pytest.mark.xdist_group("backups")
Empty = Callable[[str], Installation]
GROWING = {"substations_reading", "substations_pendingrange", "substations_reading_2025_01", "sqlite_sequence"}


@pytest.mark.timeout(120)
def test_every_row_of_a_backup_under_load_comes_back(installation: Installation, empty: Empty, tmp_path: Path) -> None:
    writer = installation.writer()
    try:
        path = installation.back_up(tmp_path / "backups")
        assert writer.poll() is None, "it wrote to the end"
    finally:
        writer.kill()
        writer.wait()
    target = empty("b")
    done = target.restore(path)

    source, restored = installation.rows(), target.rows()
    assert source.keys() == restored.keys()
    for table in source.keys() - GROWING:
        assert restored[table] == source[table], table
    for table in GROWING & source.keys() - {"sqlite_sequence"}:
        assert set(restored[table]) <= set(source[table])
    written = len(restored["substations_pendingrange"])
    assert 0 < written < len(source["substations_pendingrange"])
    assert len(restored["substations_reading"]) == 960 + written, "of one moment: a reading with its pending range"
    assert done.rows == {name: len(restored[name]) for name in done.manifest.rows}
    assert target.files() == installation.files() != {}


def test_a_damaged_database_is_not_backed_up(installation: Installation, tmp_path: Path) -> None:
    if installation.url:
        pytest.skip("PostgreSQL checks its own pages")
    database = installation.folder / "db.sqlite3"
    raw = bytearray(database.read_bytes())
    raw[4096 * 30 : 4096 * 60] = bytes(4096 * 30)
    database.write_bytes(raw)
    with pytest.raises(BackupRefused):
        installation.back_up(tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_with_a_passphrase_the_secret_key_comes_along(original: Installation, empty: Empty, tmp_path: Path) -> None:
    path, target = original.back_up(tmp_path, passphrase="correct horse"), empty("b")
    with pytest.raises(BackupRefused, match="is encrypted: set EMS_BACKUP_PASSPHRASE"):
        target.restore(path)
    with pytest.raises(BackupRefused, match="made with another one"):
        target.restore(path, passphrase="battery staple")
    assert target.restore(path, passphrase="correct horse").has_secret_key
    assert (target.folder / "secret_key").read_text() == (original.folder / "secret_key").read_text()
    assert target.rows() == original.rows()
    other = empty("c")
    assert not other.restore(original.back_up(tmp_path)).has_secret_key
    assert not (other.folder / "secret_key").exists()


def test_a_second_restore_has_to_be_told_and_keeps_what_was_there(
    original: Installation, empty: Empty, tmp_path: Path
) -> None:
    path, target = original.back_up(tmp_path), empty("b")
    assert target.restore(path).safety is None
    target.execute("UPDATE substations_substation SET name = 'later'")
    (target.folder / "media" / "later.csv").write_text("later")
    rows, files = target.rows(), target.files()
    with pytest.raises(BackupRefused, match="give --replace"):
        target.restore(path)
    assert target.rows() == rows
    safety = target.restore(path, replace=True).safety
    assert safety is not None
    assert (target.rows(), target.files()) == (original.rows(), original.files())
    target.restore(safety, replace=True)
    assert (target.rows(), target.files()) == (rows, files)
    assert not list(target.folder.glob(".restoring*"))


@pytest.mark.parametrize("harm", ["cut", "altered", "cut, encrypted", "altered, encrypted"])
def test_a_damaged_backup_changes_nothing(original: Installation, empty: Empty, tmp_path: Path, harm: str) -> None:
    secret = "correct horse" if "encrypted" in harm else ""
    path = original.back_up(tmp_path, passphrase=secret)
    raw = bytearray(path.read_bytes())
    if "cut" in harm:
        del raw[-100:]
    else:
        for place in range(len(raw) // 2, len(raw) // 2 + 64):  # one bit may fall where a run of zeros stays one
            raw[place] ^= 0xFF
    path.write_bytes(raw)
    target = empty("b")
    with pytest.raises(BackupRefused, match=r"damaged or cut off|altered"):
        target.restore(path, passphrase=secret)
    assert not (target.folder / "db.sqlite3").exists()
    assert not (target.folder / "media").exists()
    assert target.url == "" or target.rows() == {}
    with pytest.raises(BackupRefused):
        backup_archive.unpack(path, into=None, passphrase=secret)


def test_a_full_disk_changes_nothing(original: Installation, empty: Empty, tmp_path: Path) -> None:
    path, target = original.back_up(tmp_path), empty("b")
    with disk_full_after(50_000), pytest.raises(BackupRefused, match="could not be"):
        target.restore(path)
    assert [each.name for each in target.folder.iterdir()] == ["run"]
    target.restore(path)
    assert target.rows() == original.rows()


def test_rows_that_are_not_those_of_the_manifest_are_refused(
    installation: Installation, empty: Empty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smart_ems.backups.database_dump.sqlite_rows", lambda path: {"auth_user": 2})
    monkeypatch.setattr("smart_ems.backups.database_dump.postgres_rows", lambda cursor: {"auth_user": 2})
    path, target = installation.back_up(tmp_path), empty("b")
    with pytest.raises(BackupRefused):
        target.restore(path)
    assert target.url == "" or target.rows() == {}
    assert not (target.folder / "db.sqlite3").exists()


def test_it_is_refused_while_the_system_runs(installation: Installation, tmp_path: Path) -> None:
    path = installation.back_up(tmp_path)
    (installation.folder / "run").mkdir(exist_ok=True)
    with (installation.folder / "run" / "ems.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupRefused, match="is running in this folder"):
            installation.restore(path, replace=True)
    writer = installation.writer()
    try:
        with pytest.raises(BackupRefused, match="Stop web, workers and beat"):
            installation.restore(path, replace=True)
    finally:
        writer.kill()
        writer.wait()


def test_a_database_of_a_newer_version_is_refused_by_name(
    installation: Installation, empty: Empty, tmp_path: Path
) -> None:
    name = "9999_from_the_future"
    installation.execute(
        f"INSERT INTO django_migrations (app, name, applied) VALUES ('substations', '{name}', '2030-01-01')"  # noqa: S608
    )
    path = installation.back_up(tmp_path)
    with pytest.raises(BackupRefused, match=f"newer than this one.*substations.{name}"):
        empty("b").restore(path)


def test_a_backup_of_another_kind_of_database_is_refused(original: Installation, tmp_path: Path) -> None:
    from smart_ems.backups.backup_manifest import Manifest
    from smart_ems.backups.restoring import check_fits

    other = "sqlite" if original.url else "postgresql"
    with pytest.raises(BackupRefused, match="Received a backup of"):
        check_fits(Manifest("1", "", other, [], {}), original.data)


def test_the_commands(original: Installation, empty: Empty, tmp_path: Path) -> None:
    (tmp_path / "smart-ems-20200101T000000Z.tar.gz").write_text("old")
    said = original.done("backup", "--to", str(tmp_path), "--keep", "1")
    assert "Deleted" in said
    path = said.partition(": ")[0]
    target = empty("b")
    assert "is whole" in target.done("restore", path, "--check")
    said = target.done("restore", path)
    assert "substations_reading" in said
    assert "Restored: every row" in said
    assert target.rows() == original.rows()
    script = "from substations.models import Substation; print(Substation.objects.create(code='new').pk)"
    assert int(target.done("shell", "-v", "0", "-c", script)) == 3
    for arguments, expected in {
        ("restore", path): "give --replace",
        ("restore", str(tmp_path / "missing")): "expected a backup file",
        ("restore", "manage.py", "--check"): "manage.py is no backup",
        ("backup", "--to", str(tmp_path), "--encrypt"): "Received no passphrase",
        ("backup", "--to", str(tmp_path), "--passphrase-file", os.devnull): "expected a passphrase in it",
    }.items():
        ended = target.manage(*arguments)
        assert (ended.returncode, ended.stderr.startswith("CommandError: ")) == (1, True), ended.stderr
        assert expected in ended.stderr
