"""``docs``: the documents as a site that can be searched, built and served on this computer."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from argparse import ArgumentParser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smart_ems.env import BASE_DIR, VAR_DIR


class Command(BaseCommand):
    help = "Build the documents into a site that can be searched, and serve it on this computer."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8080, help="where to serve it, 0: any that is free [8080]")
        parser.add_argument("--build", action="store_true", help="build it and stop")
        parser.add_argument("--to", type=Path, default=VAR_DIR / "docs", help="the folder to build into [var/docs]")

    def handle(self, *args: Any, port: int, build: bool, to: Path, **options: Any) -> None:
        self._build(to)
        if build:
            self.stdout.write(f"The site is in {to}.")
            return
        try:
            server = ThreadingHTTPServer(("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=str(to)))
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {port} cannot be used ({error}). Choose another with --port.") from error
        with server:
            self.stdout.write(f"The documents are at http://127.0.0.1:{server.server_port}/ (end with Ctrl+C).")
            self.stdout.flush()
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("")

    def _build(self, folder: Path) -> None:
        source = BASE_DIR / "docs"
        if not (source / "conf.py").is_file():
            raise CommandError(
                "The documents are not part of an installed package; they are in the folder docs of its source."
            )
        if importlib.util.find_spec("sphinx") is None:
            raise CommandError(
                "The packages that build the site are missing. Start it as ./ems docs, which installs them."
            )
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(source), str(folder)]
        if subprocess.run(command, check=False).returncode != 0:
            raise CommandError("The site could not be built (see above).")
