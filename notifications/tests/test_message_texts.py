"""What a message says: what, where, since when, why, cost, what to check, link; short, in the channel's language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import message_texts
from notifications.outbox_models import OutgoingMessage

from .notification_scenes import CRITICAL, HOUR, NOW, Recorder, channel, raised_at, recording, route, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return recording(monkeypatch)


def test_one_alert_in_full_answers_what_where_why_cost_and_what_to_do(sent: Recorder, settings: Any) -> None:
    settings.PUBLIC_URL = "https://ems.example.org"
    route(channel(time_zone="Asia/Kolkata"))
    alert = raised_at(NOW, site="Harbour", severity=CRITICAL, start=NOW - HOUR, peak=NOW)
    run(NOW)
    lines = sent.sent[0].text.splitlines()
    assert lines[0] == "Critical: Capacitor bank failure"
    assert lines[1] == "Raised, 2026-03-02 14:30 +05:30"
    assert "Where: SS-01 North yard, Harbour" in lines
    assert "Since: 2026-03-02 13:30 +05:30" in lines
    assert "Why: Reactive power is 90 kvar above what is expected." in lines
    assert any(line.startswith("Cost so far: ") and "12.5 kWh" in line for line in lines)
    assert any(line.startswith("  1. Read the power factor controller") for line in lines)
    assert f"Open: https://ems.example.org/alerts/{alert.pk}/" in lines


def test_it_is_written_in_the_language_of_the_channel(sent: Recorder) -> None:
    """Times are what Django itself writes by language; the texts of this project follow its catalogues."""
    route(channel(language="de"))
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    assert "02.03.2026 09:00 UTC" in sent.sent[0].text


def test_a_text_is_that_of_the_event_whatever_happened_since(sent: Recorder) -> None:
    """Rendered when the event was routed: a retry does not turn an alarm into something else."""
    from .notification_scenes import cleared_at

    sent.is_down = True
    route(channel())
    alert = raised_at(NOW, severity=CRITICAL)
    run(NOW)
    before = OutgoingMessage.objects.get().text
    cleared_at(alert, NOW + HOUR)
    sent.is_down = False
    run(NOW + HOUR)
    assert sent.sent[0].text == before
    assert "Raised" in before


def test_a_name_with_a_line_break_adds_no_header(sent: Recorder) -> None:
    entry = dict(ENTRY, substation="SS-1\r\nBcc: evil@example.org")
    written = message_texts.write("alarm", [entry], {})
    assert "\n" not in written.subject + written.short
    assert "\r" not in written.subject + written.short


ENTRY: dict[str, Any] = {
    "alert": 1, "event": 1, "seq": 1, "action": "raise", "word": "Raised", "severity": "critical",
    "severity_word": "Critical", "kind": "loss", "cause": "overload", "what": "Overload", "substation": "SS-1",
    "where": "SS-1", "why": "w", "cost": "", "checks": [], "at": "2026-03-02T09:00:00+00:00", "when": "now",
    "since": "now", "by": "", "comment": "", "link": "http://localhost:8000/alerts/1/",
}  # fmt: skip


@given(st.text(max_size=300), st.text(max_size=300), st.integers(1, 60), st.text(max_size=200))
def test_any_text_gives_a_short_form_a_one_line_subject_and_json(what: str, where: str, count: int, link: str) -> None:
    entries = [ENTRY | {"alert": n, "what": what, "where": where, "link": f"http://h/{link}"} for n in range(count)]
    written = message_texts.write("alarm", entries, {0: "http://h/ack"}, head="Head.")
    assert len(written.short) <= 160
    assert len(written.subject) <= 300
    assert len(written.subject.splitlines()) <= 1
    data = json.loads(written.body)["data"]
    assert len(data["alerts"]) + data["left_out"] == count


def test_a_short_text_keeps_the_whole_link() -> None:
    link = "https://ems.example.org/alerts/123456/"
    assert message_texts.shortened("x" * 500, link).endswith(f"… {link}")
    assert len(message_texts.shortened("x" * 500, link)) == 160
