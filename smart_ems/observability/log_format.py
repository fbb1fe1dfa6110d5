"""How a log is written: lines for people, or one JSON object for each record."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ImproperlyConfigured

FORMATS = ("line", "json")


def logging_of(log_format: str, level: str) -> dict[str, Any]:
    """The LOGGING setting for one of FORMATS.

    Raises:
        ImproperlyConfigured: it is another.
    """
    if log_format not in FORMATS:
        raise ImproperlyConfigured(f"EMS_LOG_FORMAT is {log_format!r}; expected one of {', '.join(FORMATS)}.")
    line = {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": _json() if log_format == "json" else line},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["console"], "level": level},
    }


def middleware_of(log_format: str) -> list[str]:
    """What binds the request's id to each record of it; the plain lines have no place for one."""
    return ["django_structlog.middlewares.RequestMiddleware"] if log_format == "json" else []


def _json() -> dict[str, Any]:
    import structlog  # not loaded by an installation that writes lines

    logging.captureWarnings(capture=True)  # Python's own warnings would be lines among the objects
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,  # request_id, user_id, task_id: bound where the work begins
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": before,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(default=str),
        ],
    }
