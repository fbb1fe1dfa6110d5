"""``manage recommend``: on demand, of all substations or some."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from losses.compensation_models import BankRecommendation

from .stored_grid import substation
from .stored_hours import day_and_night, store_hours

pytestmark = pytest.mark.django_db


def test_it_works_out_what_is_asked_for() -> None:
    for code in ("A", "B"):
        store_hours(substation(code), *day_and_night(14))
    out = StringIO()
    call_command("recommend", "A", stdout=out)
    assert out.getvalue() == "1 substation worked out.\n"
    assert [row.substation.code for row in BankRecommendation.objects.all()] == ["A"]
    call_command("recommend", stdout=out)
    assert BankRecommendation.objects.count() == 2


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(CommandError, match="Received nobody; expected codes"):
        call_command("recommend", "nobody")
