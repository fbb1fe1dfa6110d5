"""Errors to a Sentry, where ``EMS_SENTRY_DSN`` names one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def report_errors_to(dsn: str, *, environment: str, release: str) -> None:
    """Send what nobody caught, in requests and tasks, without what a request held: readings and names stay here.

    Raises:
        ImproperlyConfigured: the address is none of a Sentry.
    """
    if not dsn:
        return
    import sentry_sdk
    from sentry_sdk.utils import BadDsn

    try:
        sentry_sdk.init(
            dsn,
            environment=environment,
            release=release,
            include_local_variables=False,
            max_request_body_size="never",
            traces_sample_rate=0.0,
            before_send=_without_content,
        )
    except BadDsn as error:
        raise ImproperlyConfigured(f"EMS_SENTRY_DSN is no address of a Sentry project: {error}") from error


def _without_content(event: Any, hint: dict[str, Any]) -> Any:
    """An event with the address of a request, and nothing of what was asked or who asked."""
    request = event.get("request")
    if request:
        event["request"] = {name: request[name] for name in ("method", "url") if name in request}
    return event
