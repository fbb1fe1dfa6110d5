"""The scoring rules on small cases whose answer is plain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.event_score import DetectedEvent, KindEnergy, LossEvent, ScoreReport, score

H = 3600.0
EVENT = LossEvent("E1", "A", 100 * H, 124 * H, "capacitor_failure", True, "critical", 50.0)
EXACT = DetectedEvent("A", 100 * H, 124 * H, "critical", "capacitor_failure", 40.0)


def _score(detections: list[DetectedEvent], events: list[LossEvent] | None = None) -> ScoreReport:
    return score(events or [EVENT], detections, start_s=0.0, end_s=720 * H, substations=2)


def test_an_exact_detection_is_perfect() -> None:
    report = _score([EXACT])
    assert (report.f1, report.severity_accuracy, report.cause_accuracy, report.median_delay_h) == (1.0, 1.0, 1.0, 0.0)
    assert report.energy_median_error_pct == pytest.approx(20.0)
    assert report.energy_total_error_pct == pytest.approx(-20.0)


def test_a_detection_elsewhere_is_a_miss_and_a_false_alarm() -> None:
    report = _score([replace(EXACT, substation="B")])
    assert (report.detected, report.false_alarms, report.f1, report.missed) == (0, 1, 0.0, ("E1",))
    assert report.false_alarms_per_substation_month == pytest.approx(1 / (2 * 720 / 24 / 30.44))
    assert report.false_alarms_on == {"nothing": 1}


@pytest.mark.parametrize(("start_h", "detected", "false"), [(98.5, 0, 1), (99.0, 1, 0), (112.0, 1, 0), (112.5, 0, 0)])
def test_too_early_is_false_and_too_late_is_missed_without_blame(start_h: float, detected: int, false: int) -> None:
    report = _score([replace(EXACT, start_s=start_h * H)])
    assert (report.detected, report.false_alarms) == (detected, false)


def test_a_gradual_event_may_be_found_later_by_its_ramp() -> None:
    assert _score([replace(EXACT, start_s=115 * H)], [replace(EVENT, ramp_hours=6.0)]).detected == 1


def test_fragments_of_one_cause_count_once_and_add_up() -> None:
    parts = [
        replace(EXACT, end_s=110 * H, severity="warning", loss_kwh=20.0),
        replace(EXACT, start_s=110.5 * H, loss_kwh=25.0),
    ]
    report = _score(parts)
    assert (report.detected, report.severity_accuracy) == (1, 1.0)
    assert report.energy_total_error_pct == pytest.approx(-10.0)


def test_negligible_faults_and_tails_are_neither_good_nor_bad() -> None:
    negligible = replace(EVENT, event_id="E2", substation="B", is_loss=False, dont_care=True)
    tail = replace(EXACT, start_s=126 * H, end_s=130 * H, cause="overload")
    report = _score([EXACT, replace(EXACT, substation="B"), tail], [EVENT, negligible])
    assert (report.false_alarms, report.ignored) == (0, 2)


def test_alarms_on_a_holiday_are_false_and_counted_as_such() -> None:
    holiday = LossEvent("E3", "ALL", 300 * H, 324 * H, "holiday", False)
    report = _score([replace(EXACT, start_s=301 * H, end_s=305 * H)], [EVENT, holiday])
    assert report.false_alarms_on == {"holiday": 1}


def test_severity_and_cause_are_read_from_the_best_fit() -> None:
    poor = DetectedEvent("A", 101 * H, 102 * H, "warning", "overload", 1.0)
    report = _score([poor, EXACT])
    assert (report.cause_accuracy, report.severity_accuracy, report.false_alarms) == (1.0, 1.0, 0)


def test_no_detection_at_all_has_no_precision() -> None:
    report = _score([])
    assert (report.recall, report.precision, report.f1, report.median_delay_h) == (0.0, None, 0.0, None)


def test_energies_are_summed_by_kind_of_the_matched_events_and_of_all() -> None:
    missed = replace(EVENT, event_id="E2", substation="B", extra_loss_kwh=10.0)
    late = replace(EXACT, start_s=118 * H, end_s=124 * H, cause="overload", loss_kwh=8.0)
    other = replace(EVENT, event_id="E3", start_s=300 * H, end_s=310 * H, kind="overload", extra_loss_kwh=30.0)
    report = _score([EXACT, late], [EVENT, missed, other])
    assert report.energy_by_kind == {
        "capacitor_failure": KindEnergy(50.0, 40.0, 60.0, 48.0),
        "overload": KindEnergy(all_true_kwh=30.0),
    }


def test_the_energy_of_one_detection_of_two_events_counts_once() -> None:
    second = replace(EVENT, event_id="E2", start_s=110 * H, kind="overload", extra_loss_kwh=5.0)
    sums = _score([EXACT], [EVENT, second]).energy_by_kind
    assert sum(sums.values(), KindEnergy()).matched_found_kwh == 40.0
    assert sum(sums.values(), KindEnergy()).matched_true_kwh == 55.0
