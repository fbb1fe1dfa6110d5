"""The wheel: built, unpacked into an environment of its own, and used from another folder as an installed program."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.xdist_group("package")
HOURS = [
    f"2026-03-{day:02}T{hour:02}:00:00Z,SS-01,{100 + hour},{40 + hour}" for day in range(1, 9) for hour in range(24)
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel; the packages that it needs are those of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    places = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(places)
    (places / "packages.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


def run(python: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("EMS_", "DATABASE_", "PYTHON"))}
    env |= {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
    command = [str(python), "-m", "smart_ems", *arguments]
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=200)


def test_it_holds_pages_and_no_tests_and_names_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [facts] = [name for name in names if name.endswith("METADATA")]
        described = message_from_string(archive.read(facts).decode())
        [scripts] = [name for name in names if name.endswith("entry_points.txt")]
        assert "smart-ems = smart_ems.command_line:main" in archive.read(scripts).decode()
    assert "smart_ems/web_files/templates/base.html" in names
    assert any(name.startswith("smart_ems/web_files/static/vendor/") for name in names)
    assert "mlcore/data/network_backbone.safetensors" in names
    assert not [name for name in names if "/tests/" in name or name.startswith(("deploy", "docs", "var"))]
    needs = described.get_all("Requires-Dist") or []
    assert any(each.startswith("django~=5.2") for each in needs)
    assert [each for each in needs if each.startswith("tensorflow") and "extra == 'learning'" not in each] == []


def test_it_finds_losses_in_a_file_and_writes_into_the_persons_own_folder(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text("\n".join(["time,substation,active_power_kw,reactive_power_kvar", *HOURS]))
    done = run(installed, "inspect", "readings.csv", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "192" in done.stdout
    found = run(installed, "detect", "readings.csv", home=tmp_path)
    assert found.returncode == 0, found.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) in (["data", "readings.csv"], ["readings.csv"])


def test_its_pages_are_drawn(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "migrate", "--verbosity", "0", home=tmp_path).returncode == 0
    assert (tmp_path / "data/smart-ems/db.sqlite3").is_file()
    assert run(installed, "collectstatic", "--noinput", "--verbosity", "0", home=tmp_path).returncode == 0
    code = "from django.test import Client; print(Client(SERVER_NAME='localhost').get('/sign-in/').content.decode())"
    page = run(installed, "shell", "-c", code, home=tmp_path).stdout
    assert "<form" in page
    assert "/static/css/base." in page
