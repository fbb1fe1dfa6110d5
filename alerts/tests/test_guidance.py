"""The plant's own guidance: which of several is shown, who may write it, and what is shown without any."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from alerts.guidance import advice_of
from alerts.guidance_models import AlertGuidance
from mlcore.explanations import checks_of
from substations.models import Substation

from .alert_scenes import raised, station
from .page_checks import SignIn, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site() -> None:
    Substation.objects.filter(pk=station().pk).update(site="North")


def said(text: str, **where: Any) -> AlertGuidance:
    return AlertGuidance.objects.create(text=text, **where)


def shown() -> list[str]:
    alert = raised()
    return list(advice_of(alert).steps)


def test_without_any_the_built_in_advice_is_shown() -> None:
    assert shown() == [str(step) for step in checks_of("capacitor_failure")]


ORDER: list[dict[str, Any]] = [
    {},
    {"site": "North"},
    {"on": True},
    {"kind": "loss"},
    {"site": "North", "kind": "loss"},
    {"on": True, "kind": "loss"},
    {"cause": "capacitor_failure"},
    {"site": "North", "cause": "capacitor_failure"},
    {"on": True, "kind": "loss", "cause": "capacitor_failure"},
]


@pytest.mark.parametrize("count", range(1, len(ORDER) + 1))
def test_the_most_specific_wins(count: int) -> None:
    for number, where in reversed(list(enumerate(ORDER[:count], 1))):
        on = {"substation": station()} if where.get("on") else {}
        said(f"step {number}", **on, **{name: value for name, value in where.items() if name != "on"})
    assert shown() == [f"step {count}"]


@pytest.mark.parametrize("where", [{"site": "South"}, {"kind": "meter"}, {"cause": "overload"}])
def test_what_holds_elsewhere_is_not_shown(where: dict[str, str]) -> None:
    said("elsewhere", **where)
    said("elsewhere too", substation=station("SS-02"))
    assert shown()[0] == str(checks_of("capacitor_failure")[0])


def test_the_page_shows_it_with_its_links_and_says_whose_it_is(signed_in: SignIn) -> None:
    said("Call 4711\n\n <b>Read</b> https://plant.example/banks ", site="North")
    page = text(signed_in("viewer").get(raised().get_absolute_url()))
    assert "<li>Call 4711</li>" in page
    assert "&lt;b&gt;Read&lt;/b&gt;" in page
    assert 'href="https://plant.example/banks"' in page
    assert "Guidance of this plant: North" in page
    assert str(checks_of("capacitor_failure")[0]) not in page


def test_programs_get_the_same(signed_in: SignIn) -> None:
    said("Call 4711")
    assert signed_in("viewer").get(f"/api/alerts/{raised().pk}/").json()["advice"] == ["Call 4711"]


@pytest.mark.parametrize(
    ("wrong", "why"), [({"site": "North", "on": True}, "one of them"), ({"text": " \n "}, "at least one line")]
)
def test_what_says_nothing_or_says_it_twice_is_refused(wrong: dict[str, Any], why: str) -> None:
    on = {"substation": station()} if wrong.pop("on", False) else {}
    with pytest.raises(ValidationError, match=why):
        AlertGuidance(**{"text": "Call"} | wrong | on).full_clean()
    said("first", site="North")
    with pytest.raises(ValidationError):
        AlertGuidance(text="second", site="North").full_clean()


def test_engineers_write_it_in_the_admin(signed_in: SignIn, admin_client: Client) -> None:
    engineer = signed_in("engineer")
    User.objects.filter(username="engineer-user").update(is_staff=True)
    answer = engineer.post("/admin/alerts/alertguidance/add/", {"cause": "overload", "text": "Call 4711"})
    assert answer.status_code == 302
    assert AlertGuidance.objects.get().steps == ["Call 4711"]
    assert admin_client.get("/admin/alerts/alertguidance/", {"q": "4711"}).status_code == 200
