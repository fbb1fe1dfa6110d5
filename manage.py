#!/usr/bin/env python
"""Django's command line for Smart EMS."""

from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")
    if sys.argv[1:2] == ["bench"]:
        _calculate_in_one_thread()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _calculate_in_one_thread() -> None:
    """As the workers of production do; libraries read this when they are first imported."""
    from smart_ems.threads import ONE_THREAD

    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)


if __name__ == "__main__":
    main()
