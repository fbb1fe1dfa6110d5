"""The Celery application. Two queues: ``default`` for short work, ``ml`` for anything that may load TensorFlow."""

from __future__ import annotations

import gc
import os

from celery import Celery
from celery.signals import setup_logging, worker_before_create_process
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")

app = Celery("smart_ems")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_before_create_process.connect
def share_what_is_loaded(**_: object) -> None:
    """A worker's children use its memory until they write to it, as their garbage collector would to every object."""
    gc.collect()
    gc.freeze()


if settings.LOG_FORMAT == "json":
    from django_structlog.celery.steps import DjangoStructLogInitStep

    app.steps["worker"].add(DjangoStructLogInitStep)
    # A receiver keeps Celery from adding handlers of its own, which would write lines; Django's are set up by now.
    setup_logging.connect(lambda **_: None, weak=False)
