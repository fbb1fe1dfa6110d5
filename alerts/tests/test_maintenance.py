"""The page of what is shelved and of planned work: who, until when, why; end it now; plan work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts import planned, shelf
from alerts.models import Alert
from substations.models import PlannedWork

from .alert_scenes import CRITICAL, Cast, actions, fresh, raised, station
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/maintenance/"
# Session, user, the two of permissions, the works, the count and the rows of what is shelved.
QUERIES = 7


def form(**values: str) -> dict[str, str]:
    now = timezone.now()
    start, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M}" for hours in (-1, 3))
    return {"substation": "ss-01", "start": start, "end": end, "reason": "Oil change"} | values


def put_aside(person: Cast) -> Alert:
    return shelf.shelve(raised("A"), by=person("engineer"), minutes=60, note="Known, crew on Monday")


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))


def test_nothing_put_aside_says_so_and_how_it_works(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(URL))
    assert "No work is planned." in page
    assert "Nothing is shelved." in page


def test_what_is_shelved_stands_there_with_who_until_when_and_why(signed_in: SignIn, person: Cast) -> None:
    alert = put_aside(person)
    page = text(signed_in("viewer").get(URL))
    for words in ("Known, crew on Monday", "engineer-user", alert.suppressed_until.isoformat(timespec="seconds")):  # type: ignore[union-attr]
        assert words in page
    assert "Unshelve" not in page


def test_work_stands_there_with_who_until_when_why_and_how_many_alerts(signed_in: SignIn, person: Cast) -> None:
    planned.begin(raised("A"), by=person("engineer"), hours=4, reason="Oil change")
    answer = signed_in("viewer").get(URL)
    (work,) = answer.context["works"]
    assert (work.silenced, work.created_by.username) == (1, "engineer-user")
    assert "Oil change" in text(answer)
    assert "End now" not in text(answer)


def test_a_shelved_alert_is_taken_back(signed_in: SignIn, person: Cast) -> None:
    alert, client = put_aside(person), signed_in("operator")
    where = f"{URL}shelved/{alert.pk}/end/"
    assert "changed since" in text(client.post(where, {"version": "1"}, follow=True))
    assert fresh(alert).suppression == "shelved"
    assert "A is unshelved." in text(client.post(where, {"version": str(alert.version)}, follow=True))
    assert fresh(alert).suppression == "none"
    assert "Nothing was changed." in text(client.post(where, follow=True))


@pytest.mark.parametrize("path", ["shelved/1/end/", "1/end/"])
def test_ending_needs_a_role_and_a_post(client: Client, signed_in: SignIn, path: str) -> None:
    assert client.post(URL + path).status_code == 302
    assert signed_in("viewer").post(URL + path).status_code == 403
    assert signed_in("engineer").get(URL + path).status_code == 405


def test_what_is_not_there_is_not_found(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    assert client.post(f"{URL}4711/end/").status_code == 404
    assert client.post(f"{URL}shelved/4711/end/").status_code == 404


def test_work_that_goes_on_is_ended_and_its_alerts_come_back_by_who_ended_it(signed_in: SignIn, person: Cast) -> None:
    alert = planned.begin(raised("A"), by=person("operator"), hours=4, reason="Oil change")
    work, client = PlannedWork.objects.get(), signed_in("engineer")
    assert "Work on A has ended." in text(client.post(f"{URL}{work.pk}/end/", follow=True))
    assert fresh(alert).state == "unacknowledged"
    assert alert.events.order_by("-seq")[0].actor.username == "engineer-user"  # type: ignore[union-attr]
    assert "was over already" in text(client.post(f"{URL}{work.pk}/end/", follow=True))


def test_another_work_on_the_substation_keeps_its_alerts_put_aside(signed_in: SignIn, person: Cast) -> None:
    alert = planned.begin(raised("A"), by=person("operator"), hours=4, reason="Oil change")
    now = timezone.now()
    PlannedWork.objects.create(
        substation=alert.substation, start=now - timedelta(hours=1), end=now + timedelta(hours=1)
    )
    first = PlannedWork.objects.get(reason="Oil change")
    signed_in("engineer").post(f"{URL}{first.pk}/end/")
    assert fresh(alert).suppression == "out_of_service"


def test_work_that_has_not_begun_is_cancelled(signed_in: SignIn) -> None:
    now = timezone.now()
    work = PlannedWork.objects.create(substation=station(), start=now + timedelta(1), end=now + timedelta(2))
    client = signed_in("engineer")
    assert "Cancel" in text(client.get(URL))
    client.post(f"{URL}{work.pk}/end/")
    assert not PlannedWork.objects.exists()


def test_work_is_planned_and_takes_effect_at_once(signed_in: SignIn) -> None:
    alert, client = raised(severity=CRITICAL), signed_in("engineer")
    assert "Work on SS-01 is planned." in text(client.post(URL, form(), follow=True))
    assert (fresh(alert).suppression, actions(alert)) == ("out_of_service", ["raise", "suspend"])
    assert PlannedWork.objects.get().created_by.username == "engineer-user"  # type: ignore[union-attr]


def test_times_are_those_of_the_readers_clock(signed_in: SignIn) -> None:
    station()
    client = signed_in("engineer")
    client.post("/preferences/", {"time_zone": "Asia/Kolkata"})
    client.post(URL, form(start="2090-03-02T10:00", end="2090-03-02T12:00"))
    assert PlannedWork.objects.get().start.isoformat() == "2090-03-02T04:30:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"substation": "NO-SUCH"}, "There is no substation “NO-SUCH”."),
        ({"substation": "a\x00b"}, "Null characters are not allowed."),
        ({"end": "1999-01-01T00:00"}, "must end after it starts"),
        ({"start": "1999-01-01T00:00", "end": "1999-01-02T00:00"}, "is over already"),
        ({"end": "2099-01-01T00:00"}, "expected at most 336"),
        ({"start": "soon"}, "Enter a valid date/time."),
        ({"reason": ""}, "This field is required."),
        ({"reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_cannot_be_planned_says_why_and_keeps_what_was_typed(
    signed_in: SignIn, wrong: dict[str, str], said: str
) -> None:
    station()
    answer = signed_in("engineer").post(URL, form(**wrong))
    assert (answer.status_code, said in text(answer)) == (422, True)
    assert not PlannedWork.objects.exists()


def test_operators_look_and_do_not_plan(signed_in: SignIn) -> None:
    client = signed_in("operator")
    assert "Plan work" not in text(client.get(URL))
    assert client.post(URL, form()).status_code == 403


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, person: Cast, django_assert_num_queries: Any, count: int
) -> None:
    user, now = person("engineer"), timezone.now()
    for number in range(count):
        shelf.shelve(raised(f"SS-{number:02d}"), by=user, minutes=60, note="x")
        work = {"start": now, "end": now + timedelta(hours=1), "created_by": user}
        PlannedWork.objects.create(substation=station(f"SS-{number:02d}"), **work)
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)
