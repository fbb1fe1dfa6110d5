"""Which tests are asked once more on another database (``--database-only``): those that may use one."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import TestCase

from .database_use import uses_database


class Item:
    """What is asked of a collected test."""

    def __init__(self, *marks: str, fixturenames: tuple[str, ...] = (), cls: type | None = None, **names: Any) -> None:
        self.marks, self.fixturenames, self.cls = marks, fixturenames, cls
        self.module = ModuleType("test_one")
        vars(self.module).update(names)

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Item("django_db"),
        lambda: Item("postgres"),
        lambda: Item(fixturenames=("tmp_path", "db")),
        lambda: Item(fixturenames=("_databases_of_their_own",)),
        lambda: Item(cls=TestCase),
        lambda: Item(__file__=__file__),  # this one says subprocess
    ],
    ids=["marked", "for_postgres", "by_fixture", "of_its_own", "of_django", "in_processes"],
)
def test_what_may_ask_a_database_is_asked_again(make: Callable[[], Any]) -> None:
    assert uses_database(make())


def test_a_formula_is_not() -> None:
    assert not uses_database(Item("tensorflow", fixturenames=("tmp_path", "django_db_blocker"), math=1))  # type: ignore[arg-type]


def test_a_test_that_is_left_out_is_refused_the_database() -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        User.objects.exists()
