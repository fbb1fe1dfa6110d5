"""/losses/bills/ and /api/utility-bills/: entering a bill, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from losses.models import HourlyRollup, TariffAssignment, UtilityBill
from losses.querysets import FIELDS
from losses.tariff_store import store_version
from substations.models import Substation

from .tariff_documents import tariff

pytestmark = pytest.mark.django_db
URL, API = "/losses/bills/", "/api/utility-bills/"


@pytest.fixture
def assignment() -> TariffAssignment:
    one = Substation.objects.create(code="A")
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "energy_import_kwh": 100.0}
    start = datetime(2026, 3, 1, tzinfo=UTC)
    HourlyRollup.objects.bulk_create(
        HourlyRollup(substation=one, at=start + timedelta(hours=n), **plain | {"load_loss_kwh": 2.0})
        for n in range(744)
    )
    stored = store_version(tariff(valid_from="2026-01-01")).tariff
    return TariffAssignment.objects.create(tariff=stored, substation=one, since=date(2025, 1, 1))


def client_of(role: str) -> Client:
    user = User.objects.create_user(role)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def entered(billed: TariffAssignment, **values: Any) -> dict[str, Any]:
    return {"assignment": billed.pk, "month": "2026-03-01", "kwh": "75900"} | values


def test_a_bill_is_compared_and_shown_with_its_reason(assignment: TariffAssignment) -> None:
    client = client_of("operator")
    assert client.post(URL, entered(assignment, month="2026-03-17")).status_code == 302
    stored = UtilityBill.objects.get()
    assert stored.month == date(2026, 3, 1)
    assert [(each["figure"], each["ours"], each["reason"]) for each in stored.gaps] == [
        ("kwh", 74_400.0, "before_transformer")
    ]
    assert "the utility meters before the transformer" in client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"month": "2024-12-01"}, "this tariff is assigned from"),
        ({"month": "2025-06-01"}, "for which the tariff has no version"),
        ({"month": "2026-05-01"}, "No hour of 2026-05 is known here"),
        ({"month": "March"}, "Enter a valid date"),
        ({"kwh": "-1"}, "greater than or equal to 0"),
        ({"kwh": ""}, "expected at least one"),
        ({"power_factor": "1.2"}, "less than or equal to 1"),
        ({"month": "9999-12-01"}, "which has not begun"),
        ({"month": "0001-01-01"}, "this tariff is assigned from"),
        ({"kwh": "nan"}, "Enter a number"),
        ({"kwh": "1e300"}, "less than or equal to 1000000000000"),
        ({"assignment": "9999"}, "not one of the available choices"),
        ({"assignment": "x"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused(assignment: TariffAssignment, values: dict[str, str], message: str) -> None:
    answer = client_of("operator").post(URL, entered(assignment, **values))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not UtilityBill.objects.exists()


def test_the_same_month_twice_is_refused(assignment: TariffAssignment) -> None:
    client = client_of("operator")
    states = [client.post(URL, entered(assignment)).status_code for _ in range(2)]
    assert states == [302, 422]


def test_a_viewer_looks_and_does_not_enter(assignment: TariffAssignment) -> None:
    client = client_of("viewer")
    assert '<form class="card' not in client.get(URL).content.decode()
    assert client.post(URL, entered(assignment)).status_code == 403
    assert client.post(API, entered(assignment), content_type="application/json").status_code == 403


def test_nobody_gets_in_without_signing_in() -> None:
    assert Client().get(URL).status_code == 302
    assert Client().get(API).status_code in (401, 403)


def test_other_methods_are_refused() -> None:
    assert client_of("operator").delete(URL).status_code == 405


def test_the_api_compares_and_refuses_alike(assignment: TariffAssignment) -> None:
    client = client_of("operator")
    answer = client.post(API, entered(assignment), content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["gaps"][0]["reason"] == "before_transformer"
    refused = client.post(API, entered(assignment, month="2026-05-01"), content_type="application/json")
    assert refused.status_code == 400
    assert "No hour of 2026-05" in str(refused.json())


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e300", "much"])
@pytest.mark.parametrize("figure", ["kwh", "power_factor", "total"])
def test_the_api_refuses_what_is_no_figure(assignment: TariffAssignment, figure: str, value: str) -> None:
    answer = client_of("operator").post(API, entered(assignment, **{figure: value}), content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert not UtilityBill.objects.exists()


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=99999999999999999999", "sort=x&assignment=%00"])
def test_odd_parameters_are_no_error(assignment: TariffAssignment, query: str) -> None:
    assert client_of("viewer").get(f"{URL}?{query}").status_code in (200, 400)


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow(
    assignment: TariffAssignment, django_assert_max_num_queries: Any, count: int
) -> None:
    for month in range(1, count + 1):
        UtilityBill.objects.create(assignment=assignment, month=date(2026, month, 1), kwh=1.0)
        other = Substation.objects.create(code=f"B{month}")
        TariffAssignment.objects.create(tariff=assignment.tariff, substation=other, since=date(2026, 1, 1))
    client = client_of("operator")
    with django_assert_max_num_queries(8):
        client.get(URL)


@pytest.mark.parametrize(
    "path",
    [
        "tariff-versions",
        "tariff-assignments",
        "month-outlooks",
        "month-costs",
        "carbon-factors",
        "utility-bills",
        "tariff-assignments/?site=Mill",
        "month-costs/?substation=A&month=2026-03-01",
        "month-outlooks/?month=2026-03-01",
        "utility-bills/?month=2026-03-01",
        "carbon-factors/?grid=India",
    ],
)
def test_each_list_of_the_api_answers(path: str, assignment: TariffAssignment) -> None:
    assert client_of("viewer").get(f"/api/{path if '?' in path else f'{path}/'}").status_code == 200


@pytest.mark.parametrize(
    "query",
    ["month-costs/?month=x", "month-outlooks/?month=March", "utility-bills/?assignment=x", "month-costs/?colour=red"],
)
def test_the_api_refuses_filters_that_mean_nothing(query: str) -> None:
    assert client_of("viewer").get(f"/api/{query}").status_code == 400


def test_the_api_says_which_assignment_a_bill_may_name(assignment: TariffAssignment) -> None:
    rows = client_of("viewer").get("/api/tariff-assignments/").json()["results"]
    assert [(row["id"], row["point"], row["tariff"]) for row in rows] == [(assignment.pk, "A", "Example")]
