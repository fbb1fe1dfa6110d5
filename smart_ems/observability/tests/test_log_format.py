"""Logs: lines unless JSON is asked for; then each record is one object with the request or task that it belongs to."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from smart_ems.observability.log_format import logging_of, middleware_of

REQUEST = """
import django, logging
django.setup()
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
from django.test import Client
from django.urls import path
import smart_ems.urls
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse

@login_not_required
def page(request):
    logging.getLogger("substations").warning("a meter is %s", "late")
    1 / 0

smart_ems.urls.urlpatterns.append(path("of-the-test", page))
client = Client(raise_request_exception=False, SERVER_NAME="localhost")
client.get("/of-the-test", headers={"X-Request-ID": "of-the-proxy"})
"""
TASK = """
import django, logging
django.setup()
from smart_ems.celery import app
import django_structlog.celery.receivers

@app.task(name="of.the.test")
def work():
    logging.getLogger("mlcore").info("at work")

receivers = django_structlog.celery.receivers.CeleryReceiver()
receivers.connect_worker_signals()
work.apply(task_id="task-1")
"""


def written(code: str, **env: str) -> list[str]:
    command = [sys.executable, "-c", "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'smart_ems.settings'\n" + code]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=os.environ | env, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stderr.splitlines()


def test_a_record_of_a_request_is_one_object_with_the_requests_id() -> None:
    records = [json.loads(line) for line in written(REQUEST, EMS_LOG_FORMAT="json", EMS_BEHIND_PROXY="1")]
    own = next(each for each in records if each["logger"] == "substations")
    assert own["event"] == "a meter is late"
    assert (own["level"], own["request_id"]) == ("warning", "of-the-proxy")
    assert own["timestamp"].endswith("Z")
    failed = next(each for each in records if "ZeroDivisionError" in each.get("exception", ""))
    assert failed["request_id"] == "of-the-proxy"


def test_an_id_that_no_proxy_vouches_for_is_not_taken() -> None:
    records = [json.loads(line) for line in written(REQUEST, EMS_LOG_FORMAT="json")]
    assert {each["request_id"] for each in records if "request_id" in each} != {"of-the-proxy"}


def test_a_record_of_a_task_names_the_task() -> None:
    records = [json.loads(line) for line in written(TASK, EMS_LOG_FORMAT="json")]
    own = next(each for each in records if each["logger"] == "mlcore")
    assert (own["event"], own["task_id"]) == ("at work", "task-1")


def test_lines_are_the_default() -> None:
    lines = written(REQUEST)
    assert any(line.endswith("WARNING substations: a meter is late") for line in lines)
    assert middleware_of("line") == []


def test_another_format_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMS_LOG_FORMAT is 'xml'; expected one of line, json"):
        logging_of("xml", "INFO")
