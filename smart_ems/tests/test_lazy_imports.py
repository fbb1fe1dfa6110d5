"""The web process and the workers of the default queue never load TensorFlow, nor begin with what few requests use."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest
from celery.signals import worker_before_create_process
from django.conf import settings

import smart_ems.celery  # noqa: F401  (importing connects the signal)

BEGIN = "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'smart_ems.settings'\n"
WEB = "import smart_ems.asgi\nfrom django.urls import get_resolver\nget_resolver().url_patterns\n"
WORKER = (
    "import django; django.setup()\nfrom smart_ems.celery import app\napp.loader.import_default_modules()\n"
    "assert 'mlcore.tasks.score_pending' in app.tasks and 'alerts.tasks.review_changed' in app.tasks\n"
)
HEAVY = {"tensorflow", "keras", "torch", "jax"}
# Loaded by the request or task that needs it: a process that starts has nothing to do with them.
LATER = {"pandas", "plotly", "scipy", "matplotlib", "weasyprint", "openpyxl", "sentry_sdk", "pywebpush", "jsonschema"}
END = f"print(sorted({{name.split('.')[0] for name in sys.modules}} & {HEAVY | LATER}))"


@pytest.mark.parametrize("what", [WEB, WORKER], ids=["web", "worker"])
def test_large_libraries_stay_out(what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + what + END], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_a_worker_shares_what_it_has_loaded_with_its_children() -> None:
    """Frozen objects are looked at by no garbage collection, which would copy the pages that they are on."""
    try:
        worker_before_create_process.send(sender=None)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
