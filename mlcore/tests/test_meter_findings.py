"""From flags to what is said of a meter: half the rows of two hours, one fault once, and the more specific first."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.meter_findings import CAUSES, meter_alarm_masks, meter_findings
from mlcore.diagnosis.signals import measure
from mlcore.explanations.meter_sentences import METER_SENTENCES
from mlcore.models import Cause

from .small_fleet import small_fleet

STEPS = 4 * 96  # four days of quarters of an hour
DAY = 96


def fleet(**channels: Any) -> Fleet:
    usual = {"active_power_kw": 200.0, "apparent_power_kva": 250.0, "oil_temperature_c": 50.0} | channels
    return small_fleet({name: np.full((1, STEPS), value) for name, value in usual.items()}, interval_s=900)


def flags(**marked: tuple[int, int]) -> QualityFlags:
    """Flags of one substation that are True between two steps."""
    masks = {field.name: np.zeros((1, STEPS), dtype=bool) for field in fields(QualityFlags)}
    for name, (start, stop) in marked.items():
        masks[name][0, start:stop] = True
    return QualityFlags(**masks)


def found(of: QualityFlags, record: Fleet | None = None) -> list[Finding]:
    record = record or fleet()
    states, scores = meter_alarm_masks(record, of, WHOLE_RECORD)
    return meter_findings(record, measure(record), states, scores)


def test_every_flag_has_a_cause_that_people_know_and_a_sentence() -> None:
    assert set(CAUSES) == set(METER_SENTENCES) <= {field.name for field in fields(QualityFlags)}
    assert set(CAUSES.values()) <= set(Cause.values)


@pytest.mark.parametrize("flag", sorted(CAUSES))
def test_a_flag_that_stays_is_one_finding_without_a_loss(flag: str) -> None:
    (finding,) = found(flags(**{flag: (100, 150)}))
    assert (finding.kind, finding.cause, finding.code) == ("meter", CAUSES[flag], flag)
    assert (finding.severity, finding.loss_kwh, finding.loss_pct) == ("warning", 0.0, 0.0)
    assert finding.evidence["gate"] == flag


def test_what_comes_and_goes_within_an_hour_is_no_finding() -> None:
    assert found(flags(ct_error=(100, 104))) == []


def test_it_is_raised_after_hours_and_began_two_hours_before_that_at_the_earliest() -> None:
    record = fleet()
    (finding,) = found(flags(ct_error=(100, STEPS)), record)
    raised = int(np.searchsorted(record.at_s, finding.start_s))
    assert 104 < raised <= 100 + 8 + 6, "half of two hours, and an on-delay of an hour and a half"
    assert finding.onset_s == finding.start_s - 7 * 900
    assert finding.end_s is None


def test_a_day_without_it_ends_it_where_it_was_last_seen() -> None:
    record = fleet()
    (finding,) = found(flags(ct_error=(40, 100)), record)
    assert finding.end_s is not None
    last = (finding.end_s - int(record.at_s[0])) // 900
    assert 100 <= last <= 108, "the window of two hours holds it a little longer"


def test_one_that_is_away_for_less_than_a_day_is_one_fault() -> None:
    of = flags(dead_phase=(100, 160))
    of.dead_phase[0, 160 + DAY // 2 : 280] = True
    assert len(found(of)) == 1


@pytest.mark.parametrize(
    ("specific", "general"),
    [("reversed_ct", "broken_triangle"), ("dead_phase", "ct_error"), ("vt_error", "ct_error"),
     ("stuck_value", "power_factor_meter"), ("broken_triangle", "reactive_meter")],
)  # fmt: skip
def test_what_a_more_specific_flag_explains_is_not_said_again(specific: str, general: str) -> None:
    both = found(flags(**{specific: (100, 200), general: (100, 200)}))
    assert [finding.code for finding in both] == [specific]
    alone = found(flags(**{general: (100, 200)}))
    assert [finding.code for finding in alone] == [general]


def test_steps_without_a_reading_count_neither_way() -> None:
    """Every second reading is missing, all that come are flagged."""
    of = flags(vt_error=(100, 160))
    of.vt_error[0, 100:160:2] = False
    assert found(of) == [], "half of the rows are not enough"
    of.absent[0, 100:160:2] = True
    (finding,) = found(of)
    assert finding.score == pytest.approx(2.0), "all of the rows that came, over half"


def test_figures_are_medians_of_the_rows_that_were_judged() -> None:
    (finding,) = found(flags(stuck_value=(100, 150)))
    figures = finding.figures
    assert (figures["active_power_kw"], figures["apparent_power_kva"]) == (200.0, 250.0)
    assert figures["reactive_power_kvar"] is None, "it was never measured"


def test_the_phase_without_current_is_named() -> None:
    currents = {"current_l1_a": 300.0, "current_l2_a": 0.0, "current_l3_a": 310.0}
    (finding,) = found(flags(dead_phase=(100, 150)), fleet(**currents))
    assert finding.figures["dead_phase_number"] == 2.0
    assert finding.figures["dead_share_pct"] == 100.0
    assert finding.figures["current_l2_a"] == 0.0


def test_what_cannot_be_is_shown_as_the_meter_says_it() -> None:
    (finding,) = found(flags(impossible_value=(100, 150)), fleet(active_power_kw=9e9, apparent_power_kva=9e9))
    assert finding.figures["active_power_kw"] == 9e9


def test_a_reactive_meter_is_shown_beside_what_s_and_p_leave() -> None:
    (finding,) = found(flags(reactive_meter=(100, 150)), fleet(reactive_power_kvar=20.0))
    assert finding.figures["reactive_power_kvar"] == 20.0
    assert finding.figures["reactive_from_apparent_kvar"] == pytest.approx(150.0)  # √(250² − 200²)
