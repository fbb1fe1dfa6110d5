"""Errors and traces: to a real receiver on the loopback where a variable names it, and nowhere otherwise."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from smart_ems.observability.error_reports import report_errors_to
from smart_ems.observability.traces import start_tracing

FAILING = """
import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'smart_ems.settings'
import django
django.setup()
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
from django.test import Client
from django.urls import path
import smart_ems.urls
from django.contrib.auth.decorators import login_not_required

@login_not_required
def page(request):
    secret_reading = request.GET["kw"]
    raise RuntimeError("of the test")

smart_ems.urls.urlpatterns.append(path("of-the-test", page))
Client(raise_request_exception=False, SERVER_NAME="localhost").get("/of-the-test?kw=4711")
"""


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keep)
        self.received: list[tuple[str, bytes]] = []


class _Keep(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.received.append((self.path, gzip.decompress(body) if packed else body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def fail_once(**env: str) -> None:
    subprocess.run(
        [sys.executable, "-c", FAILING], cwd=settings.BASE_DIR, env=os.environ | env, timeout=120, check=True,
        capture_output=True,
    )  # fmt: skip


def test_an_error_reaches_the_sentry_without_what_the_request_held(receiver: Receiver) -> None:
    fail_once(EMS_SENTRY_DSN=f"http://key@127.0.0.1:{receiver.server_port}/7", EMS_SENTRY_ENVIRONMENT="of-the-test")
    sent = b"".join(body for path, body in receiver.received if path == "/api/7/envelope/")
    assert b"RuntimeError" in sent
    assert b"of-the-test" in sent
    assert b"/of-the-test" in sent
    assert b"4711" not in sent


def test_a_request_is_traced_to_the_collector(receiver: Receiver) -> None:
    fail_once(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.server_port}", OTEL_SERVICE_NAME="of-the-site")
    [(path, body)] = receiver.received
    assert path == "/v1/traces"
    assert b"of-the-test" in body
    assert b"of-the-site" in body


def test_a_collector_without_the_packages_for_it_is_refused_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.django", None)
    with pytest.raises(ImproperlyConfigured, match=r"Install opentelemetry-exporter-otlp-proto-http, .*django\[asgi\]"):
        start_tracing.__wrapped__()


def test_nothing_is_sent_unless_a_variable_says_so(receiver: Receiver) -> None:
    proxy = f"http://127.0.0.1:{receiver.server_port}"
    fail_once(HTTP_PROXY=proxy, HTTPS_PROXY=proxy)
    assert receiver.received == []
    unused = "{'sentry_sdk', 'opentelemetry.instrumentation.django', 'structlog'}"
    loaded = f"import django; django.setup(); import sys; print({unused} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'smart_ems.settings'; {loaded}"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "set()"


def test_an_address_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMS_SENTRY_DSN is no address of a Sentry project"):
        report_errors_to("https://example.org/7", environment="x", release="1")
