"""The bench of alerts: what it fills, and what it measures."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from alerts import alarm_days
from alerts.models import Alert, AlertEvent, Resolution
from benchmarks import alarm_load


@pytest.mark.django_db
def test_it_fills_open_and_closed_alerts_with_their_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_load, "TEMPLATE_SIZE", 20)
    now = timezone.now()
    alarm_load.fill_alerts(7, 60, now)
    closed = Alert.objects.in_history()
    assert (Alert.objects.unresolved().count(), closed.count()) == (7, 60)
    assert Resolution.objects.filter(alert__in=closed).count() == 60
    assert {alert.events.count() for alert in closed} == {4}
    assert all(alert.closed_at and alert.detected_at < alert.closed_at <= now for alert in closed)
    assert len({alert.detected_at.date() for alert in closed}) >= 3
    while alarm_days.refresh(now=now):
        pass
    assert len(alarm_days.read(None, now)) == AlertEvent.objects.filter(announces=True).count() == 67


@pytest.mark.django_db(transaction=True)
def test_it_measures_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_load, "TEMPLATE_SIZE", 20)
    out = StringIO()
    call_command("bench", "alerts", "--open", "6", "--closed", "40", "--repeats", "1", "--server", "", stdout=out)
    said = out.getvalue()
    assert "6 open, 40 closed alerts" in said
    assert "answered" not in said
    assert len(said.splitlines()) == 2 + len(alarm_load.ADDRESSES)


@pytest.mark.parametrize("wrong", [["--open", "0"], ["--closed", "-1"], ["--repeats", "0"]])
def test_sizes_that_make_no_sense_are_refused(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match="received"):
        call_command("bench", "alerts", *wrong)
