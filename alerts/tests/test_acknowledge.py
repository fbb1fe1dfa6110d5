"""Acknowledging: somebody is on it."""

from __future__ import annotations

import pytest

from alerts import services
from alerts.changes import Conflict
from alerts.lifecycle import Refused
from alerts.models import Alert, AlertEvent

from .alert_scenes import CRITICAL, Cast, actions, cleared, fresh, raised, resolved
from .page_checks import HTMX, SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db


def url(alert: Alert) -> str:
    return f"/alerts/{alert.pk}/acknowledge/"


def test_who_when_and_why_are_kept(person: Cast) -> None:
    user = person("operator")
    alert = fresh(services.acknowledge(raised(), by=user, note="on my way"))
    assert (alert.acknowledged, alert.acknowledged_by, alert.acknowledge_note) == (True, user, "on my way")
    event = AlertEvent.objects.get(action="acknowledge")
    assert (event.actor, event.comment, event.source, event.seq) == (user, "on my way", "web", 2)
    assert alert.acknowledged_at == event.at


def test_a_second_acknowledgement_is_refused_and_leaves_no_trace(person: Cast) -> None:
    alert, user = raised(), person("operator")
    services.acknowledge(alert, by=user)
    with pytest.raises(Refused):
        services.acknowledge(fresh(alert), by=user)
    assert actions(alert) == ["raise", "acknowledge"]


def test_a_cleared_warning_goes_to_the_history(person: Cast) -> None:
    alert = services.acknowledge(cleared(raised()), by=person("operator"))
    assert (fresh(alert).closure, fresh(alert).closed_at is not None) == (Alert.Closure.CLEARED, True)


def test_a_cleared_critical_alert_waits_for_its_resolution(person: Cast) -> None:
    alert = services.acknowledge(cleared(raised(severity=CRITICAL)), by=person("operator"))
    assert (fresh(alert).state, fresh(alert).closed_at) == ("cleared_latched", None)


def test_a_copy_that_is_out_of_date_writes_nothing(person: Cast) -> None:
    user, alert = person("operator"), raised()
    held = fresh(alert)
    services.comment(alert, by=user, text="look at this")
    with pytest.raises(Conflict):
        services.acknowledge(held, by=user)
    assert not fresh(alert).acknowledged
    assert actions(alert) == ["raise", "comment"]


def test_what_acknowledging_closes_comes_with_a_toast_that_undoes_it(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), cleared(raised())
    row = text(client.post(url(alert), {"version": alert.version, "as": "row"}, headers=HTMX))
    assert "acknowledged and closed." in row
    assert f'id="toast-{alert.pk}"' in row
    undo = {"version": fresh(alert).version, "as": "toast", "note": "Undone"}
    toast = text(client.post(f"/alerts/{alert.pk}/unacknowledge/", undo, headers=HTMX))
    assert "undone, the alert is open again." in toast
    assert fresh(alert).state == "cleared_unacknowledged"


def test_what_stays_open_comes_without_a_toast(signed_in: SignIn) -> None:
    alert = raised()
    row = signed_in("operator").post(url(alert), {"version": alert.version, "as": "row"}, headers=HTMX)
    assert "data-toast" not in text(row)


# The page


def test_only_operators_may(signed_in: SignIn) -> None:
    alert = raised()
    assert_guarded(signed_in, "post", url(alert), refused=("outsider", "viewer"))
    assert not fresh(alert).acknowledged


def test_it_takes_a_post(signed_in: SignIn) -> None:
    assert signed_in("operator").get(url(raised())).status_code == 405


def test_an_unknown_alert_is_not_found(signed_in: SignIn) -> None:
    assert signed_in("operator").post("/alerts/4711/acknowledge/").status_code == 404


def test_a_plain_form_returns_to_the_alert(signed_in: SignIn) -> None:
    alert = raised()
    answer = signed_in("operator").post(url(alert), {"note": "mine", "version": alert.version})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/alerts/{alert.pk}/")
    assert fresh(alert).acknowledge_note == "mine"


@pytest.mark.parametrize(("data", "part"), [({}, 'id="alert-detail"'), ({"as": "row"}, '<tr id="alert-')])
def test_htmx_gets_the_part_that_it_replaces(signed_in: SignIn, data: dict[str, str], part: str) -> None:
    answer = signed_in("operator").post(url(raised()), data, headers=HTMX)
    assert answer.status_code == 200
    assert part in text(answer)
    assert "<html" not in text(answer)


def test_a_second_click_is_a_conflict_that_says_so(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    client.post(url(alert))
    again = client.post(url(alert))
    assert again.status_code == 409
    assert "Nothing was changed." in text(again)
    assert client.post(url(alert), headers=HTMX).status_code == 409
    assert actions(alert) == ["raise", "acknowledge"]


def test_a_stale_page_is_a_conflict(signed_in: SignIn) -> None:
    alert = raised()
    answer = signed_in("operator").post(url(alert), {"version": alert.version - 1})
    assert (answer.status_code, fresh(alert).acknowledged) == (409, False)


def test_a_closed_alert_is_a_conflict(signed_in: SignIn, person: Cast) -> None:
    alert = resolved(raised(), person("engineer"))
    assert signed_in("operator").post(url(alert)).status_code == 409


def test_a_note_that_is_too_long_is_shown_again(signed_in: SignIn) -> None:
    alert = raised()
    answer = signed_in("operator").post(url(alert), {"note": "x" * 2001})
    assert (answer.status_code, fresh(alert).acknowledged) == (422, False)
