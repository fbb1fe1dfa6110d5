"""Generation behind the meter: information and no loss; what is lost beside it is found."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.generation import between
from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.explanations import explain

from .made_fleet import TRAIN_DAYS, Load, made_fleet, training
from .solar_fleet import all_of, solar

DAYS, SITE, CODE = 38, 1, "T2"
BEGAN_H = (TRAIN_DAYS + 1) * 24.0
FAILED_DAY, CLEAR_DAY = TRAIN_DAYS + 5, TRAIN_DAYS + 10


def without_bank(first_h: float, last_h: float, kvar_pu: float = 0.15) -> object:
    def change(load: Load) -> None:
        load.reactive[SITE, load.between(first_h, last_h)] += kvar_pu

    return change


def judged(change: object, train_days: int = TRAIN_DAYS) -> tuple[Fleet, list[Finding]]:
    fleet = made_fleet(change, days=DAYS)  # type: ignore[arg-type]
    models = fit(fleet, training(fleet, train_days))
    return fleet, analyse(fleet, models, start_s=int(fleet.at_s[0]) + train_days * 86_400).findings


@lru_cache(maxsize=1)
def commissioned() -> tuple[Fleet, tuple[Finding, ...]]:
    fleet, found = judged(solar(0.35, BEGAN_H, SITE))
    return fleet, tuple(found)


def losses(found: object) -> list[Finding]:
    return [each for each in found if each.kind != "info"]  # type: ignore[attr-defined]


def test_a_new_plant_is_information_and_no_lost_capacitor_for_weeks_of_sun_and_clouds() -> None:
    fleet, found = commissioned()
    assert losses(found) == []
    (note,) = found
    assert (note.substation, note.kind, note.cause) == (CODE, "info", "generation")
    assert 0 <= (note.start_s - fleet.at_s[0]) / 3600 - BEGAN_H < 48
    assert note.loss_kwh == 0.0


def test_the_note_tells_what_it_does_to_the_power_factor_of_the_month() -> None:
    (note,) = commissioned()[1]
    factor, without = note.figures["power_factor"], note.figures["power_factor_expected"]
    assert factor is not None
    assert without is not None
    assert 0.5 < factor < without < 1.0
    hidden = note.figures["hidden_kwh"]
    assert hidden is not None
    assert hidden > 1000
    assert "no lost capacitor" in explain(note.code, note.figures)


def test_plants_at_all_neighbours_at_once_are_no_loss_either() -> None:
    _, found = judged(solar(0.35, BEGAN_H))
    assert losses(found) == []


@pytest.mark.parametrize("peak_pu", [0.3, 0.6])
def test_a_fleet_that_was_trained_with_its_plants_raises_nothing(peak_pu: float) -> None:
    _, found = judged(solar(peak_pu, 0.0))
    assert losses(found) == []


@pytest.mark.parametrize(("began_h", "peak_pu"), [(BEGAN_H, 0.35), (0.0, 0.35), (0.0, 0.9)])
@pytest.mark.parametrize("hour", [1.0, 11.0])
def test_a_capacitor_that_fails_on_a_solar_site_is_found(began_h: float, peak_pu: float, hour: float) -> None:
    failed_h = FAILED_DAY * 24 + hour
    fleet, found = judged(all_of(solar(peak_pu, began_h, SITE), without_bank(failed_h, failed_h + 36)))  # type: ignore[arg-type]
    (loss,) = losses(found)
    assert (loss.substation, loss.cause) == (CODE, "capacitor_failure")
    assert (loss.start_s - fleet.at_s[0]) / 3600 - failed_h < 12


def test_a_loss_while_the_substation_feeds_in_is_found_by_day() -> None:
    failed_h = CLEAR_DAY * 24 + 10.0
    change = all_of(solar(0.9, 0.0, SITE), without_bank(failed_h, failed_h + 5))  # type: ignore[arg-type]
    fleet, found = judged(change)
    (loss,) = losses(found)
    assert (loss.substation, loss.kind) == (CODE, "loss")
    hour = int(loss.start_s - fleet.at_s[0]) // fleet.interval_s
    active = fleet.channel("active_power_kw")[SITE, hour]
    assert active < 0


def test_a_load_that_falls_with_its_kvar_is_no_generation() -> None:
    def closed(load: Load) -> None:
        away = load.between(BEGAN_H, DAYS * 24.0) & (load.hours % 24 >= 7) & (load.hours % 24 < 17)
        load.active[SITE, away] *= 0.6
        load.reactive[SITE, away] = 0.7 * load.active[SITE, away] - 0.15

    assert [each.cause for each in judged(closed)[1] if each.kind == "info"] == []


def test_what_lies_between_two_expectations_is_expected() -> None:
    value = np.array([0.0, 0.2, 0.5, np.nan])
    low, high, here = np.full(4, 0.1), np.full(4, 0.3), np.array([True, True, True, True])
    assert between(value, low, high, here) == pytest.approx([0.1, 0.2, 0.3, 0.1])
    assert between(value, low, high, ~here) == pytest.approx([0.1] * 4)
