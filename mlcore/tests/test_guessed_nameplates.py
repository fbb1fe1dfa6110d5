"""What is not on a nameplate is guessed from the readings once, and stays with the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlcore.fleet.reading_grid import DEFAULT_RATED_KVA, guesses, nameplate, nearest_step
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.models import Substation

KNOWN = {
    "rated_kva": 630.0, "nominal_v": 400.0, "hv_nominal_v": 20_000.0, "no_load_loss_w": 900.0, "load_loss_w": 6000.0,
    "impedance_pct": 4.0, "target_power_factor": 0.95,
}  # fmt: skip


def substation(**known: Any) -> Substation:
    return Substation(code="A", **(dict.fromkeys(KNOWN) | {"target_power_factor": 0.95} | known))


def readings(**channels: float) -> np.ndarray:
    values = np.full((10, len(CHANNEL_NAMES)), np.nan)
    for name, value in channels.items():
        values[:, CHANNEL_INDEX[name]] = value
    return values


def test_what_is_known_is_taken_as_it_is_and_nothing_is_guessed() -> None:
    plate = nameplate(substation(**KNOWN), readings(apparent_power_kva=5000.0), {})
    assert {name: getattr(plate, name) for name in KNOWN} == KNOWN
    assert guesses(plate) == {}


def test_a_size_is_guessed_from_the_apparent_power_or_from_p_and_q() -> None:
    assert nameplate(substation(), readings(apparent_power_kva=500.0), {}).rated_kva == 630.0  # next above 500 / 0.9
    from_powers = readings(active_power_kw=300.0, reactive_power_kvar=400.0)
    assert nameplate(substation(), from_powers, {}).rated_kva == 630.0


def test_without_any_power_an_ordinary_size_is_assumed() -> None:
    assert nameplate(substation(), readings(), {}).rated_kva == DEFAULT_RATED_KVA


def test_what_was_guessed_at_training_stays_whatever_is_read_later() -> None:
    first = nameplate(substation(), readings(apparent_power_kva=500.0), {})
    later = nameplate(substation(), readings(apparent_power_kva=5.0), guesses(first))
    assert later == first


def test_what_somebody_entered_meanwhile_takes_the_place_of_the_guess() -> None:
    first = guesses(nameplate(substation(), readings(apparent_power_kva=500.0), {}))
    assert nameplate(substation(rated_kva=1000.0), readings(), first).rated_kva == 1000.0


@pytest.mark.parametrize(("at_s", "step"), [(0, 0), (449, 0), (450, 1), (1349, 1), (1350, 2), (-450, 0), (-451, -1)])
def test_half_a_step_goes_up(at_s: int, step: int) -> None:
    assert nearest_step(at_s, 900) == step
    assert nearest_step(np.array([at_s]), 900)[0] == step
