"""Episodes as incidents: what belongs together, when it began, what it cost and how severe that is."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from mlcore.diagnosis.alarm_episodes import AlarmEpisode, episodes
from mlcore.diagnosis.causes import CauseAssessment
from mlcore.diagnosis.episode_energy import RATE_OF_CAUSE, warming_kw
from mlcore.diagnosis.incidents import Incident, _merged, incidents
from mlcore.diagnosis.indicators import INDICATORS

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged
from .made_fleet import LOAD_W, NO_LOAD_W

STEPS_PER_HOUR = 2


def episode(indicator: str, raised: int, last: int, cleared: int | None = None, substation: int = 0) -> AlarmEpisode:
    return AlarmEpisode(substation, INDICATORS.index(indicator), raised, cleared, last)


def merged(*parts: tuple[AlarmEpisode, str]) -> list[AlarmEpisode]:
    """Episodes with their causes; what is joined is judged to have the cause of its indicator."""
    judged_parts = [(part, CauseAssessment(cause, "", 1.0, {})) for part, cause in parts]
    return [part for part, _ in _merged(lambda joined: judged_parts[0][1], judged_parts)]


def test_episodes_of_one_cause_that_overlap_are_one_incident() -> None:
    (joined,) = merged(
        (episode("imbalance", 10, 30, 34), "phase_imbalance"), (episode("imbalance", 20, 50, 54), "phase_imbalance")
    )
    assert (joined.raised, joined.last, joined.cleared) == (10, 50, 54)


def test_those_that_only_touch_are_one_and_a_step_between_them_keeps_them_apart() -> None:
    first = (episode("imbalance", 10, 30, 31), "phase_imbalance")
    assert len(merged(first, (episode("imbalance", 31, 40, 41), "phase_imbalance"))) == 1
    assert len(merged(first, (episode("imbalance", 32, 40, 41), "phase_imbalance"))) == 2


def test_different_causes_stay_apart_as_do_different_substations() -> None:
    first = (episode("imbalance", 10, 30), "phase_imbalance")
    assert len(merged(first, (episode("distortion", 10, 30), "harmonic_injection"))) == 2
    assert len(merged(first, (episode("imbalance", 10, 30, substation=1), "phase_imbalance"))) == 2


def test_a_lost_capacitor_and_a_motor_at_once_are_one_and_the_kvar_name_it() -> None:
    (joined,) = merged((episode("motor", 10, 30), "low_pf_motor"), (episode("reactive", 15, 40), "capacitor_failure"))
    assert INDICATORS[joined.indicator] == "reactive"


def test_what_an_overload_does_to_the_kvar_is_part_of_it() -> None:
    parts = merged((episode("overload", 10, 30), "overload"), (episode("motor", 12, 28), "low_pf_motor"))
    assert [INDICATORS[part.indicator] for part in parts] == ["overload"]
    elsewhere = (episode("motor", 12, 28, substation=1), "low_pf_motor")
    assert len(merged((episode("overload", 10, 30), "overload"), elsewhere)) == 2


def test_what_was_joined_goes_on_while_one_part_does() -> None:
    (joined,) = merged((episode("voltage", 10, 30, 34), "tap_voltage"), (episode("voltage", 20, 50), "tap_voltage"))
    assert joined.cleared is None


@lru_cache(maxsize=1)
def lost_bank() -> Incident:
    """Two days in which the second substation needs 0.16 of its rating more."""
    found = judged(is_changed=True)
    alarms = episodes(found.alarms.losses, found.scores.short_windows)
    (incident,) = (
        each
        for each in incidents(found.departures, found.parameters, found.scores, alarms)
        if each.episode.substation == CHANGED
    )
    return incident


def test_it_began_when_the_kvar_came_and_ended_when_they_went() -> None:
    incident = lost_bank()
    assert incident.onset == pytest.approx(FIRST_H * STEPS_PER_HOUR, abs=2)
    assert incident.stop == pytest.approx(LAST_H * STEPS_PER_HOUR, abs=2)
    assert incident.onset <= incident.episode.raised
    assert incident.onset <= incident.peak < incident.stop


def test_its_energy_is_the_rate_summed_over_its_steps() -> None:
    incident, found = lost_bank(), judged(is_changed=True).departures
    inside = slice(incident.onset, incident.stop)
    name = RATE_OF_CAUSE[incident.assessment.cause]
    rate, heating = (getattr(found.rates, each)[CHANGED, inside] for each in (name, f"heating_{name}"))
    assert incident.covered == pytest.approx(np.isfinite(rate).mean())
    whole = rate + warming_kw(found, CHANGED, inside, np.nan_to_num(heating))
    assert incident.loss_kwh == pytest.approx(np.nansum(whole) * 0.5 / incident.covered)


def test_its_energy_is_what_the_load_loss_of_more_current_comes_to() -> None:
    """The rated load loss times the growth of P² + Q² in per unit, without a feeder; oil and harmonics add little."""
    incident, found = lost_bank(), judged(is_changed=True)
    inside = slice(incident.onset, incident.stop)
    active, reactive = found.signals.active[CHANGED, inside], found.signals.reactive[CHANGED, inside]
    growth = (active**2 + reactive**2) - (active**2 + (reactive - 0.16) ** 2)
    by_hand = np.nansum(LOAD_W / 1000.0 * growth) * 0.5
    assert incident.loss_kwh == pytest.approx(by_hand, rel=0.15)


def test_its_share_is_over_the_loss_without_it() -> None:
    incident = lost_bank()
    assert incident.loss_pct == pytest.approx(100.0 * incident.loss_kwh / incident.base_kwh)
    whole = judged(is_changed=True).departures.operation.local_kw[CHANGED, incident.onset : incident.stop]
    assert incident.base_kwh + incident.loss_kwh == pytest.approx(np.nansum(whole) * 0.5, rel=0.01)


def test_its_interval_is_what_the_nameplate_leaves_open() -> None:
    incident = lost_bank()
    assert incident.loss_low_kwh == pytest.approx(0.9 * incident.loss_kwh)
    assert incident.loss_high_kwh == pytest.approx(1.1 * incident.loss_kwh)


def test_it_is_worth_a_visit_from_half_an_hour_of_rated_loss() -> None:
    incident = lost_bank()
    assert incident.worth_kwh == pytest.approx(0.5 * (NO_LOAD_W + LOAD_W) / 1000.0)
    assert incident.critical == (incident.loss_pct >= 15.0 and incident.loss_kwh >= incident.worth_kwh)


def test_its_score_is_the_highest_while_it_was_on() -> None:
    incident, scores = lost_bank(), judged(is_changed=True).scores.all_windows
    series = scores[CHANGED, incident.episode.raised : incident.stop, incident.episode.indicator]
    assert incident.score == pytest.approx(np.nanmax(series))


def test_a_loss_that_would_be_negative_is_none() -> None:
    """A bank that supplies more than it should saves loss: no energy is claimed for it."""
    found, incident = judged(is_changed=True), lost_bank()
    name = RATE_OF_CAUSE[incident.assessment.cause]
    names = (name, f"heating_{name}")
    saving = replace(found.departures.rates, **{n: -np.abs(getattr(found.departures.rates, n)) for n in names})
    departures = replace(found.departures, rates=saving)
    (turned,) = incidents(departures, found.parameters, found.scores, [incident.episode])
    assert (turned.loss_kwh, turned.critical) == (0.0, False)


def test_an_overload_of_a_guessed_rating_is_never_critical() -> None:
    """The guess may be what is too small."""
    found = judged()
    alarm = episode("overload", int(FIRST_H * STEPS_PER_HOUR), int(LAST_H * STEPS_PER_HOUR) - 1, substation=CHANGED)
    grown = replace(found.departures.residuals, expected_active=0.5 * found.departures.signals.active)
    costly = replace(found.departures.rates, overload=0.5 * found.departures.operation.local_kw)
    departures = replace(found.departures, residuals=grown, rates=costly)
    guessed = tuple(replace(plate, assumed=frozenset({"rated_kva"})) for plate in found.fleet.nameplates)
    of_guess = replace(departures, fleet=replace(found.fleet, nameplates=guessed))
    (known,) = incidents(departures, found.parameters, found.scores, [alarm])
    (unknown,) = incidents(of_guess, found.parameters, found.scores, [alarm])
    assert known.assessment.cause == unknown.assessment.cause == "overload"
    assert (known.critical, unknown.critical) == (True, False)
