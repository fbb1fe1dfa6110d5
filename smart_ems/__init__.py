"""The composition root: settings, URLs, the Celery application and the pipeline that joins the apps."""

from __future__ import annotations

from .celery import app as celery_app

__all__ = ["celery_app"]
