"""The Celery application. Two queues: ``default`` for short work, ``ml`` for anything that may load TensorFlow."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smart_ems.settings")

app = Celery("smart_ems")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
