"""Install the pinned packages into ``.venv``, with uv where it can be had and pip where not. Standard library alone.

Nothing is written outside the checkout: packages go to ``.venv``, downloads and uv itself to ``var``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VAR = ROOT / "var"
PYTHON = VENV / "bin" / "python"


class InstallError(Exception):
    """Set-up cannot go on; the text is the sentence that the user reads."""


def environment(*, extra: str = "") -> str:
    """Path of a Python that has everything installed; ends the process with one sentence when that fails.

    extra: of which ``requirements-….txt`` the packages are wanted, too.
    """
    try:
        _ensure(extra)
    except InstallError as error:
        sys.exit(f"Set-up stopped: {error}")
    return str(PYTHON)


def _ensure(extra: str) -> None:
    files = [ROOT / "requirements.txt"] + ([ROOT / f"requirements-{extra}.txt"] if extra else [])
    stamps = [VENV / f".{file.stem}.installed" for file in files]
    wanted = [_fingerprint(file) for file in files]
    if PYTHON.exists() and all(
        stamp.is_file() and stamp.read_text() == want for stamp, want in zip(stamps, wanted, strict=True)
    ):
        return
    _check_writable()
    print(f"Installing the packages of {', '.join(file.name for file in files)} into .venv …", flush=True)
    uv = _uv()
    if not (PYTHON.exists() and _runs(PYTHON)):
        _make_venv(uv)
    _install(uv, files)
    for stamp, want in zip(stamps, wanted, strict=True):
        stamp.write_text(want)


def _fingerprint(file: Path) -> str:
    """Changes with the pinned packages, the Python version, and the folder: a moved .venv does not work."""
    text = f"{ROOT}\n{sys.version_info[:2]}\n".encode() + file.read_bytes()
    return hashlib.sha256(text).hexdigest()


def _check_writable() -> None:
    for folder in (ROOT, VAR):
        try:
            folder.mkdir(exist_ok=True)
            probe = folder / f".write-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise InstallError(
                f"the folder {folder} cannot be written ({error.strerror}). "
                "Give yourself write permission or copy the checkout to a folder of your own."
            ) from None


def _runs(python: Path) -> bool:
    return subprocess.run([python, "-c", "import sys"], capture_output=True, check=False).returncode == 0


def _uv() -> str | None:
    """uv from the PATH, from an earlier set-up, or fetched by pip into ``var/tools``; None when it cannot be had."""
    if os.environ.get("EMS_INSTALLER") == "pip":
        return None
    tools = VAR / "tools"
    for candidate in (shutil.which("uv"), str(tools / "bin" / "uv")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    if importlib.util.find_spec("pip") is None:
        return None
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]
    command += ["--root-user-action=ignore", "--upgrade", "--target", str(tools), "uv"]
    done = subprocess.run(command, capture_output=True, check=False)
    return str(tools / "bin" / "uv") if done.returncode == 0 else None


def _make_venv(uv: str | None) -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    if uv:
        made = subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, VENV], env=_env(), check=False)
        if made.returncode == 0:
            return
    done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise InstallError(
            "this Python has neither pip nor a complete venv module. "
            "Install one of them (Debian and Ubuntu: apt install python3-venv) and run ./ems again."
        )


def _install(uv: str | None, files: list[Path]) -> None:
    names = [argument for file in files for argument in ("-r", str(file))]
    if uv:
        command = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(PYTHON), *names]
        if subprocess.run(command, env=_env(), check=False).returncode == 0:
            return
        print("uv could not finish; trying once more with pip …", flush=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(PYTHON), "pip"], env=_env(), check=False)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--disable-pip-version-check"]
    command += names
    if subprocess.run(command, env=_env(), check=False).returncode != 0:
        raise InstallError(
            "a package could not be downloaded or did not match its hash (see above). "
            "Check the network and the free disk space (3 GB), then run ./ems again: it continues where it stopped."
        )


def _env() -> dict[str, str]:
    """Caches inside the checkout; bytecode at install time, without which TensorFlow takes 12 s to import each time."""
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "UV_CACHE_DIR": str(VAR / "cache" / "uv"),
        "UV_COMPILE_BYTECODE": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "TMPDIR": str(_made(VAR / "tmp")),
    }


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
