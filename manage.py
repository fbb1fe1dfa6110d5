#!/usr/bin/env python
"""Django's command line for Smart EMS."""

from __future__ import annotations

from smart_ems.command_line import main

if __name__ == "__main__":
    main()
