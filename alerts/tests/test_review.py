"""What detections do to alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts import review, services
from alerts.changes import Conflict
from alerts.lifecycle import Condition
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection
from substations.models import Reading

from .alert_scenes import (
    CRITICAL,
    HOUR,
    START,
    WARNING,
    Cast,
    actions,
    cleared,
    detected,
    fresh,
    raised,
    resolved,
    reviewed,
    revised,
    station,
)

pytestmark = pytest.mark.django_db


def test_a_new_detection_raises_an_alert_that_says_what_it_says() -> None:
    detection = detected(severity=CRITICAL)
    assert review.review_changed() == 1
    alert = Alert.objects.get()
    assert (alert.substation_id, alert.kind, alert.cause) == (detection.substation_id, "loss", "capacitor_failure")
    assert (alert.severity_now, alert.severity_peak, alert.loss_kwh) == (CRITICAL, CRITICAL, 12.5)
    assert (alert.raised_at, alert.detection, alert.reason) == (START, detection, detection.reason)
    event = AlertEvent.objects.get()
    assert (event.action, event.seq, event.state_before, event.source) == ("raise", 1, "", "system")
    assert event.event_time == START


def test_a_second_review_changes_nothing() -> None:
    alert = raised()
    before = Alert.objects.values().get()
    assert review.review_changed() == 0
    reviewed(alert.detection)
    after = Alert.objects.values().get()
    assert {**after, "changed_at": None} == {**before, "changed_at": None}
    assert actions(alert) == ["raise"]


def test_a_detection_that_ended_lately_needs_acknowledging_all_the_same() -> None:
    alert = raised(end=START + HOUR)
    assert (alert.condition, alert.cleared_at, alert.closed_at) == ("cleared", START + HOUR, None)
    assert actions(alert) == ["raise", "clear"]
    assert AlertEvent.objects.get(seq=2).event_time == START + HOUR


def test_what_ended_long_before_the_newest_reading_goes_straight_to_the_history() -> None:
    Reading.objects.create(substation=station(), at=START + timedelta(days=30))
    alert = raised(end=START + HOUR)
    assert (alert.closure, actions(alert)) == (Alert.Closure.RETROSPECTIVE, ["record"])
    assert not Alert.objects.unresolved().exists()


def test_what_was_over_before_the_open_alert_began_is_recorded_beside_it() -> None:
    current = raised()
    earlier = raised(start=START - 5 * HOUR, end=START - 4 * HOUR)
    assert earlier != current
    assert earlier.closure == Alert.Closure.RETROSPECTIVE
    assert fresh(current).closed_at is None


def test_a_retrospective_finding_does_not_supersede_an_alert_that_waits_for_somebody() -> None:
    alert = raised(end=START + HOUR)
    Reading.objects.create(substation=station(), at=START + timedelta(days=30))
    other = raised(cause="overload", start=START + 2 * HOUR, end=START + 3 * HOUR)
    assert other.closure == Alert.Closure.RETROSPECTIVE
    assert fresh(alert).closed_at is None


def test_detections_that_last_together_are_one_alert() -> None:
    alert = raised()
    joined = raised(cause="overload", start=START + HOUR, loss_kwh=7.5, severity=CRITICAL)
    assert joined == alert
    assert (joined.occurrences, joined.loss_kwh, joined.cause) == (2, 20.0, "overload")
    assert actions(alert) == ["raise", "escalate"]


def test_kinds_and_substations_have_alerts_of_their_own() -> None:
    raised()
    raised(kind="meter", cause="stuck_value")
    raised("SS-02")
    assert Alert.objects.unresolved().count() == 3


def test_growing_figures_do_not_make_the_page_of_an_operator_stale(person: Cast) -> None:
    alert = raised()
    reviewed(revised(alert.detection, loss_kwh=99.0))
    assert (fresh(alert).loss_kwh, fresh(alert).version) == (99.0, alert.version)
    services.acknowledge(fresh(alert), by=person("operator"), version=alert.version)


def test_another_cause_makes_it_stale(person: Cast) -> None:
    alert = raised()
    reviewed(revised(alert.detection, cause="overload"))
    with pytest.raises(Conflict):
        services.acknowledge(fresh(alert), by=person("operator"), version=alert.version)


def test_a_warning_that_turns_critical_asks_for_somebody_again(person: Cast) -> None:
    alert = services.acknowledge(raised(), by=person("operator"), note="on it")
    reviewed(revised(alert.detection, severity=CRITICAL))
    alert = fresh(alert)
    assert (alert.acknowledged, alert.acknowledged_by, alert.acknowledge_note) == (False, None, "")
    assert actions(alert) == ["raise", "acknowledge", "escalate"]
    event = AlertEvent.objects.get(action="escalate")
    assert (event.severity_before, event.severity_after) == (WARNING, CRITICAL)


def test_the_highest_severity_stays_after_it_eased() -> None:
    alert = raised(severity=CRITICAL)
    reviewed(revised(alert.detection, severity=WARNING))
    alert = fresh(alert)
    assert (alert.severity_now, alert.severity_peak, alert.severity) == (WARNING, CRITICAL, CRITICAL)
    assert actions(alert) == ["raise", "ease"]


def test_an_acknowledged_warning_closes_by_itself(person: Cast) -> None:
    alert = cleared(services.acknowledge(raised(), by=person("operator")))
    assert (alert.closure, alert.cleared_at) == (Alert.Closure.CLEARED, START + HOUR)


def test_an_acknowledged_critical_one_waits_for_its_resolution(person: Cast) -> None:
    alert = cleared(services.acknowledge(raised(severity=CRITICAL), by=person("operator")))
    assert (alert.state, alert.closed_at) == ("cleared_latched", None)


def test_the_same_cause_within_a_day_is_the_same_alert(person: Cast) -> None:
    alert = cleared(raised(severity=CRITICAL))
    services.acknowledge(alert, by=person("operator"))
    again = raised(severity=CRITICAL, start=START + 20 * HOUR)
    assert (again, again.occurrences, again.acknowledged_by) == (alert, 2, None)
    assert actions(alert)[-1] == "return"
    assert AlertEvent.objects.get(action="return").event_time == START + 20 * HOUR


@pytest.mark.parametrize("values", [{"start": START + 30 * HOUR}, {"start": START + 3 * HOUR, "cause": "overload"}])
def test_another_cause_or_a_later_day_supersedes_what_has_cleared(values: dict[str, Any]) -> None:
    alert = cleared(raised())
    newer = raised(**values)
    assert (newer == alert, newer.closed_at) == (False, None)
    assert (fresh(alert).closure, actions(alert)[-1]) == (Alert.Closure.SUPERSEDED, "supersede")


def test_a_withdrawn_detection_clears_its_alert() -> None:
    alert = raised()
    reviewed(revised(alert.detection, withdrawn_at=timezone.now()))
    assert fresh(alert).condition == Condition.CLEARED


def test_one_withdrawn_before_anybody_looked_raises_nothing() -> None:
    detected(withdrawn_at=timezone.now())
    assert not review.has_unreviewed()
    assert review.review_changed() == 0


def test_an_episode_that_goes_on_after_all_opens_its_closed_alert_again(person: Cast) -> None:
    alert = cleared(services.acknowledge(raised(), by=person("operator")))
    assert alert.closed_at
    reviewed(revised(alert.detection, end=None, severity=CRITICAL, loss_kwh=80.0))
    alert = fresh(alert)
    assert (alert.state, alert.closure, alert.reopen_count) == ("unacknowledged", "", 1)
    assert (alert.severity_now, alert.loss_kwh, alert.acknowledged_by) == (CRITICAL, 80.0, None)
    assert actions(alert)[-2:] == ["reopen", "escalate"]


def test_an_episode_that_goes_on_joins_the_alert_that_is_open_by_now(person: Cast) -> None:
    old = cleared(services.acknowledge(raised(), by=person("operator")))
    current = raised(cause="overload", start=START + 30 * HOUR)
    reviewed(revised(old.detection, end=None))
    assert fresh(old).closed_at
    assert (fresh(current).occurrences, fresh(current).raised_at) == (2, START)


def test_a_false_alarm_stays_closed_whatever_its_episode_does(person: Cast) -> None:
    alert = cleared(resolved(raised(), person("operator"), outcome="false_alarm"))
    reviewed(revised(alert.detection, end=None))
    assert fresh(alert).closed_at


def test_a_closed_alert_keeps_its_figures_and_follows_the_end(person: Cast) -> None:
    alert = resolved(raised(), person("operator"))
    reviewed(revised(alert.detection, end=START + 2 * HOUR, loss_kwh=500.0))
    alert = fresh(alert)
    assert (alert.condition, alert.cleared_at, alert.loss_kwh) == ("cleared", START + 2 * HOUR, 12.5)
    assert alert.closure == Alert.Closure.RESOLVED


def test_one_detection_that_meets_a_conflict_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    first = raised()
    revised(first.detection, severity=CRITICAL)
    detected(station("SS-02"))
    real = review.refresh

    def refresh(alert: Alert, **values: object) -> Alert:
        Alert.objects.filter(pk=alert.pk).update(version=99)  # somebody was faster
        return real(alert, **values)  # type: ignore[arg-type]  # a stand-in passes on what it gets

    monkeypatch.setattr(review, "refresh", refresh)
    review.review_changed()
    assert Alert.objects.filter(substation__code="SS-02").exists()
    assert actions(first) == ["raise"]
    monkeypatch.undo()
    review.review_changed()
    assert actions(first) == ["raise", "escalate"]


def test_an_alert_whose_every_episode_was_taken_back_needs_nobody() -> None:
    alert = raised(severity=CRITICAL)
    reviewed(revised(alert.detection, withdrawn_at=timezone.now()))
    gone = fresh(alert)
    assert (gone.closure, gone.acknowledged) == ("withdrawn", False)
    assert actions(alert) == ["raise", "clear", "withdraw"]


def test_who_has_taken_on_a_critical_alert_keeps_it_when_it_is_taken_back(person: Cast) -> None:
    alert = raised(severity=CRITICAL)
    services.acknowledge(alert, by=person("operator"))
    reviewed(revised(alert.detection, withdrawn_at=timezone.now()))
    assert fresh(alert).state.value == "cleared_latched"


def test_a_warning_that_was_acknowledged_is_closed_when_it_is_taken_back_and_opens_when_it_is_found_again(
    person: Cast,
) -> None:
    alert = raised()
    detection = alert.detection
    services.acknowledge(alert, by=person("operator"))
    reviewed(revised(detection, withdrawn_at=timezone.now()))
    assert fresh(alert).closed_at is not None
    reviewed(revised(detection, withdrawn_at=None))
    assert fresh(alert).state.value == "unacknowledged"


def test_an_episode_that_was_taken_back_and_is_found_again_ended_stays_in_the_history() -> None:
    alert = raised()
    detection = alert.detection
    reviewed(revised(detection, withdrawn_at=timezone.now()))
    reviewed(revised(detection, withdrawn_at=None, end=START + HOUR))
    assert (fresh(alert).closure, fresh(alert).cleared_at) == ("retrospective", START + HOUR)


def test_an_old_copy_of_a_finding_says_what_the_newest_says() -> None:
    held = detected()
    revised(Detection.objects.get(pk=held.pk), end=START + HOUR)
    assert review.review(held, now=timezone.now()).condition == Condition.CLEARED


def test_an_old_copy_of_a_finding_that_was_withdrawn_raises_nothing() -> None:
    held = detected()
    revised(Detection.objects.get(pk=held.pk), withdrawn_at=timezone.now())
    with pytest.raises(Conflict):
        review.review(held, now=timezone.now())
    assert not Alert.objects.exists()
