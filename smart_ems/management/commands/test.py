"""Run the tests with pytest; every argument is pytest's own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand

from smart_ems.env import BASE_DIR
from smart_ems.threads import ONE_THREAD


class Command(BaseCommand):
    help = "Run the tests. Arguments go to pytest, for example: test alerts -k resolve"
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Take the arguments as they are: pytest has its own options, which argparse would refuse."""
        self.handle(*argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        if "--help" in args or "-h" in args:
            self.stdout.write(self.help)
        command = [sys.executable, "-m", "pytest", *(str(each) for each in args)]
        sys.exit(subprocess.run(command, cwd=BASE_DIR, env=ONE_THREAD | os.environ, check=False).returncode)
