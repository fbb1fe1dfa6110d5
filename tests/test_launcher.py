"""What the launcher says when something is missing: one sentence with the remedy."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.core.management.base import CommandError

from smart_ems.supervisor import system
from smart_ems.supervisor.child import Child, describe

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``deploy/install.py`` working on a checkout of its own."""
    spec = importlib.util.spec_from_file_location("install_under_test", ROOT / "deploy" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements.txt").write_text("nothing\n")
    for name, path in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "VAR": tmp_path / "var"}.items():
        monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return module


def _failing(command: list[str], **kwargs: Any) -> SimpleNamespace:
    return SimpleNamespace(returncode=1, stdout="", stderr="")


def test_without_venv_and_pip_it_names_what_to_install(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_uv", lambda: None)
    monkeypatch.setattr(install.subprocess, "run", _failing)
    with pytest.raises(SystemExit, match=r"neither pip nor a complete venv module.*python3-venv"):
        install.environment()


def test_a_broken_download_can_be_tried_again(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_uv", lambda: None)
    monkeypatch.setattr(install, "_make_venv", lambda uv: None)
    monkeypatch.setattr(install.subprocess, "run", _failing)
    with pytest.raises(SystemExit, match=r"could not be downloaded.*continues where it stopped"):
        install.environment()
    assert not list(install.VENV.glob(".*.installed"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(install: ModuleType) -> None:
    install.ROOT.chmod(0o500)
    with pytest.raises(SystemExit, match=r"cannot be written"):
        install.environment()
    install.ROOT.chmod(0o700)


def test_an_installed_environment_is_not_touched(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    install.PYTHON.parent.mkdir(parents=True)
    install.PYTHON.symlink_to(sys.executable)
    stamp = install.VENV / ".requirements.installed"
    stamp.write_text(install._fingerprint(install.ROOT / "requirements.txt"))
    monkeypatch.setattr(install.subprocess, "run", lambda *args, **kwargs: pytest.fail("it ran something"))
    assert install.environment() == str(install.PYTHON)


def test_help_needs_nothing_installed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", str(ROOT / "ems"), "--help"], capture_output=True, text=True, check=True
    )
    assert "./ems" in done.stdout
    assert "evaluate" in done.stdout


def test_a_taken_port_is_named_with_another_to_try() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=rf"Port {port} is taken.*--port {port + 1}"):
            system.check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match=r"no address 192\.0\.2\.1"):
        system.check_port("192.0.2.1", 8000)


def test_a_crashed_child_is_started_again_and_a_crashing_one_waits(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child("restless", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log")
    child.start()
    assert child.process is not None
    child.process.wait(10)
    child.check(said.append)
    assert "restless ended (exit code 3); restarting." in said[0]
    child.check(said.append)
    assert child.process is not None
    child.process.wait(10)
    child.check(said.append)
    assert "restarting in 2 s" in said[1]


def test_a_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    import signal

    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    child = Child(
        "deaf", [sys.executable, "-c", deaf], tmp_path / "log",
        stop_signals=((signal.SIGTERM, 0.5), (signal.SIGKILL, 5.0)),
    )  # fmt: skip
    child.start()
    process = child.process
    assert process is not None
    while "ready" not in (tmp_path / "log").read_text():
        assert process.poll() is None
    child.stop()
    assert describe(process.returncode) == "killed by SIGKILL"
