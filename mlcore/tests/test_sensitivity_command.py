"""The command that works out what would be found."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mlcore.models import SensitivityReport
from mlcore.training.fit import train
from substations.models import Substation
from substations.simulation import Simulation

from .grid import FAULTY, the_group

pytestmark = pytest.mark.django_db


def said(*args: str) -> str:
    out = StringIO()
    call_command("sensitivity", *args, stdout=out)
    return out.getvalue()


def test_it_prints_a_table_for_each_substation_asked_for_and_stores_it(grid: Simulation) -> None:
    train(the_group())
    text = said(FAULTY, "--copies", "1")
    assert FAULTY in text
    assert "Capacitor bank failure" in text
    assert "expected false alarms per month" in text
    assert "1 copies of 20 days" in text or "copies of" in text
    assert "SS-01:" not in text
    assert SensitivityReport.objects.get(detector__substation__code=FAULTY).worked_out_at
    again = json.loads(said("--copies", "1", "--json"))
    assert set(again) == set(grid.grid.codes)
    assert again[FAULTY] == SensitivityReport.objects.get(detector__substation__code=FAULTY).content


def test_a_code_that_is_none_is_named_with_those_that_are() -> None:
    Substation.objects.create(code="SS-01")
    with pytest.raises(CommandError, match=r"Received SS-98, SS-99; expected codes of substations: SS-01\."):
        said("SS-99", "SS-98", "SS-01")


def test_less_than_one_copy_is_refused() -> None:
    with pytest.raises(CommandError, match="Received 0 copies; expected at least 1"):
        said("--copies", "0")


def test_who_has_no_model_is_named() -> None:
    Substation.objects.create(code="SS-01")
    assert "Without a model: SS-01" in said()
