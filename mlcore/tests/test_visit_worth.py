"""An alarm waits until a departure has cost enough to be worth a visit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.history import WHOLE_RECORD, HistoryStore
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.visit_worth import RATE_OF_INDICATOR, worth_a_visit
from substations.electrical.thermal import relative_ageing

from .judged_fleet import judged
from .made_fleet import LOAD_W, NO_LOAD_W

RATED_KW = max((NO_LOAD_W + LOAD_W) / 1000.0, 3.3)
STEP_H = 0.5


def departing(name: str, kw: float) -> Departures:
    """The calm fleet with one loss rate of so many kW at every step, the others none."""
    found = judged().departures
    like = np.zeros(found.signals.active.shape)
    rates = dict.fromkeys(RATE_OF_INDICATOR.values(), like) | {RATE_OF_INDICATOR[name]: like + kw}
    return replace(found, rates=replace(found.rates, **rates))


def worth(name: str, departures: Departures, scores: np.ndarray | None = None) -> np.ndarray:
    high = np.full((*departures.signals.active.shape, len(INDICATORS)), 2.0) if scores is None else scores
    return worth_a_visit(departures, high, WHOLE_RECORD)[0, :, INDICATORS.index(name)]


@pytest.mark.parametrize("name", ["reactive", "motor", "distortion", "voltage", "overload"])
def test_it_is_worth_it_once_it_has_cost_so_many_hours_of_rated_loss(name: str) -> None:
    kw = 0.9 * tuning.VISIT_RATED_HOURS_A_DAY / 24.0 * RATED_KW
    first = int(np.argmax(worth(name, departing(name, kw))))
    assert first + 1 == int(np.ceil(tuning.VISIT_RATED_HOURS * RATED_KW / kw / STEP_H))


def test_what_costs_much_in_a_day_waits_for_nothing() -> None:
    kw = 1.1 * tuning.VISIT_RATED_HOURS_A_DAY / 24.0 * RATED_KW
    assert worth("reactive", departing("reactive", kw))[0]


def test_what_costs_nothing_is_never_worth_it_but_an_imbalance_always_is() -> None:
    nothing = departing("reactive", 0.0)
    assert not worth("reactive", nothing).any()
    assert worth("imbalance", nothing).all()


def test_it_is_counted_from_where_the_score_left_its_normal_range() -> None:
    kw = 0.9 * tuning.VISIT_RATED_HOURS_A_DAY / 24.0 * RATED_KW
    departures = departing("reactive", kw)
    scores = np.full((*departures.signals.active.shape, len(INDICATORS)), 2.0)
    scores[:, :100] = 0.1
    found = worth("reactive", departures, scores)
    assert not found[:100].any()
    assert int(np.argmax(found)) == 100 + int(np.argmax(worth("reactive", departing("reactive", kw))))


def test_hot_oil_is_worth_it_for_the_life_that_it_costs() -> None:
    found = departing("oil_temperature", 0.0)
    hot = replace(
        found,
        signals=replace(found.signals, oil_c=np.full_like(found.signals.oil_c, 100.0)),
        residuals=replace(found.residuals, oil_k=np.full_like(found.residuals.oil_k, 12.0)),
        operation=replace(found.operation, winding_c=np.full_like(found.operation.winding_c, 115.0)),
    )
    assert not worth("oil_temperature", found).any()
    assert worth("oil_temperature", hot)[8]


def test_it_does_not_matter_where_a_record_is_cut() -> None:
    found, store = departing("reactive", 0.01), HistoryStore()
    scores = judged().scores.all_windows
    whole = worth_a_visit(found, scores, WHOLE_RECORD)
    parts = []
    for part in (slice(0, 300), slice(300, scores.shape[1])):
        cut = replace(
            found,
            rates=replace(found.rates, **{n: getattr(found.rates, n)[:, part] for n in RATE_OF_INDICATOR.values()}),
            signals=replace(found.signals, oil_c=found.signals.oil_c[:, part]),
            residuals=replace(found.residuals, oil_k=found.residuals.oil_k[:, part]),
            operation=replace(found.operation, winding_c=found.operation.winding_c[:, part]),
        )
        with store.advancing(part.stop - part.start) as history:
            parts.append(worth_a_visit(cut, scores[:, part], history))
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_life_is_lost_twice_as_fast_for_every_six_kelvin() -> None:
    np.testing.assert_allclose(relative_ageing(np.array([92.0, 98.0, 104.0])), [0.5, 1.0, 2.0])
