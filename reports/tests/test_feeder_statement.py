"""The statement of technical losses by feeder and month: CSV and PDF."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from losses.loss_scope import LossScope
from losses.models import DailyRollup
from losses.report_period import ReportPeriod
from losses.tests.stored_losses import NEWEST, days
from reports.content.feeder_statement import feeder_months
from substations.models import Link, Substation

from .report_scenes import FEBRUARY, MARCH, chained, made, march, paper_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def stations() -> list[Substation]:
    """A feeds B; C stands alone."""
    found = [Substation.objects.create(code=code) for code in "ABC"]
    chained(found[0], found[1])
    days(found[0], FEBRUARY, feeder_loss_kwh=5.0)
    days(found[1], FEBRUARY, feeder_loss_kwh=1.0)
    days(found[2], FEBRUARY)
    DailyRollup.objects.filter(substation=found[2]).update(feeder_loss_kwh=None, is_assumed=True)
    return found


def lines(**values: object) -> list[dict[str, str]]:
    content = made(march(kind="feeders", first_day=FEBRUARY, **values)).sheet.read()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_there_is_one_line_for_each_feeder_and_month(stations: list[Substation]) -> None:
    found = lines()
    assert [(row["month"], row["feeder"], row["substations"]) for row in found] == [
        ("2026-02", "A", "2"), ("2026-02", "C", "1"), ("2026-03", "A", "2"), ("2026-03", "C", "1"),
    ]  # fmt: skip


def test_what_is_supplied_is_what_is_drawn_and_what_is_lost(stations: list[Substation]) -> None:
    row = lines()[0]
    figures = {name: float(row[name]) for name in row if name.endswith(("kwh", "share", "coverage"))}
    assert figures["drawn_kwh"] == 28 * 2 * 2400
    assert figures["technical_loss_kwh"] == 28 * (2 * 50 + 6)
    assert figures["supplied_kwh"] == figures["drawn_kwh"] + figures["technical_loss_kwh"]
    assert figures["technical_loss_share"] == pytest.approx(106 / 4906, rel=1e-6)
    assert figures["coverage"] == 1.0


def test_the_method_says_what_a_figure_rests_on(stations: list[Substation]) -> None:
    found = lines()
    assert [row["method"] for row in found[:2]] == ["transformers_and_lines", "transformers_only_assumed_nameplate"]
    assert found[1]["line_loss_kwh"] == ""


def test_a_substation_that_did_not_report_lowers_the_coverage(stations: list[Substation]) -> None:
    DailyRollup.objects.filter(substation=stations[1], day__lt=MARCH).delete()
    assert float(lines()[0]["coverage"]) == 0.5


def test_a_month_that_is_not_over_is_measured_against_its_days(stations: list[Substation]) -> None:
    found = feeder_months(LossScope(), ReportPeriod(MARCH, NEWEST))
    assert [row.coverage for row in found] == [1.0, 1.0]


def test_feeders_are_those_of_the_network_as_it_is_switched(stations: list[Substation]) -> None:
    Link.objects.filter(target=stations[1]).update(status="open")
    assert [row["feeder"] for row in lines()[:3]] == ["A", "B", "C"]


def test_the_paper_explains_method_and_coverage(stations: list[Substation]) -> None:
    text = paper_text(made(march(kind="feeders")))
    assert "Statement of technical losses" in text
    assert "2026-03 A 2" in text
    assert "Coverage is the share of the hours of all its substations" in text
    assert "IEC 60076-1" in text


def test_codes_that_begin_like_formulas_are_text(stations: list[Substation]) -> None:
    Substation.objects.filter(code="C").update(code="+C")
    assert lines()[0]["feeder"] == "'+C"


def test_of_a_month_without_a_day_there_is_only_the_head(stations: list[Substation]) -> None:
    report = made(march(kind="feeders", first_day=date(2025, 1, 1), last_day=date(2025, 1, 31)))
    assert report.sheet.read().decode("utf-8-sig").splitlines()[1:] == []
