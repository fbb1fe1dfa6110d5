"""Before anything is learned, only what is far beyond usual practice is reported, and that it may be usual here."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.explanations import english
from mlcore.tests.made_fleet import Load, made_fleet, training

FROM_H, UNTIL_H = 30.0, 54.0


def _low_power_factor(load: Load) -> None:
    load.reactive[1, load.between(FROM_H, UNTIL_H)] += 0.45


def _overload(load: Load) -> None:
    load.active[1, load.between(FROM_H, UNTIL_H)] = 1.25


def _distorted(load: Load) -> None:
    load.distortion[1, load.between(FROM_H, UNTIL_H)] += 0.5


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (_low_power_factor, "unusual_behaviour"),
        (_overload, "overload"),
        (_distorted, "harmonic_injection"),
    ],
)
def test_a_gross_departure_is_told_on_the_first_days(change: object, cause: str) -> None:
    fleet = made_fleet(change, days=4)  # type: ignore[arg-type]  # any change of a load
    findings = [one for one in analyse(fleet, {}).findings if one.kind != "meter"]
    assert {(one.substation, one.cause) for one in findings} == {("T2", cause)}
    (found,) = findings
    assert found.evidence["rung"] == "limits"
    assert "Nothing was learned" in english(found.code, found.figures)
    assert 0 <= (found.start_s - fleet.at_s[0]) / 3600 - FROM_H <= 5.0
    assert found.end_s is not None
    assert found.loss_kwh > 0


def test_an_ordinary_fleet_keeps_within_the_limits() -> None:
    assert analyse(made_fleet(days=4), {}).findings == []


def test_a_substation_with_a_model_is_judged_by_it_and_not_by_the_limits() -> None:
    def always_low(load: Load) -> None:
        load.reactive[1] += 0.6

    fleet = made_fleet(always_low)
    findings = analyse(fleet, fit(fleet, training(fleet))).findings
    assert not [one for one in findings if one.evidence.get("rung") == "limits"]


def test_nothing_is_told_of_a_light_load() -> None:
    def light(load: Load) -> None:
        load.active *= 0.2
        load.reactive[:] = 0.9 * load.active

    fleet = made_fleet(light, days=4)
    assert np.nanmax(fleet.channel("apparent_power_kva")) < 0.25 * 630
    assert analyse(fleet, {}).findings == []
