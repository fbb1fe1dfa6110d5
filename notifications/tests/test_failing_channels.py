"""A channel whose messages are given up is an alarm of the system: it is seen, ends by itself and is sent to nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from alerts.models import SystemAlarm
from notifications import channel_services, dispatching
from notifications.outbox_models import OutgoingMessage
from notifications.transports import TransportFailed

from .notification_scenes import CRITICAL, HOUR, MINUTE, NOW, Recorder, channel, raised_at, recording, route, run

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PAGE = "/notifications/dead-letters/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return recording(monkeypatch)


def given_up(sent: Recorder, code: str = "SS-01", at: Any = NOW, **values: Any) -> OutgoingMessage:
    """An alarm that its channel refused for good."""
    sent.failures = [TransportFailed("The server answered 400.", permanent=True)]
    raised_at(at, code, severity=CRITICAL, **values)
    run(at)
    return OutgoingMessage.objects.dead().latest("created_at")


def unresolved() -> list[tuple[str, str]]:
    return list(SystemAlarm.objects.unresolved().values_list("subject", "detail"))


def test_it_is_raised_once_for_a_channel(sent: Recorder) -> None:
    route(channel("mail"))
    given_up(sent)
    given_up(sent, "SS-02", NOW + MINUTE, site="North")
    assert unresolved() == [("mail", "The server answered 400.")]
    assert SystemAlarm.objects.count() == 1


def test_what_is_tried_again_is_none_yet(sent: Recorder) -> None:
    route(channel("mail"))
    sent.is_down = True
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    assert unresolved() == []


def test_a_test_that_fails_is_none(sent: Recorder) -> None:
    sent.is_down = True
    made = channel_services.send_test(channel("mail"))
    run(NOW)
    assert (made.state, unresolved()) == ("dead", [])


def test_it_is_over_when_a_message_arrives(sent: Recorder) -> None:
    route(channel("mail"))
    given_up(sent)
    raised_at(NOW + HOUR, "SS-02", site="North", severity=CRITICAL)
    run(NOW + HOUR)
    assert len(sent.sent) == 1
    assert unresolved() == []
    assert SystemAlarm.objects.get().closed_at == NOW + HOUR
    assert OutgoingMessage.objects.standing().count() == 1, "the letter itself stays until somebody dismisses it"


def test_it_is_over_when_a_test_arrives(sent: Recorder) -> None:
    mail = channel("mail")
    route(mail)
    given_up(sent)
    channel_services.send_test(mail)
    assert unresolved() == []


def test_it_is_over_when_the_letter_is_dismissed_and_another_raises_a_new_one(sent: Recorder, person: Any) -> None:
    route(channel("mail"))
    letter = given_up(sent)
    letters = OutgoingMessage.objects.filter(pk=letter.pk)
    by = person("engineer")
    assert [dispatching.dismiss(letters, by=by, now=NOW + MINUTE) for _twice in range(2)] == [1, 0]
    assert unresolved() == []
    given_up(sent, "SS-02", NOW + HOUR, site="North")
    assert len(unresolved()) == 1
    assert SystemAlarm.objects.count() == 2


def test_it_makes_no_message_of_its_own(sent: Recorder) -> None:
    """Other channels are told by a message that is no alarm; nothing is said of that one in turn."""
    route(channel("mail"))
    channel("watch", tells_failures=True)
    sent.failures = [TransportFailed("refused", permanent=True) for _each in range(2)]
    raised_at(NOW, severity=CRITICAL)
    for minute in range(5):
        run(NOW + minute * MINUTE)
    assert sorted(OutgoingMessage.objects.values_list("kind", "state")) == [("alarm", "dead"), ("failing", "dead")]
    assert sorted(subject for subject, _detail in unresolved()) == ["mail", "watch"]


def test_it_stands_on_the_line_and_on_the_list_until_it_is_acknowledged(sent: Recorder, signed_in: SignIn) -> None:
    route(channel("mail"))
    given_up(sent)
    viewer, operator = signed_in("viewer"), signed_in("operator")
    line = viewer.get("/alerts/line/").content.decode()
    assert "Messages are not sent" in line
    assert 'data-warning="1"' in line
    url = f"/alerts/system/{SystemAlarm.objects.get().pk}/acknowledge/"
    seen = viewer.get("/alerts/").content.decode()
    assert "The server answered 400." in seen
    assert url not in seen
    assert url in operator.get("/alerts/").content.decode()
    assert operator.get(url).status_code == 405
    assert viewer.post(url).status_code == 403
    assert operator.post(url).status_code == 302
    assert "already" in operator.post(url, follow=True).content.decode()
    assert "Messages are not sent" not in operator.get("/alerts/line/").content.decode()
    assert "The server answered 400." in operator.get("/alerts/").content.decode(), "it lasts"
    assert operator.post("/alerts/system/4711/acknowledge/").status_code == 404


def test_the_api_lists_and_acknowledges(sent: Recorder, signed_in: SignIn) -> None:
    route(channel("mail"))
    given_up(sent)
    client = signed_in("operator")
    (alarm,) = client.get("/api/system-alarms/").json()["results"]
    assert (alarm["kind"], alarm["subject"], alarm["link"]) == ("messages", "mail", PAGE)
    url = f"/api/system-alarms/{alarm['id']}/acknowledge/"
    assert signed_in("viewer").post(url).status_code == 403
    assert client.post(url).json()["acknowledged_by"] == "operator-user"
    assert client.post(url).status_code == 409
    assert client.get("/api/system-alarms/?history=true").json()["results"] == []
    assert Client().get("/api/system-alarms/").status_code in (401, 403)


def test_letters_are_dismissed_on_their_page_one_or_all(sent: Recorder, signed_in: SignIn) -> None:
    route(channel("mail"))
    first = given_up(sent)
    given_up(sent, "SS-02", NOW + HOUR, site="North")
    url = f"/notifications/messages/{first.pk}/dismiss/"
    assert signed_in("operator").post(url).status_code == 403
    engineer = signed_in("engineer")
    assert engineer.get(url).status_code == 405
    assert "1 message is dismissed." in engineer.post(url, follow=True).content.decode()
    assert "Only what was given up" in engineer.post(url, follow=True).content.decode()
    assert "1 message is dismissed." in engineer.post(PAGE + "dismiss/", follow=True).content.decode()
    assert "No dead letters." in engineer.get(PAGE).content.decode()
    first.refresh_from_db()
    assert (first.state, str(first.dismissed_by)) == ("dead", "engineer-user")


def test_a_letter_is_dismissed_over_the_api_and_sent_again_it_is_no_letter_any_more(
    sent: Recorder, signed_in: SignIn
) -> None:
    route(channel("mail"))
    letter = given_up(sent)
    url = f"/api/notification-messages/{letter.pk}/"
    assert signed_in("operator").post(url + "dismiss/").status_code == 403
    engineer = signed_in("engineer")
    assert engineer.post(url + "dismiss/").json()["dismissed_at"]
    assert engineer.post(url + "dismiss/").status_code == 409
    assert engineer.post(url + "again/").json()["dismissed_at"] is None
