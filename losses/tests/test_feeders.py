"""/losses/feeders/, its file and its API: supplied, metered, technical and the rest of each feeder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from losses.feeder_balances import feeder_balances
from losses.models import DailyRollup, FeederSupply
from losses.report_period import ReportPeriod
from substations.models import Link, Substation

from .stored_losses import days

pytestmark = pytest.mark.django_db
URL, SUPPLIES, BALANCES = "/losses/feeders/", "/api/feeder-supplies/", "/api/feeder-balances/"
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 10)
MARCH = ReportPeriod(FIRST, date(2026, 3, 31))
SignIn = Callable[[str], Client]


@pytest.fixture
def feeders() -> dict[str, Link]:
    """A feeds B; C is a feeder of its own. Each substation draws 2,400 kWh a day and loses 50 and 10 in the lines."""
    stations = {code: Substation.objects.create(code=code) for code in "ABC"}
    for station in stations.values():
        days(station, FIRST, LAST, feeder_loss_kwh=10.0)
    first = {code: Link.objects.create(target=stations[code]) for code in "AC"}
    Link.objects.create(source=stations["A"], target=stations["B"])
    return first


def supply(link: Link, kwh: float, *on: int) -> None:
    FeederSupply.objects.bulk_create(
        FeederSupply(link=link, day=FIRST.replace(day=day), supplied_kwh=kwh) for day in on or range(1, 11)
    )


def csv_of(*rows: str, head: str = "feeder,day,supplied_kwh") -> SimpleUploadedFile:
    return SimpleUploadedFile("supplied.csv", "\n".join([head, *rows]).encode())


def test_what_is_supplied_is_metered_technical_and_the_rest(feeders: dict[str, Link]) -> None:
    supply(feeders["A"], 5000.0)
    (found,) = feeder_balances(MARCH)
    assert (found.members, found.days, found.supplied_kwh, found.metered_kwh) == (2, 10, 50_000, 48_000)
    assert found.technical_kwh == pytest.approx(10 * 2 * 60)
    assert found.rest_kwh == pytest.approx(800)
    assert found.rest_share == pytest.approx(0.016)
    assert found.metered_kwh + (found.technical_kwh or 0) + (found.rest_kwh or 0) == pytest.approx(found.supplied_kwh)


def test_only_days_of_which_the_supply_is_known_count(feeders: dict[str, Link]) -> None:
    supply(feeders["C"], 2500.0, 2, 3)
    (found,) = feeder_balances(MARCH)
    assert (found.days, found.metered_kwh, found.coverage) == (2, 4800, 1)


def test_an_open_link_belongs_to_no_feeder(feeders: dict[str, Link]) -> None:
    Link.objects.filter(source__code="A").update(status=Link.Status.OPEN)
    supply(feeders["A"], 2500.0)
    assert [each.members for each in feeder_balances(MARCH)] == [1]


def test_what_the_lines_lose_is_not_known_is_no_rest(feeders: dict[str, Link]) -> None:
    DailyRollup.objects.filter(substation__code="B").update(feeder_loss_kwh=None)
    supply(feeders["A"], 5000.0)
    (found,) = feeder_balances(MARCH)
    assert (found.technical_kwh, found.rest_kwh, found.rest_share) == (None, None, None)
    assert found.loss_kwh == 2000


def test_a_feeder_of_which_too_little_is_known_is_not_ranked(feeders: dict[str, Link]) -> None:
    supply(feeders["A"], 9000.0)
    supply(feeders["C"], 2500.0)
    DailyRollup.objects.filter(substation__code="B").update(covered_h=20.0)
    assert [each.name for each in feeder_balances(MARCH)] == ["C", "A"]


def test_the_page_shows_the_worst_first_and_the_best_on_demand(signed_in: SignIn, feeders: dict[str, Link]) -> None:
    supply(feeders["A"], 5000.0)
    supply(feeders["C"], 2800.0)
    client = signed_in("viewer")
    for query, order in ({}, ["C", "A"]), ({"order": "best"}, ["A", "C"]):
        page = client.get(URL, query).content.decode()
        assert sorted("AC", key=lambda code: page.index(f"<strong>{code}</strong>")) == order
    assert "supplied_kwh" not in page, "a viewer has no form"


def test_a_file_is_stored_and_the_same_day_again_replaces(signed_in: SignIn, feeders: dict[str, Link]) -> None:
    client = signed_in("engineer")
    for kwh in (4000, 5000):
        answer = client.post(URL, {"file": csv_of(f"A,2026-03-01,{kwh}", f"C,2026-03-01,{kwh}.5")})
        assert answer.status_code == 302
    assert sorted(FeederSupply.objects.values_list("supplied_kwh", flat=True)) == [5000.0, 5000.5]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ["B,2026-03-01,5"],
            "Line 2, feeder: received “B”; expected the code of a substation",
        ),
        (["A,1.3.2026,5"], "Line 2, day: received “1.3.2026”; expected a day like 2026-03-01"),
        (["A,2026-03-01,5", "A,2026-03-02,-5"], "Line 3, supplied_kwh: received “-5”"),
        (["A,2026-03-01,nan"], "received “nan”"),
        (['A,2026-03-01,"1'], "The file is no CSV in UTF-8"),
        (["A"], "Line 2, day: received “”"),
        ([], "no row below its head"),
    ],
)
def test_a_file_with_a_fault_is_refused_as_a_whole(
    signed_in: SignIn, feeders: dict[str, Link], rows: list[str], said: str
) -> None:
    answer = signed_in("engineer").post(URL, {"file": csv_of(*rows)})
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&quot;", '"')
    assert not FeederSupply.objects.exists()


def test_another_head_and_another_encoding_are_named(signed_in: SignIn, feeders: dict[str, Link]) -> None:
    client = signed_in("engineer")
    other = client.post(URL, {"file": csv_of("A;1;2", head="feeder;day;kwh")}).content.decode()
    assert "Received the head “feeder;day;kwh”; expected feeder,day,supplied_kwh." in other
    binary = client.post(URL, {"file": SimpleUploadedFile("a.csv", b"\xff\xfe\x00")}).content.decode()
    assert "The file is no CSV in UTF-8" in binary


def test_supplies_are_kept_by_the_api_and_balances_read(signed_in: SignIn, feeders: dict[str, Link]) -> None:
    client = signed_in("engineer")
    sent = {"feeder": "C", "day": "2026-03-01", "supplied_kwh": 2500}
    assert client.post(SUPPLIES, sent, content_type="application/json").status_code == 201
    assert client.post(SUPPLIES, sent, content_type="application/json").status_code == 400, "a second time"
    (found,) = client.get(BALANCES, {"from": "2026-03"}).json()
    assert (found["feeder"], found["loss_kwh"], found["technical_kwh"], found["rest_kwh"]) == ("C", 100, 60, 40)


@pytest.mark.parametrize(
    "values", [{"feeder": "B"}, {"supplied_kwh": -1}, {"supplied_kwh": "nan"}, {"day": "yesterday"}, {"feeder": None}]
)
def test_the_api_refuses_what_cannot_be(signed_in: SignIn, feeders: dict[str, Link], values: dict[str, Any]) -> None:
    sent = {"feeder": "C", "day": "2026-03-01", "supplied_kwh": 2500} | values
    answer = signed_in("engineer").post(SUPPLIES, sent, content_type="application/json")
    assert answer.status_code == 400
    assert next(iter(values)) in answer.json()


def test_a_period_that_is_none_is_refused_by_the_api(signed_in: SignIn) -> None:
    assert "soon" in signed_in("viewer").get(BALANCES, {"from": "soon"}).content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        station = Substation.objects.create(code=f"S{number}")
        days(station, FIRST, LAST)
        supply(Link.objects.create(target=station), 2500.0)
    client = signed_in("viewer")
    with django_assert_num_queries(8):
        assert client.get(URL).status_code == 200


def test_who_may_not_is_refused(signed_in: SignIn, client: Client, feeders: dict[str, Link]) -> None:
    assert signed_in("outsider").get(URL).status_code == 403
    assert client.get(URL)["Location"].startswith("/sign-in/")
    viewer = signed_in("viewer")
    assert viewer.post(URL, {"file": csv_of("A,2026-03-01,5")}).status_code == 403
    assert viewer.put(URL).status_code == 405
    assert viewer.post(SUPPLIES, {}, content_type="application/json").status_code == 403
    assert client.get(BALANCES).status_code == 401
