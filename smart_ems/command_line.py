"""The command line: of a checkout as `manage.py`, of an installed package as `smart-ems`."""

from __future__ import annotations

import os
import sys

SELF = [sys.executable, "-m", "smart_ems"]
"""How a process of the system starts another command."""


def main() -> None:
    """Run the command that was asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")
    if sys.argv[1:2] == ["bench"]:
        _calculate_in_one_thread()
    from django.core.management import execute_from_command_line

    from smart_ems.env import VAR_DIR
    from smart_ems.private_files import said_of_folder

    with said_of_folder(VAR_DIR):
        execute_from_command_line(sys.argv)


def _calculate_in_one_thread() -> None:
    """As the workers of production do; libraries read this when they are first imported."""
    from smart_ems.threads import ONE_THREAD

    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
