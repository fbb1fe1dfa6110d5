"""Readings judged as they come in give the numbers and the findings of the whole record."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from mlcore.diagnosis import judgement, whole_record
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet, beside
from mlcore.diagnosis.history import History, HistoryError, HistoryStore
from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.diagnosis.judgement import Judgement
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.scores import Scores
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.explanations import english
from substations.channels import CHANNEL_INDEX
from substations.electrical.power import FloatArray
from substations.simulation.miswiring import miswired

from .made_fleet import DAYS, TRAIN_DAYS, Load, made_fleet
from .solar_fleet import solar

DAY_STEPS = 48


def faulty(load: Load) -> None:
    """A lost bank, hot oil and an imbalance after training, and one that began long before."""
    load.reactive[1, load.between(24 * 20, 24 * 21.5)] += 0.16
    load.reactive[4, load.between(24 * 18, 24 * 24)] += 0.14
    load.oil_extra_k[2, load.between(24 * 20.5, 24 * 22.5)] += 12.0
    load.shares[3, load.between(24 * 21, 24 * 21.6)] = (1.45, 0.80, 0.75)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    made = made_fleet(faulty)
    values = made.values.copy()
    rng = np.random.default_rng(3)
    values[rng.random(values.shape[:2]) < 0.03] = np.nan
    values[0, 19 * DAY_STEPS : 19 * DAY_STEPS + 9] = np.nan
    values[5, 20 * DAY_STEPS : 20 * DAY_STEPS + 30, CHANNEL_INDEX["current_l2_a"]] = 0.0
    return replace(made, values=values)


@pytest.fixture(scope="module")
def models(fleet: Fleet) -> dict[str, SubstationModel]:
    train = fleet.at_s < fleet.at_s[TRAIN_DAYS * DAY_STEPS]
    return whole_record.fit(fleet, train)


def part(fleet: Fleet, first: int, stop: int) -> Fleet:
    return fleet.since(int(fleet.at_s[first])).until(stop - first)


def opinion(departures: Departures, scores: Scores, usual_kw: FloatArray, history: History) -> AutoencoderScores:
    """A stand-in for networks: what it says of a step depends on that step alone."""
    unusual = np.abs(np.nan_to_num(departures.residuals.reactive_scaled))
    return AutoencoderScores(unusual / 6.0, np.repeat(unusual[..., None] - 3.0, len(NETWORK_CAUSES), axis=-1))


def assert_same(found: object, wanted: object, first: int, stop: int, path: str = "judged") -> None:
    """Every array over time of a tree of dataclasses is that of the whole record between two steps."""
    for field in fields(found):  # type: ignore[arg-type]  # a dataclass
        one, other, name = getattr(found, field.name), getattr(wanted, field.name), f"{path}.{field.name}"
        if isinstance(one, Fleet) or field.name == "parameters":
            continue
        if isinstance(one, np.ndarray):
            if other.shape[1] > 1:
                other = other[:, first:stop]
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8, err_msg=name)
        elif isinstance(one, dict):
            for key, band in one.items():
                assert_same(band, other[key], first, stop, f"{name}.{key}")
        elif hasattr(one, "__dataclass_fields__"):
            assert_same(one, other, first, stop, name)


def whole(fleet: Fleet, models: dict[str, SubstationModel]) -> Judgement:
    return judgement.judge(fleet, models, judgement.parameters_of(fleet, models), opinion)


@pytest.mark.parametrize("seed", range(3))
def test_steps_judged_one_by_one_or_in_parts_or_again_give_the_numbers_of_the_whole_record(
    fleet: Fleet, models: dict[str, SubstationModel], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    wanted, scorer, at = whole(fleet, models), IncrementalScorer(models, opinion), 17 * DAY_STEPS
    scorer.advance(part(fleet, 0, at))
    while at < 22 * DAY_STEPS:
        first = at - int(rng.integers(0, scorer.history.spare_steps + 1)) if rng.random() < 0.2 else at
        stop = at + int(rng.choice([1, 1, 1, 2, 5, 40]))
        if first < at:  # what came late is not there at first
            late = part(fleet, first, stop)
            scorer.advance(replace(late, values=np.where(rng.random(late.values.shape) < 0.5, np.nan, late.values)))
            stop = max(stop, first + 1)
            if stop - first > scorer.history.spare_steps:
                scorer = IncrementalScorer(models, opinion)
                first = 0
        assert_same(scorer.advance(part(fleet, first, stop)), wanted, first, stop)
        at = stop


@pytest.mark.parametrize("start_day", [17, 20])
def test_what_is_tracked_has_the_findings_of_the_whole_record(
    fleet: Fleet, models: dict[str, SubstationModel], start_day: int
) -> None:
    scorer, at = IncrementalScorer(models, opinion), start_day * DAY_STEPS
    by_key: dict[tuple[str, str, int], Finding] = {}
    scorer.advance(part(fleet, 0, at))
    scorer.track(whole(part(fleet, 0, at), models), scorer.newly_active)
    for stop in range(at + 1, DAYS * DAY_STEPS + 1):
        scorer.advance(part(fleet, stop - 1, stop))
        if scorer.newly_active:
            scorer.track(whole(part(fleet, 0, stop), models), scorer.newly_active)
        by_key |= {(each.substation, each.cause, each.start_s): each for each in scorer.findings()}
    wanted = judgement.findings(whole(fleet, models), models)
    recent = [each for each in wanted if each.end_s is None or each.end_s > fleet.at_s[at]]
    assert {each.cause for each in recent} >= {"capacitor_failure", "cooling_failure"}
    for each in recent:
        found = by_key[each.substation, each.cause, each.start_s]
        assert (found.end_s, found.severity, english(found.code, found.figures)) == (
            each.end_s, each.severity, english(each.code, each.figures),
        )  # fmt: skip
        assert found.loss_kwh == pytest.approx(each.loss_kwh, rel=1e-6)


def test_a_substation_is_tracked_no_longer_when_no_alarm_was_on_for_more_than_a_day(
    fleet: Fleet, models: dict[str, SubstationModel]
) -> None:
    at = int(20.5 * DAY_STEPS)
    scorer = IncrementalScorer(models, opinion)
    scorer.advance(part(fleet, 0, at))
    scorer.track(whole(part(fleet, 0, at), models), {"T1", "T2"})
    scorer.advance(part(fleet, at, at + 62))
    assert "T1" not in scorer.tracked
    assert "T2" in scorer.tracked


def test_steps_that_are_judged_again_count_once_as_quiet(fleet: Fleet, models: dict[str, SubstationModel]) -> None:
    at = int(20.5 * DAY_STEPS)
    scorer = IncrementalScorer(models, opinion)
    scorer.advance(part(fleet, 0, at))
    scorer.track(whole(part(fleet, 0, at), models), {"T1"})
    for stop in range(at + 1, at + 21):
        scorer.advance(part(fleet, stop - 8, stop))
    assert scorer.tracked["T1"].quiet_steps == 20 + 7  # those before it was tracked


def test_fleets_judged_together_keep_their_own_neighbours(fleet: Fleet, models: dict[str, SubstationModel]) -> None:
    other = made_fleet(seed=11, substations=4)
    renamed = tuple(f"U{number}" for number in range(4))
    plates = tuple(replace(plate, code=code) for plate, code in zip(other.nameplates, renamed, strict=True))
    other = replace(other, codes=renamed, nameplates=plates, segments=())
    others = whole_record.fit(other, other.at_s < other.at_s[TRAIN_DAYS * DAY_STEPS])
    together = whole(beside([fleet, other]), {**models, **others})
    for one, own, rows in ((fleet, models, slice(0, 6)), (other, others, slice(6, 10))):
        alone = whole(one, own)
        np.testing.assert_allclose(together.scores.all_windows[rows], alone.scores.all_windows, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(
            together.departures.operation.local_kw[rows], alone.departures.operation.local_kw, rtol=1e-9
        )


def test_steps_that_do_not_follow_are_refused(fleet: Fleet, models: dict[str, SubstationModel]) -> None:
    scorer = IncrementalScorer(models)
    scorer.advance(part(fleet, 0, 400))
    with pytest.raises(HistoryError, match="3 steps are missing"):
        scorer.advance(part(fleet, 403, 404))
    with pytest.raises(HistoryError, match="At most 8 steps"):
        scorer.advance(part(fleet, 391, 404))


def asked(store: HistoryStore, names: list[str], rows: int = 2) -> None:
    with store.advancing(5) as history:
        for name in names:
            window_mean(np.ones((rows, 5)), 3, history.of(name))


@pytest.mark.parametrize(
    ("names", "rows", "message"),
    [
        (["one", "two", "three"], 2, "'three' is asked for; it was not"),
        (["two"], 2, r"\['one'\] was not asked for"),
        (["one", "two", "two"], 2, "'two' was asked for twice"),
        (["one", "two"], 3, r"'one' has the shape \(3,\)"),
    ],
)
def test_a_history_that_is_asked_for_other_quantities_says_so(names: list[str], rows: int, message: str) -> None:
    store = HistoryStore()
    asked(store, ["one", "two"])
    asked(store, ["two", "one"])  # the order does not matter
    with pytest.raises(HistoryError, match=message):
        asked(store, names, rows)


def test_parts_of_the_code_keep_their_names_apart() -> None:
    store = HistoryStore()
    with store.advancing(5) as history:
        for name in ("power", "oil"):
            window_mean(np.ones((2, 5)), 3, history.within(name).of("mean"))
    assert store.bytes == 2 * 2 * 2 * 8  # two quantities of two substations, two steps each


def test_the_sun_and_a_wiring_fault_are_judged_alike_step_by_step() -> None:
    made = made_fleet(solar(0.4, 24.0 * 18, 1))
    first = 20 * DAY_STEPS + 20
    made.values[2, first:] = miswired(made.values[2, first:], signs=(-1, -1, -1))
    made.values[3, first:] = miswired(made.values[3, first:], order=(1, 2, 0))
    models = whole_record.fit(made, made.at_s < made.at_s[TRAIN_DAYS * DAY_STEPS])
    wanted = judgement.judge(made, models, judgement.parameters_of(made, models))
    scorer, start = IncrementalScorer(models), 19 * DAY_STEPS + 5
    scorer.advance(part(made, start - CONTEXT_HOURS * 2, start))
    for begin in range(start, 23 * DAY_STEPS, 7):
        judged = scorer.advance(part(made, begin, begin + 7))
        assert_same(judged, wanted, begin, begin + 7)
    assert {"T3", "T4"} <= scorer.active
