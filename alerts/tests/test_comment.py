"""Comments, also on what is closed."""

from __future__ import annotations

import pytest

from alerts import services
from alerts.changes import Conflict
from alerts.models import Alert, AlertEvent

from .alert_scenes import Cast, actions, raised, resolved
from .page_checks import HTMX, SignIn, assert_guarded

pytestmark = pytest.mark.django_db


def url(alert: Alert) -> str:
    return f"/alerts/{alert.pk}/comment/"


def test_only_operators_may(signed_in: SignIn) -> None:
    alert = raised()
    assert_guarded(signed_in, "post", url(alert), refused=("outsider", "viewer"), text="no")
    assert actions(alert) == ["raise"]


def test_it_is_an_event_and_changes_nothing_else(signed_in: SignIn) -> None:
    alert = raised()
    assert signed_in("operator").post(url(alert), {"text": "crew is there"}).status_code == 302
    event = AlertEvent.objects.get(action="comment")
    assert (event.comment, event.state_before, event.state_after) == (
        "crew is there", "unacknowledged", "unacknowledged",
    )  # fmt: skip


def test_the_history_can_be_commented_on(signed_in: SignIn, person: Cast) -> None:
    alert = resolved(raised(), person("engineer"))
    assert signed_in("operator").post(url(alert), {"text": "held so far"}).status_code == 302


def test_an_empty_one_is_shown_again_and_a_get_is_refused(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), raised()
    assert client.post(url(alert), {"text": "  "}).status_code == 422
    assert client.get(url(alert)).status_code == 405


def test_losing_a_race_is_a_conflict_and_not_an_error(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def beaten(*args: object, **values: object) -> None:
        raise Conflict("somebody was faster")

    client, alert = signed_in("operator"), raised()
    monkeypatch.setattr(services, "comment", beaten)
    assert client.post(url(alert), {"text": "hello"}).status_code == 409
    assert client.post(url(alert), {"text": "hello"}, headers=HTMX).content == b"somebody was faster"
    assert client.post(f"/api/alerts/{alert.pk}/comment/", {"note": "hello"}).status_code == 409
