"""Inputs, prices and changes in the admin; recommendations are looked at, or worked out again."""

from __future__ import annotations

import pytest
from django.test import Client

from losses.compensation_models import BankPrice, BankRecommendation, CompensationChange, CompensationInput
from losses.recommendations import refresh_recommendations

from .stored_grid import substation
from .stored_hours import day_and_night, store_hours

pytestmark = pytest.mark.django_db
PRICE = {
    "kind": "automatic", "currency": "EUR", "up_to_kvar": "200", "low": "20", "high": "30", "source": "a quotation",
    "source_date": "2026-05-01",
}  # fmt: skip


def test_a_price_is_added(admin_client: Client) -> None:
    assert admin_client.post("/admin/losses/bankprice/add/", PRICE).status_code == 302
    assert BankPrice.objects.table("EUR")[0].up_to_kvar == 200


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"currency": "EUX"}, "expected an ISO 4217 code"),
        ({"high": "10"}, "less than the lower price"),
        ({"low": "-1"}, "greater than or equal to 0"),
        ({"up_to_kvar": "0"}, "greater than or equal to"),
    ],
)
def test_a_wrong_price_is_refused(admin_client: Client, values: dict[str, str], message: str) -> None:
    assert message in admin_client.post("/admin/losses/bankprice/add/", PRICE | values).content.decode()


def test_what_is_known_and_what_was_fitted_are_entered(admin_client: Client) -> None:
    one = substation()
    url = "/admin/losses/compensationinput/add/"
    assert admin_client.post(url, {"substation": one.pk, "supply_mva": "250"}).status_code == 302
    assert CompensationInput.objects.get().supply_mva == 250
    url, values = "/admin/losses/compensationchange/add/", {"substation": one.pk, "fitted_on": "2026-02-01"}
    assert admin_client.post(url, values | {"kind": "bank", "kvar": "250"}).status_code == 302
    assert CompensationChange.objects.get().kvar == 250
    assert admin_client.post(url, values | {"kind": "bank"}).status_code == 200


def test_a_recommendation_is_worked_out_again(admin_client: Client) -> None:
    one = substation()
    store_hours(one, *day_and_night(31))
    refresh_recommendations()
    CompensationInput.objects.create(substation=one, supply_mva=250)
    values = {"action": "work_out_again", "_selected_action": [one.pk]}
    answer = admin_client.post("/admin/losses/bankrecommendation/", values, follow=True)
    assert "1 substation was worked out" in answer.content.decode()
    assert "supply_unknown" not in BankRecommendation.objects.get().assumptions


@pytest.mark.parametrize(
    "name", ["bankprice", "compensationinput", "bankrecommendation", "compensationchange", "compensationproof"]
)
def test_each_list_answers(admin_client: Client, name: str) -> None:
    assert admin_client.get(f"/admin/losses/{name}/").status_code == 200
