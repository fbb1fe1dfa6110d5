"""A long select is Django's own, but for the spaces between its options."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from core.long_selects import LongSelect

CHOICES: list[tuple[Any, Any]] = [
    ("", "None of them"),
    ("A", "First <one>"),
    ('B"', "Second & last"),
    (3, "Third"),
    ('Far "away"', [("C", "Fourth"), (5, "Fifth & more")]),
]


def drawn(widget: type[forms.Select], value: Any, **attrs: Any) -> str:
    markup = widget(attrs={"class": "select"}, choices=CHOICES).render("point", value, {"id": "id_point", **attrs})
    return "".join(line.strip() for line in markup.splitlines())


@pytest.mark.parametrize("value", [None, "", "A", 'B"', "3", 3, "C", 5, "unknown"])
@pytest.mark.parametrize("required", [False, True])
def test_it_is_drawn_as_django_draws_it(value: Any, required: bool) -> None:
    assert drawn(LongSelect, value, required=required) == drawn(forms.Select, value, required=required)
