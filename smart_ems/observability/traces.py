"""Traces of requests and tasks to an OpenTelemetry collector, where its own variables name one.

``OTEL_EXPORTER_OTLP_ENDPOINT`` (and the other variables of the standard: headers, sampler, service name) decide.
"""

from __future__ import annotations

import os
from functools import cache

from django.core.exceptions import ImproperlyConfigured

INSTALL = (
    "Install opentelemetry-exporter-otlp-proto-http, opentelemetry-instrumentation-celery and "
    "opentelemetry-instrumentation-django[asgi], or unset the variable."
)


def is_wanted() -> bool:
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))


@cache
def start_tracing() -> None:
    """Once in each process; does nothing where no collector is named.

    Raises:
        ImproperlyConfigured: one is named, and the packages for it are not installed.
    """
    if not is_wanted():
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.celery import CeleryInstrumentor
        from opentelemetry.instrumentation.django import DjangoInstrumentor
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ImproperlyConfigured(f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but {error}. {INSTALL}") from error

    named = Resource.create({SERVICE_NAME: os.environ.get("OTEL_SERVICE_NAME", "smart-ems")})
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]  # has no types
