"""Is a candidate good enough? It calls no more normal rows abnormal, and finds every known episode again."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection
from mlcore.training import promotion
from mlcore.training.promotion import HELD_OUT, MAX_OF_RECORD, TOLERANCE, ComparedScores, held_out_from, judge
from substations.models import PlannedWork, Substation

from .grid import DAY, HOUR, moment

pytestmark = pytest.mark.django_db
START_S = 1_772_409_600
STEPS = 400  # hours
FROM_S = START_S + 200 * HOUR
FLEET: Any = SimpleNamespace(at_s=START_S + HOUR * np.arange(STEPS))


@pytest.fixture
def group() -> NeighbourGroup:
    return NeighbourGroup((Substation.objects.create(code="A"),))


def compared(share: float = 0.0, *episodes: tuple[float, float | None]) -> ComparedScores:
    """What a version makes of the record: a share of all rows above the threshold, and its findings in hours."""
    score = np.zeros((1, STEPS))
    if share:
        score[0, :: round(1 / share)] = 2.0
    findings: Any = [
        SimpleNamespace(
            substation="A", kind="loss", start_s=START_S + int(start * HOUR),
            end_s=None if end is None else START_S + int(end * HOUR),
        )
        for start, end in episodes
    ]  # fmt: skip
    return ComparedScores(score, findings)


def decided(
    group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch, ours: ComparedScores, theirs: ComparedScores
) -> promotion.PromotionDecision:
    results = iter((ours, theirs))
    monkeypatch.setattr(promotion, "_judged", lambda *_: next(results))
    version: Any = object()
    return judge(group, FLEET, {"A": version}, {"A": version}, FROM_S)["A"]


def known(group: NeighbourGroup, start: float, end: float | None = None, **more: Any) -> Detection:
    at = moment(START_S + start * HOUR)
    fields = {"kind": "loss", "cause": "overload", "severity": 10, "peak": at, "score": 2.0, "reason": ""} | more
    until = None if end is None else moment(START_S + end * HOUR)
    return Detection.objects.create(substation=group.substations[0], start=at, end=until, **fields)


@pytest.mark.parametrize(("days", "held_out_days"), [(100, HELD_OUT / timedelta(days=1)), (10, 10 * MAX_OF_RECORD)])
def test_a_week_is_held_out_but_not_more_than_a_fifth_of_the_record(days: int, held_out_days: float) -> None:
    assert held_out_from(0, days * DAY) == pytest.approx((days - held_out_days) * DAY)


def test_one_that_is_as_good_is_accepted(group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decided(group, monkeypatch, compared(), compared())
    assert decision.accepted
    assert decision.figures["known_episodes"] == 0


@pytest.mark.parametrize(("share", "accepted"), [(0.05, True), (0.05 + 2 * TOLERANCE, False)])
def test_one_that_calls_clearly_more_normal_rows_abnormal_is_not(
    group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch, share: float, accepted: bool
) -> None:
    decision = decided(group, monkeypatch, compared(share), compared(0.05))
    assert decision.accepted is accepted
    assert decision.figures["held_out_abnormal_share_before"] == pytest.approx(0.05)


def test_only_rows_that_it_has_not_seen_count(group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    wild = compared()
    wild.score[0, :200] = 5.0
    assert decided(group, monkeypatch, wild, compared()).figures["held_out_abnormal_share"] == 0.0


def test_known_episodes_and_planned_work_are_no_normal_rows(
    group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    wild = compared()
    wild.score[0, 250:301] = 5.0
    assert not decided(group, monkeypatch, wild, compared()).accepted
    known(group, 250, 275)
    PlannedWork.objects.create(
        substation=group.substations[0], start=moment(START_S + 275 * HOUR), end=moment(START_S + 300 * HOUR)
    )
    assert decided(group, monkeypatch, wild, compared()).figures["held_out_abnormal_share"] == 0.0


def test_one_that_loses_a_known_episode_is_not_accepted(group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    known(group, 20, 30)
    both = decided(group, monkeypatch, compared(0, (25, 40)), compared(0, (10, 21)))
    assert (both.accepted, both.figures["known_episodes_found"]) == (True, 1)
    lost = decided(group, monkeypatch, compared(0, (31, 40)), compared(0, (10, 21)))
    assert (lost.accepted, lost.figures["known_episodes_found"]) == (False, 0)
    assert "0 of 1 known episodes found (1 before)" in lost.note


def test_an_episode_that_goes_on_is_found_by_a_finding_that_goes_on(
    group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(group, 300)
    assert decided(group, monkeypatch, compared(0, (350, None)), compared()).figures["known_episodes_found"] == 1


@pytest.mark.parametrize("more", [{"verdict": "false_alarm"}, {"kind": "meter"}, {"withdrawn_at": moment(START_S)}])
def test_false_alarms_meters_and_what_was_withdrawn_need_not_be_found(
    group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    known(group, 20, 30, **more)
    assert decided(group, monkeypatch, compared(), compared(0, (20, 30))).figures["known_episodes"] == 0


def test_one_without_an_active_version_is_accepted_as_it_is(
    group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "_judged", lambda *_: compared(0.5))
    version: Any = object()
    (decision,) = judge(group, FLEET, {"A": version}, {}, FROM_S).values()
    assert (decision.accepted, decision.figures) == (True, {})


def test_a_record_without_a_known_score_is_calm(group: NeighbourGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = ComparedScores(np.full((1, STEPS), np.nan), [])
    assert decided(group, monkeypatch, silent, compared()).figures["held_out_abnormal_share"] == 0.0
