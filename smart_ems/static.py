"""Static files with a hash in their names and a compressed twin: made again only when something changed."""

from __future__ import annotations

import hashlib
from importlib.metadata import distributions

from django.conf import settings
from django.core.management import call_command

from .env import WEB_FILES

# The API page is drawn by Swagger UI; the other viewer that comes with the package is left out.
IGNORED = ("redoc",)


def collect_static() -> bool:
    """Collect if the project's files or its packages changed since the last time; whether it did."""
    stamp = settings.STATIC_ROOT / ".stamp"
    wanted = _fingerprint()
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=list(IGNORED))
    stamp.write_text(wanted)
    return True


def _fingerprint() -> str:
    packages = "".join(sorted(f"{each.name} {each.version}\n" for each in distributions()))
    digest = hashlib.sha256(packages.encode())
    for file in sorted((WEB_FILES / "static").rglob("*")):
        if file.is_file():
            state = file.stat()
            digest.update(f"{file.relative_to(WEB_FILES)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
