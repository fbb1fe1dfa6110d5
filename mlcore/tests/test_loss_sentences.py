"""What is said of a loss: numbers, duration, tell-tale, cause and what to check; of fixed limits; of the unusual."""

from __future__ import annotations

from typing import Any

import pytest

from mlcore.explanations import checks_of, entry_of, explain
from mlcore.explanations.cause_table import METER_CHECKS
from mlcore.explanations.loss_sentences import TELL_TALES
from mlcore.models import Cause

LOST = {"reactive_power_kvar": 180.0, "reactive_power_kvar_expected": 85.0, "hours": 3.0}


def test_a_quantity_is_set_against_what_is_expected() -> None:
    assert explain("capacitor_failure", LOST).startswith("Reactive power 180 kvar against 85 kvar expected, for 3 h;")


@pytest.mark.parametrize("missing", ["reactive_power_kvar", "reactive_power_kvar_expected"])
def test_without_either_it_departed(missing: str) -> None:
    sentence = explain("capacitor_failure", LOST | {missing: None})
    assert sentence.startswith("Reactive power departed from what is expected, for 3 h;")


def test_kvar_are_told_with_the_load_and_the_power_factor_where_these_are_known() -> None:
    assert " expected at 240 kW, for" in explain("capacitor_failure", LOST | {"active_power_kw": 240.0})
    factors = {"power_factor": 0.8, "power_factor_expected": 0.94}
    assert "(power factor 0.80 instead of 0.94)" in explain("capacitor_failure", LOST | factors)


@pytest.mark.parametrize(("is_open", "lasting"), [(True, "for 3 h so far;"), (False, "for 3 h;")])
def test_what_goes_on_lasts_so_far(is_open: bool, lasting: str) -> None:
    assert lasting in explain("capacitor_failure", LOST | {"is_open": is_open})


@pytest.mark.parametrize("cause", sorted(TELL_TALES))
def test_each_cause_has_its_tell_tale_its_name_and_its_first_check(cause: str) -> None:
    sentence, entry = explain(cause, {"hours": 3.0}), entry_of(cause)
    assert f"; {TELL_TALES[Cause(cause)]}: {entry.in_sentence}. {entry.first_check}" in sentence


def test_a_motor_shows_in_its_steps() -> None:
    assert "(0.9 kvar per kW in large steps)" in explain("low_pf_motor", LOST | {"kvar_per_kw_in_steps": 0.91})
    assert "kW and kvar grew together: load" in explain("low_pf_motor", LOST)


@pytest.mark.parametrize(
    ("measured", "expected", "moved"),
    [(412.0, 400.0, "+3.0 %"), (388.0, 400.0, "-3.0 %"), (412.0, 0.0, "it is away from"), (None, 400.0, "it is away")],
)
def test_a_voltage_moved_by_a_share_of_the_expected_one(measured: float | None, expected: float, moved: str) -> None:
    figures: dict[str, Any] = {"voltage_v": measured, "voltage_v_expected": expected, "hours": 3.0}
    assert moved in explain("tap_voltage", figures)


SMALL = {"is_too_small": True, "loss_kwh": 1.3, "extra_loss_pct": 16.0, "critical_from_kwh": 3.8}


def test_a_large_share_of_a_small_loss_says_why_it_is_not_critical() -> None:
    assert "Not critical: 1.3 kWh is 16 % more loss, but below the 3.8 kWh" in explain("overload", LOST | SMALL)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_it_says_so_only_where_all_of_it_is_known(name: str) -> None:
    assert "Not critical" not in explain("overload", LOST | SMALL | {name: None})


def test_a_fixed_limit_says_that_nothing_was_learned_yet() -> None:
    figures = {"measured": 0.62, "limit": 0.8, "hours": 3.0}
    assert explain("limit_power_factor", figures) == (
        "Power factor 0.62 over 3 h, beyond the fixed limit of 0.8. "
        "Nothing was learned of this substation yet: this may be its usual state."
    )
    assert "beyond the fixed limit." in explain("limit_power_factor", figures | {"limit": None})
    assert explain("limit_power_factor", {"hours": 3.0}).startswith("Power factor over 3 h")


def test_what_is_unusual_says_what_it_costs_where_that_is_known() -> None:
    assert "estimated extra loss 12 kWh (6.5 %)." in explain(
        "unusual_behaviour", {"loss_kwh": 12.0, "extra_loss_pct": 6.5}
    )
    assert explain("unusual_behaviour", {"loss_kwh": 12.0}).endswith("no known cause fits.")


def test_a_code_that_nobody_knows_is_an_error_and_a_cause_of_another_version_has_a_plain_entry() -> None:
    with pytest.raises(KeyError):
        explain("of tomorrow", {})
    assert checks_of("of tomorrow") == METER_CHECKS
    assert entry_of("of tomorrow").quantity == ""


@pytest.mark.parametrize("cause", [cause for cause in Cause.values if entry_of(cause).checks is METER_CHECKS])
def test_of_a_meter_all_are_told_to_check_the_wiring(cause: str) -> None:
    assert entry_of(cause).in_sentence == ""
    assert len(checks_of(cause)) == 3


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"kvar_per_kw_in_steps": 0.91}, "(0.9 kvar per kW in large steps)"),
        ({"kvar_per_kw_in_steps": 0.02, "kvar_follow_kw": 1.84}, "(1.8 times the most that is usual here)"),
        ({"kvar_per_kw_in_steps": -0.2, "kvar_follow_kw": 0.7}, "kW and kvar grew together"),
        ({}, "kW and kvar grew together"),
    ],
)
def test_a_machine_is_told_by_what_was_seen_and_never_by_nothing(figures: dict[str, float], expected: str) -> None:
    sentence = explain("low_pf_motor", LOST | figures)
    assert expected in sentence
    assert "0.0 kvar" not in sentence


@pytest.mark.parametrize(
    ("until_h", "expected"), [(7.75, "for 8 h (the alarm came after 8 h)"), (0.5, "for 8 h;"), (3.0, "for 8 h;")]
)
def test_an_alarm_that_came_late_says_why_the_time_is_longer(until_h: float, expected: str) -> None:
    assert expected in explain("capacitor_failure", LOST | {"hours": 8.0, "hours_until_raised": until_h})


def test_a_quarter_of_an_hour_after_hours_says_both() -> None:
    figures = LOST | {"hours": 2.0, "hours_until_raised": 1.25}
    assert "for 2 h (the alarm came after 75 min)" in explain("capacitor_failure", figures)
