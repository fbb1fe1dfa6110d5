"""The shelf: an alert is put aside for a while, and always comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from alerts import services, shelf
from alerts.lifecycle import Refused
from alerts.models import Alert, AlertEvent
from alerts.tasks import follow_planned_work

from .alert_scenes import CRITICAL, HOUR, Cast, actions, cleared, fresh, raised, resolved
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db


def url(alert: Alert, verb: str = "shelve") -> str:
    return f"/alerts/{alert.pk}/{verb}/"


def test_who_why_and_until_when_are_kept(person: Cast) -> None:
    user = person("operator")
    before = timezone.now()
    alert = fresh(shelf.shelve(raised(), by=user, minutes=60, note="waits for the crew"))
    assert alert.state == "shelved"
    assert alert.suppressed_until is not None
    assert timedelta(0) <= alert.suppressed_until - before - HOUR < timedelta(minutes=1)
    event = AlertEvent.objects.get(action="shelve")
    assert (event.actor, event.comment, event.state_after) == (user, "waits for the crew", "shelved")


@pytest.mark.parametrize("minutes", [0, -5, 721])
def test_a_time_that_is_none_or_too_long_is_refused(person: Cast, minutes: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 720"):
        shelf.shelve(raised(), by=person("engineer"), minutes=minutes, note="x")


def test_a_critical_alert_is_not_for_operators_to_shelve(signed_in: SignIn, person: Cast) -> None:
    alert = raised(severity=CRITICAL)
    with pytest.raises(PermissionDenied):
        shelf.shelve(alert, by=person("operator"), minutes=15, note="x")
    assert shelf.shelve(alert, by=person("engineer"), minutes=15, note="x").state == "shelved"


def test_it_comes_back_unacknowledged_when_its_time_is_over_however_late_the_clock_looks(person: Cast) -> None:
    user = person("operator")
    alert = services.acknowledge(raised(), by=user)
    shelf.shelve(alert, by=user, minutes=15, note="x")
    assert shelf.end_due(now=timezone.now()) == 0
    assert shelf.end_due(now=timezone.now() + timedelta(days=9)) == 1
    back = fresh(alert)
    assert (back.state, back.suppressed_until, back.acknowledged_by) == ("unacknowledged", None, None)
    assert actions(alert) == ["raise", "acknowledge", "shelve", "unshelve"]
    assert shelf.end_due(now=timezone.now() + timedelta(days=9)) == 0


def test_the_clock_ends_it(person: Cast) -> None:
    alert = shelf.shelve(raised(), by=person("operator"), minutes=15, note="x")
    Alert.objects.update(suppressed_until=timezone.now())
    follow_planned_work()
    assert fresh(alert).state == "unacknowledged"


def test_what_clears_on_the_shelf_is_recorded(person: Cast) -> None:
    alert = shelf.shelve(raised(), by=person("operator"), minutes=15, note="x")
    assert cleared(alert).state == "shelved"
    shelf.unshelve(fresh(alert))
    assert fresh(alert).state == "cleared_unacknowledged"


def test_one_on_the_shelf_can_be_resolved(person: Cast) -> None:
    user = person("operator")
    alert = shelf.shelve(raised(), by=user, minutes=15, note="x")
    assert resolved(alert, user).state == "closed"


def test_twice_and_closed_are_refused(person: Cast) -> None:
    user = person("operator")
    alert = shelf.shelve(raised(), by=user, minutes=15, note="x")
    with pytest.raises(Refused):
        shelf.shelve(fresh(alert), by=user, minutes=15, note="x")
    with pytest.raises(Refused):
        shelf.unshelve(raised("SS-02"))


# The pages

SENT = {"minutes": 60, "note": "waits for the crew"}


@pytest.mark.parametrize("verb", ["shelve", "unshelve"])
def test_only_operators_may_and_by_post_alone(signed_in: SignIn, verb: str) -> None:
    alert = raised()
    assert_guarded(signed_in, "post", url(alert, verb), refused=("outsider", "viewer"), **SENT)
    client = signed_in("operator")
    assert client.get(url(alert, verb)).status_code == 405
    assert client.post(f"/alerts/4711/{verb}/", SENT).status_code == 404
    assert fresh(alert).state == "unacknowledged"


def test_there_and_back_by_form(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    answer = client.post(url(alert), SENT | {"version": alert.version})
    assert (answer.status_code, answer.headers["Location"]) == (302, alert.get_absolute_url())
    page = text(client.get(alert.get_absolute_url()))
    assert "Shelved" in page
    assert f'action="{url(alert, "unshelve")}"' in page
    assert client.post(url(alert), SENT).status_code == 409, "a second time"
    assert client.post(url(alert, "unshelve")).status_code == 302
    assert fresh(alert).state == "unacknowledged"


@pytest.mark.parametrize("wrong", [{"note": ""}, {"minutes": 7}, {"minutes": "for ever"}])
def test_what_is_missing_is_said(signed_in: SignIn, wrong: dict[str, Any]) -> None:
    alert = raised()
    answer = signed_in("operator").post(url(alert), SENT | wrong)
    assert answer.status_code == 422
    assert "Nothing was changed." in text(answer)
    assert fresh(alert).state == "unacknowledged"


def test_a_critical_one_is_refused_with_the_reason_and_not_offered(signed_in: SignIn) -> None:
    alert, client = raised(severity=CRITICAL), signed_in("operator")
    answer = client.post(url(alert), SENT)
    assert answer.status_code == 403
    assert "is shelved by an engineer" in text(answer)
    assert 'data-opens="shelve"' not in text(client.get(alert.get_absolute_url()))
    assert signed_in("engineer").post(url(alert), SENT).status_code == 302


def test_it_has_its_own_tab_and_leaves_the_counters(signed_in: SignIn, person: Cast) -> None:
    shelf.shelve(raised("ASIDE"), by=person("engineer"), minutes=15, note="x")
    raised("HERE")
    client = signed_in("viewer")

    def codes(query: str) -> list[str]:
        return [alert.substation.code for alert in client.get(f"/alerts/{query}").context["page"].object_list]

    assert (codes(""), codes("?tab=shelved"), codes("?tab=out_of_service")) == (["HERE"], ["ASIDE"], [])
    assert Alert.objects.counts() == {
        "active": 1, "critical": 0, "warning": 1, "shelved": 1, "out_of_service": 0, "suppressed": 0, "stale": 1,
    }  # fmt: skip
    assert 'href="?severity=warning&amp;tab=shelved"' in text(client.get("/alerts/?severity=warning"))


# People at work


def test_engineers_take_a_substation_out_of_service_and_back(signed_in: SignIn) -> None:
    alert, other = raised(), raised(kind="meter", cause="stuck_value")
    sent = {"hours": 8, "reason": "Oil change"}
    begin, end = url(alert, "out-of-service"), url(alert, "back-in-service")
    assert_guarded(signed_in, "post", begin, refused=("outsider", "operator"), **sent)
    client = signed_in("engineer")
    assert client.get(begin).status_code == 405
    assert client.post(begin, sent | {"reason": ""}).status_code == 422
    assert client.post(begin, sent).status_code == 302
    assert (fresh(alert).state, fresh(other).state) == ("out_of_service", "out_of_service")
    assert client.post(begin, sent).status_code == 409
    event = AlertEvent.objects.filter(alert=alert).latest("seq")
    assert (event.action, event.comment, str(event.actor)) == ("suspend", "Oil change", "engineer-user")
    assert client.post(end).status_code == 302
    assert (fresh(alert).state, fresh(other).state) == ("unacknowledged", "unacknowledged")
    assert client.post(end).status_code == 409
