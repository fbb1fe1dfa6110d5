"""Saying whether a substation feeds in: who may, what is kept, and what happens the second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from substations.models import PendingRange, Reading, Substation

from .readings_pages import SignIn

pytestmark = pytest.mark.django_db
URL = "/substations/SS-01/direction/"
AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def station() -> Substation:
    made = Substation.objects.create(code="SS-01")
    for hour in (0, 5):
        Reading.objects.create(substation=made, at=AT + timedelta(hours=hour), active_power_kw=-50.0)
    return made


def kept(station: Substation) -> str:
    station.refresh_from_db()
    return str(station.exports_power)


def test_who_is_not_signed_in_signs_in_first(client: Client, station: Substation) -> None:
    answer = client.post(URL, {"exports_power": "yes"})
    assert answer.status_code == 302
    assert "/sign-in/" in answer.headers["Location"]
    assert kept(station) == "unknown"


@pytest.mark.parametrize("role", ["outsider", "viewer"])
def test_who_may_only_look_is_refused(signed_in: SignIn, station: Substation, role: str) -> None:
    assert signed_in(role).post(URL, {"exports_power": "yes"}).status_code == 403
    assert kept(station) == "unknown"


def test_it_takes_a_post_alone(signed_in: SignIn, station: Substation) -> None:
    assert signed_in("operator").get(URL).status_code == 405


def test_an_unknown_substation_is_not_found(signed_in: SignIn) -> None:
    assert signed_in("operator").post(URL, {"exports_power": "yes"}).status_code == 404


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_the_answer_is_kept_and_the_record_judged_again(signed_in: SignIn, station: Substation, answer: str) -> None:
    page = signed_in("operator").post(URL, {"exports_power": answer}, follow=True)
    assert page.redirect_chain == [(station.get_absolute_url(), 302)]
    assert "Kept on the nameplate" in page.content.decode()
    assert kept(station) == answer
    waiting = PendingRange.objects.get()
    assert (waiting.start, waiting.end) == (AT, AT + timedelta(hours=5))


def test_the_second_answer_counts(signed_in: SignIn, station: Substation) -> None:
    operator = signed_in("operator")
    for answer in ("yes", "no"):
        operator.post(URL, {"exports_power": answer})
    assert kept(station) == "no"


@pytest.mark.parametrize("answer", ["", "perhaps", "x" * 500])
def test_another_answer_is_refused_with_the_choices(signed_in: SignIn, station: Substation, answer: str) -> None:
    refused = signed_in("operator").post(URL, {"exports_power": answer})
    assert refused.status_code == 400
    assert "expected one of" in refused.content.decode()
    assert answer[:40] in refused.content.decode()
    assert kept(station) == "unknown"
    assert not PendingRange.objects.exists()
