"""No other account of the machine reads the data folder, also not that of an installation that was open."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from smart_ems import checks, private_files
from smart_ems.supervisor.child import Child


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_installation(tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    for name in ("media/uploads", "log", "run"):
        (folder / name).mkdir(parents=True)
    for name in ("secret_key", "db.sqlite3", "db.sqlite3-wal", "media/uploads/1.csv", "log/web.log"):
        (folder / name).write_text("x")
    for path in (folder, *private_files.everything(folder)):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def test_a_start_closes_an_open_installation(open_installation: Path) -> None:
    script = "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'smart_ems.settings'; django.setup()"
    env = os.environ | {"EMS_VAR_DIR": str(open_installation)}
    subprocess.run([sys.executable, "-c", script], env=env, cwd=settings.BASE_DIR, check=True)
    closed = {
        name: mode(open_installation / name) for name in (".", "secret_key", "db.sqlite3", "db.sqlite3-wal", "log")
    }
    assert closed == {".": 0o700, "secret_key": 0o600, "db.sqlite3": 0o600, "db.sqlite3-wal": 0o600, "log": 0o700}
    assert (open_installation / "secret_key").read_text() == "x"


def test_the_launcher_closes_everything_in_it(open_installation: Path) -> None:
    (open_installation / "elsewhere").symlink_to("/nowhere")
    private_files.close_everything(open_installation)
    found = [path for path in private_files.everything(open_installation) if not path.is_symlink()]
    assert len(found) == 9
    assert {mode(path) for path in found if path.is_file()} == {0o600}
    assert {mode(path) for path in found if path.is_dir()} == {0o700}


def test_what_others_share_is_left_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o1777)
    private_files.close_everything(tmp_path)
    assert mode(tmp_path) == 0o1777
    monkeypatch.setattr(checks, "VAR_DIR", tmp_path)
    assert [warning.id for warning in checks.data_folder()] == ["smart_ems.W003"]
    tmp_path.chmod(0o700)
    assert checks.data_folder() == []


def test_the_top_of_the_file_system_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mode(Path("/usr"))
    private_files.close_folder(Path("/usr"))
    assert mode(Path("/usr")) == before


def test_files_that_are_uploaded_and_logs_are_closed(tmp_path: Path) -> None:
    stored = Path(default_storage.path(default_storage.save("uploads/a.csv", ContentFile(b"x"))))
    assert (mode(stored), mode(stored.parent)) == (0o600, 0o700)
    child = Child("one", [sys.executable, "-c", ""], tmp_path / "log" / "one.log")
    child.start()
    child.stop()
    assert (mode(child.log), mode(child.log.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("key", ["", "set"])
def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path, key: str) -> None:
    (tmp_path / "file").write_text("in the way")
    env = os.environ | {"EMS_VAR_DIR": str(tmp_path / "file" / "var"), "EMS_SECRET_KEY": key}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, env=env, cwd=settings.BASE_DIR, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"The data folder {tmp_path / 'file' / 'var'} cannot be used: ")
    assert done.stderr.count("\n") == 1


def test_what_is_no_matter_of_the_folder_is_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), private_files.said_of_folder(tmp_path / "var"):
        (tmp_path / "elsewhere").read_text()
    with pytest.raises(FileNotFoundError), private_files.said_of_folder(tmp_path):
        (tmp_path / "a file that a fault of ours forgot").read_text()
    with pytest.raises(ConnectionError), private_files.said_of_folder(tmp_path):
        raise ConnectionResetError(104, "Connection reset by peer")
