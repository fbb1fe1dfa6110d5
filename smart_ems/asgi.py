"""The ASGI entry point: what limits bodies, and the patience with receivers, stand in front of everything."""

from __future__ import annotations

import gc
import os

import django

# What is loaded here stays: looking through it for garbage again and again, while it grows, is a tenth of a start.
gc.disable()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")
django.setup(set_prefix=False)

from smart_ems.request_bodies.body_limits import BodyLimits  # noqa: E402
from smart_ems.request_bodies.handler import SpoolingHandler  # noqa: E402  (models need the set-up)
from smart_ems.request_bodies.slow_receivers import SlowReceivers  # noqa: E402

application = SlowReceivers(BodyLimits(SpoolingHandler()))

gc.collect()
gc.freeze()
gc.enable()
