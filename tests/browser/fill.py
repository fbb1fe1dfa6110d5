"""Put a small grid with a past into the database of a running system: run as a process with that system's settings."""

from __future__ import annotations

import os
import sys


def main(metered: str, password: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")
    import django

    django.setup()
    from django.contrib.auth.models import Group, User

    from benchmarks import large_grid
    from substations.models import Substation

    large_grid.TEMPLATES, large_grid.UPLOADS, large_grid.PROBLEMS, large_grid.OPEN_EVERY = 5, 3, 20, 2
    large_grid.CLOSED_EACH = 3
    large_grid.fill(10, 3)
    Substation.objects.create(code=metered, name="Pump house", reading_interval_s=60, time_zone="UTC")
    for name in ("ola", "mia"):
        User.objects.create_user(name, password=password).groups.add(Group.objects.get(name="operator"))


if __name__ == "__main__":
    main(*sys.argv[1:])
