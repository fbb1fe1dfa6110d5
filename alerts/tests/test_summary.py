"""What an alert says, from the detections it stands for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.summary import summarise
from mlcore.models import Detection

from .alert_scenes import CRITICAL, HOUR, START, WARNING


def found(**values: Any) -> Detection:
    fields: dict[str, Any] = {
        "substation_id": 1, "kind": "loss", "cause": "overload", "severity": WARNING, "start": START, "peak": START,
        "loss_kwh": 2.0, "loss_low_kwh": 1.0, "loss_high_kwh": 3.0, "score": 1.0,
    }  # fmt: skip
    return Detection(**fields | values)


def test_nothing_cannot_be_summed_up() -> None:
    with pytest.raises(ValueError, match="at least one"):
        summarise([])


def test_the_worst_that_goes_on_is_shown() -> None:
    over = found(severity=CRITICAL, end=START + HOUR, cause="overload")
    mild, severe = found(loss_kwh=90.0), found(severity=CRITICAL, loss_kwh=1.0, cause="tap_voltage")
    summary = summarise([over, mild, severe])
    assert (summary.shown, summary.is_active, summary.cleared_at) == (severe, True, None)


def test_of_equal_severity_the_larger_loss_is_shown() -> None:
    assert summarise([found(loss_kwh=1.0), large := found(loss_kwh=5.0), found(loss_kwh=None)]).shown is large


def test_when_all_is_over_the_one_that_ended_last_is_shown() -> None:
    early, late = found(severity=CRITICAL, end=START + HOUR), found(end=START + 2 * HOUR)
    summary = summarise([early, late])
    assert (summary.shown, summary.is_active, summary.cleared_at) == (late, False, START + 2 * HOUR)
    assert (summary.severity_now, summary.severity_peak) == (WARNING, CRITICAL)


def test_losses_add_up_and_the_unknown_is_left_out() -> None:
    summary = summarise([found(), found(), found(loss_kwh=None, loss_low_kwh=None, loss_high_kwh=None)])
    assert (summary.loss_kwh, summary.loss_low_kwh, summary.loss_high_kwh) == (4.0, 2.0, 6.0)
    assert summarise([found(loss_kwh=None)]).loss_kwh is None
    assert summary.occurrences == 3


def test_it_began_when_the_first_began() -> None:
    assert summarise([found(start=START + HOUR), found()]).raised_at == START


def test_a_withdrawn_detection_counts_for_nothing_unless_it_is_all_there_is() -> None:
    gone = found(severity=CRITICAL, withdrawn_at=START + 3 * HOUR, start=START - timedelta(days=1))
    summary = summarise([gone, found()])
    assert (summary.severity_peak, summary.raised_at, summary.occurrences) == (WARNING, START, 1)
    alone = summarise([gone])
    assert (alone.is_active, alone.cleared_at) == (False, START + 3 * HOUR)


def test_the_fields_of_an_alert_follow() -> None:
    fields = summarise([found(reason="because")]).as_fields()
    assert fields["condition"] == "active"
    assert (fields["cause"], fields["reason"], fields["peak_at"]) == ("overload", "because", START)
