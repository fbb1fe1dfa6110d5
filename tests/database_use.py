"""Which tests are asked again on another database: what asks none is the same on each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from django.test import SimpleTestCase

FIXTURES = {"db", "transactional_db", "live_server", "_databases_of_their_own"}


def uses_database(item: pytest.Item) -> bool:
    """Whether a test may ask the database, which pytest-django refuses to all others, or starts processes that may."""
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("postgres")
    is_of_django = issubclass(getattr(item, "cls", None) or object, SimpleTestCase)
    is_starting_processes = _names_processes(str(getattr(getattr(item, "module", None), "__file__", "")))
    fixtures = FIXTURES & set(getattr(item, "fixturenames", ()))
    return bool(marked or is_of_django or is_starting_processes or fixtures)


@cache
def _names_processes(file: str) -> bool:
    return bool(file) and "subprocess" in Path(file).read_text()
