"""The ASGI entry point: what limits bodies, and the patience with receivers, stand in front of everything."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")
django.setup(set_prefix=False)

from smart_ems.request_bodies.body_limits import BodyLimits  # noqa: E402
from smart_ems.request_bodies.handler import SpoolingHandler  # noqa: E402  (models need the set-up)
from smart_ems.request_bodies.slow_receivers import SlowReceivers  # noqa: E402

application = SlowReceivers(BodyLimits(SpoolingHandler()))
