"""The report of a month, read back from its PDF and its workbook."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from alerts import services as alert_services
from losses.loss_scope import LossScope
from losses.models import MonthOutlook, TariffAssignment
from losses.report_period import ReportPeriod
from losses.sums_of_money import Money
from losses.tariff_store import store_version
from losses.tests.stored_losses import NEWEST
from losses.tests.tariff_documents import tariff
from reports.content import monthly
from reports.content.monthly import monthly_content
from reports.content.recommended_banks import ReportRecommendation
from substations.models import Substation

from .report_scenes import MARCH, SHIFT, alert_at, grid, made, march, paper_text, sheets

pytestmark = pytest.mark.django_db


@pytest.fixture
def stations() -> list[Substation]:
    return grid()


def test_the_three_lines_stand_side_by_side_and_are_not_added(stations: list[Substation]) -> None:
    text = paper_text(made(march()))
    assert "260 kWh" in text  # (3 + 9 + 1) kWh a day until the 20th
    assert "₹ 40.00" in text
    assert "Three answers to three questions, not to be added up" in text
    assert "1234607" not in text.replace(",", "")


def test_the_summary_says_what_to_mend_first(stations: list[Substation]) -> None:
    alert_at(stations[0])
    text = paper_text(made(march()))
    assert "Mend first: A (₹ 12,34,567.50, 60.0 kWh avoidable, Capacitor bank failure)" in text
    assert text.index("Mend first") < text.index("Substations by what mending them is worth")


def test_the_penalty_is_that_of_the_bill(stations: list[Substation]) -> None:
    assigned = TariffAssignment.objects.create(
        tariff=store_version(tariff()).tariff, site="Mill", since=date(2026, 1, 1)
    )
    amounts = dict.fromkeys(("amount_now", "amount_low", "amount_middle", "amount_high", "total_middle"), Decimal(777))
    MonthOutlook.objects.create(
        assignment=assigned, month=MARCH, until="2026-03-20T00:00Z", known_h=480, month_h=744, currency="INR",
        target_power_factor=0.9, days_left=11, **amounts,
    )  # fmt: skip
    text = paper_text(made(march(site="Mill")))
    assert "₹ 777.00" in text
    assert f"Tariff {assigned.tariff.name}: Mill." in text


def test_the_workbook_has_numbers_and_no_formulas(stations: list[Substation]) -> None:
    Substation.objects.filter(code="C").update(code="=cmd|' /C calc'!A0")
    alert = alert_at(stations[0])
    user = User.objects.create_user("eve")
    alert_services.comment(alert, by=user, text='=HYPERLINK("http://x","y")')
    found = sheets(made(march()).sheet.read())
    head, first, *others = found["Ranking"]
    assert head[:4] == ["Substation", "Worth", "Penalty", "Avoidable kWh"]
    assert first[:4] == ["A", 1234567.5, 1234567.5, 60.0]
    assert others[-1][0] == "'=cmd|' /C calc'!A0"
    assert found["Actions"][1][-1] == '\'=HYPERLINK("http://x","y")'
    assert isinstance(found["Alerts"][1][4], datetime)


def test_alerts_say_their_cause_and_who_did_what(stations: list[Substation]) -> None:
    alert = alert_at(stations[0])
    user = User.objects.create_user("olga")
    alert_services.acknowledge(alert, by=user, note="Fuse <b>ordered</b> & paid")
    text = paper_text(made(march()))
    assert "1 alert was present." in text
    assert "Who did what" in text
    assert "olga Acknowledged Fuse <b>ordered</b> & paid" in text


def test_alerts_of_other_sites_and_months_are_left_out(stations: list[Substation]) -> None:
    alert_at(stations[2])
    alert_at(stations[0], start=SHIFT - timedelta(days=9), end=SHIFT - timedelta(days=8))
    assert "No alert was present." in paper_text(made(march(site="Mill")))


def test_the_appendix_has_formulas_with_sources_and_assumptions(stations: list[Substation]) -> None:
    text = paper_text(made(march()))
    assert "P0·u³ IEC 60076-1" in text
    assert "bill now − bill at the target" in text
    assert "Assumed: the same kWh." in text
    assert "φ*: the target" in text


def test_a_recommendation_is_told_with_its_payback_when_there_is_one(
    stations: list[Substation], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Payback" not in paper_text(made(march()))
    wanted = ReportRecommendation(
        "A", "150 kvar, detuned", Money(Decimal(900), "EUR"), Money(Decimal(600), "EUR"), payback_years=1.5
    )
    monkeypatch.setattr(monthly, "recommendations_for", lambda substations: [wanted])
    text = paper_text(made(march()))
    assert "A 150 kvar, detuned € 900.00 € 600.00 1.50" in text


def test_letters_of_other_alphabets_and_signs_come_out_right(stations: list[Substation]) -> None:
    Substation.objects.filter(code="A").update(code="Łódź-Ωмега-−é₹€")
    assert "Łódź-Ωмега-−é₹€" in paper_text(made(march()))


def test_what_no_font_has_is_seen_to_be_missing_and_stops_nothing(stations: list[Substation]) -> None:
    Substation.objects.filter(code="A").update(code="電-1\x07")
    assert "�-1" in paper_text(made(march()))


def test_a_month_of_which_nothing_is_known_says_so_and_shows_no_zeros(stations: list[Substation]) -> None:
    text = paper_text(made(march(first_day=date(2025, 3, 1), last_day=date(2025, 3, 31))))
    assert "Nothing is known of this period" in text
    assert "0.00 kWh" not in text


def test_a_month_that_is_not_over_is_counted_to_its_newest_day(stations: list[Substation]) -> None:
    text = paper_text(made(march()))
    assert f"2026-03-01 – {NEWEST}" in text
    assert "The last month is not over" in text


def test_a_comment_longer_than_a_page_is_no_error(stations: list[Substation]) -> None:
    alert = alert_at(stations[0])
    alert_services.comment(alert, by=User.objects.create_user("olga"), text="word " * 2500)
    made(march())


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries: object) -> None:
    period = ReportPeriod(MARCH, date(2026, 3, 31))
    counts = []
    for count in (1, 20):
        for number in range(count):
            station = Substation.objects.create(code=f"{count}-{number}")
            alert_at(station)
        with django_assert_max_num_queries(60) as captured:  # type: ignore[operator]  # a fixture of pytest-django
            monthly_content(LossScope(), period)
        counts.append(len(captured))
    assert counts[0] == counts[1]
