"""Energy of an episode: what the warmer winding adds, and that a fault hides nothing of its own size."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis.causes import CAPACITOR
from mlcore.diagnosis.episode_energy import episode_energy, warming_kw
from substations.electrical.losses import load_loss_factor

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged

STEPS_PER_HOUR = 2
INSIDE = slice(int(FIRST_H * STEPS_PER_HOUR), int(LAST_H * STEPS_PER_HOUR))


def test_without_extra_heat_nothing_gets_warmer() -> None:
    found = judged().departures
    steps = INSIDE.stop - INSIDE.start
    np.testing.assert_allclose(warming_kw(found, CHANGED, INSIDE, np.zeros(steps)), 0.0, atol=1e-12)


def test_extra_heat_shows_in_the_winding_at_once_and_in_the_oil_over_hours() -> None:
    found = judged().departures
    load_kw = found.operation.load_kw[CHANGED, INSIDE]
    share = warming_kw(found, CHANGED, INSIDE, 0.2 * load_kw) / load_kw
    assert share[0] > 0.0
    assert np.median(share[-12:]) > 1.5 * share[0]


def test_it_is_what_the_temperature_factor_says_of_so_many_kelvin() -> None:
    """A tenth of the heat away at a steady load: IEC 60076-7's rises, put into IEC 60076-1's factor, by hand."""
    found = judged().departures
    load_kw = found.operation.load_kw[CHANGED, INSIDE]
    warmer = warming_kw(found, CHANGED, INSIDE, 0.1 * load_kw)[-12:].sum()
    before = 0.9 * load_kw[-12:].sum()
    kelvin = warmer / before / 0.0026
    winding_c = np.array([60.0, 60.0 + kelvin])
    factor = load_loss_factor(np.zeros(2), winding_c)
    assert warmer == pytest.approx(before * (factor[1] / factor[0] - 1.0), rel=0.2)
    assert 0.1 < kelvin < 6.0


def test_less_heat_saves_loss() -> None:
    found = judged().departures
    load_kw = found.operation.load_kw[CHANGED, INSIDE]
    assert (warming_kw(found, CHANGED, INSIDE, -0.1 * load_kw) < 0).all()


def test_the_share_is_that_of_the_loss_without_the_fault() -> None:
    energy = episode_energy(judged(is_changed=True).departures, CHANGED, CAPACITOR, INSIDE)
    assert energy.loss_pct == pytest.approx(100.0 * energy.loss_kwh / energy.base_kwh)
    whole = judged(is_changed=True).departures.operation.local_kw[CHANGED, INSIDE]
    assert energy.base_kwh + energy.loss_kwh == pytest.approx(np.nansum(whole) * 0.5, rel=0.01)
