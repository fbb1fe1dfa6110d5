"""/losses/months/: where months end, each line of the bill so far, and the three lines with their formulas."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from losses.bill_sentences import ASSUMPTIONS, REMARKS, remark_text
from losses.models import MonthOutlook, TariffAssignment
from losses.outlooks import refresh_outlooks

from .billed_point import billed, client_of
from .source_codes import codes_named

pytestmark = pytest.mark.django_db
URL = "/losses/months/"


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def test_a_month_is_listed_with_its_end_its_range_and_what_has_to_be_held() -> None:
    billed()
    refresh_outlooks()
    shown = page(client_of("viewer"), URL)
    for text in ("Mill", "0.80", "₹ 44,640.00", "for 21 days, to end at 0.90"):
        assert text in shown


def test_a_month_shows_each_line_of_the_bill_with_formula_inputs_and_clause() -> None:
    billed()
    refresh_outlooks()
    shown = page(client_of("viewer"), MonthOutlook.objects.get().get_absolute_url())
    for text in (
        "kWh × price",
        "price per kWh 6",
        "₹ 1,44,000.00",  # 240 h of 100 kWh at 6
        "1 % for each 0.01 below 0.90",
        "power factor 0.8",
        "₹ 14,400.00",
        "240 of the month&#x27;s 744 hours are known; the rest is not billed",
    ):
        assert text in shown


def test_the_three_lines_of_each_substation_have_formula_inputs_and_assumptions() -> None:
    billed("A", "B")
    refresh_outlooks()
    shown = page(client_of("viewer"), MonthOutlook.objects.get().get_absolute_url())
    assert shown.count("Avoidable loss") == shown.count("Released capacity") == 2
    for text in (
        "not to be added up",
        "bill now − bill with kvarh no further than the target",
        "the same kWh",
        "120 kWh",
    ):
        assert text in shown


def test_another_month_can_be_chosen_and_one_that_is_not_there_is_the_newest() -> None:
    billed()
    refresh_outlooks()
    newest = MonthOutlook.objects.get()
    fields = {name: value for name, value in vars(newest).items() if not name.startswith("_") and name != "id"}
    older = MonthOutlook.objects.create(**fields | {"month": date(2026, 2, 1)})
    client = client_of("viewer")
    assert older.get_absolute_url() in page(client, f"{URL}?month=2026-02")
    for query in ("", "?month=2026-03", "?month=1999-01", "?month=x", "?month=", "?page=0", "?page=-3", "?page=x"):
        assert newest.get_absolute_url() in page(client, URL + query)


def test_without_a_tariff_it_says_what_to_do() -> None:
    assert "Where months end is worked out once a tariff is assigned" in page(client_of("viewer"), URL)


@pytest.mark.parametrize("url", [URL, "/losses/months/1/", "/losses/bills/", "/losses/tariffs/", "/losses/tariffs/1/"])
def test_outsiders_get_nothing_and_other_methods_are_refused(url: str) -> None:
    assert Client().get(url).status_code == 302
    outsider = client_of("outsider")
    assert outsider.get(url).status_code == 403
    assert outsider.delete(url).status_code in (403, 405)


def test_what_is_not_there_is_not_found() -> None:
    client = client_of("viewer")
    assert {client.get(url).status_code for url in ("/losses/months/99/", "/losses/tariffs/99/")} == {404}


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(count: int, django_assert_max_num_queries: Any) -> None:
    assignment = billed()
    refresh_outlooks()
    stored = MonthOutlook.objects.get()
    fields = {name: value for name, value in vars(stored).items() if not name.startswith("_") and name != "id"}
    for number in range(count - 1):
        other = TariffAssignment.objects.create(tariff=assignment.tariff, site=f"Site {number}", since=date(2026, 1, 1))
        MonthOutlook.objects.create(**fields | {"assignment_id": other.pk})
    client = client_of("viewer")
    with django_assert_max_num_queries(8):
        client.get(URL)
    with django_assert_max_num_queries(9):
        client.get(stored.get_absolute_url())


def test_every_remark_and_assumption_has_its_words() -> None:
    remarks = codes_named("Remark(")
    assert remarks
    assert remarks <= REMARKS.keys()
    figures = dict.fromkeys(("known_h", "month_h", "tariff_min", "metered_min", "known", "months", "of", "month"), "1")
    assert all(remark_text({"code": code, "figures": figures}) for code in REMARKS)
    assert all(str(text) for text in ASSUMPTIONS.values())
