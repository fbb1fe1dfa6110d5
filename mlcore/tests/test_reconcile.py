"""Findings of one run against the detections that are stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mlcore.diagnosis.findings import Finding
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection
from mlcore.scoring.reconcile import reconcile
from substations.models import Substation

from .grid import HOUR, hours, moment

pytestmark = pytest.mark.django_db
START_S = 1_772_409_600
START = moment(START_S)


@pytest.fixture
def group() -> NeighbourGroup:
    return NeighbourGroup((Substation.objects.create(code="A"), Substation.objects.create(code="B")))


def finding(code: str = "A", *, start: float = 0, end: float | None = None, **values: Any) -> Finding:
    """A finding from ``start`` to ``end``, in hours."""
    given: dict[str, Any] = {
        "substation": code, "kind": "loss", "cause": "capacitor_failure", "severity": "warning", "loss_kwh": 5.0,
        "loss_low_kwh": 4.0, "loss_high_kwh": 6.0, "loss_pct": 7.0, "score": 1.5, "confidence": 0.7,
        "code": "capacitor_failure", "figures": {"hours": 3.0},
        "start_s": START_S + int(start * HOUR), "end_s": None if end is None else START_S + int(end * HOUR),
    }  # fmt: skip
    given |= values
    return Finding(**{"peak_s": given["start_s"], "onset_s": given["start_s"], **given})


def judged(group: NeighbourGroup, *findings: Finding, since: float = 0, context: float = -96) -> None:
    reconcile(
        group, findings, {}, judged_from=START + hours(since), context_from=START + hours(context),
        now=START + timedelta(days=30),
    )  # fmt: skip


def episodes() -> list[tuple[str, str, float, float | None]]:
    """Substation, cause, start and end in hours of what stands."""
    return [
        (
            each.substation.code,
            each.cause,
            (each.start - START) / hours(1),
            (each.end - START) / hours(1) if each.end else None,
        )
        for each in Detection.objects.not_withdrawn().order_by("substation", "start", "cause")
    ]


def test_a_new_finding_is_stored_with_everything_it_says(group: NeighbourGroup) -> None:
    spells = ((START_S, START_S + HOUR), (START_S + 2 * HOUR, START_S + 3 * HOUR))
    judged(group, finding(severity="critical", loss_pct=float("nan"), evidence={"at_peak": {}}, spells=spells))
    stored = Detection.objects.get()
    assert (stored.severity, stored.loss_kwh, stored.loss_pct) == (20, 5.0, None)
    assert stored.reason.startswith("Reactive power departed from what is expected, for 3 h; the extra kvar do not")
    assert stored.evidence == {
        "at_peak": {},
        "code": "capacitor_failure",
        "figures": {"hours": 3.0},
        "window": {"from": START.isoformat(), "until": None},
        "spells": [
            {"from": START.isoformat(), "until": (START + hours(1)).isoformat()},
            {"from": (START + hours(2)).isoformat(), "until": (START + hours(3)).isoformat()},
        ],
        "judged_by": {"rung": "limits"},
    }
    assert (stored.occurrences, stored.seen_until) == (2, START + hours(3))
    assert (stored.end, stored.revision, stored.peak) == (None, 1, START)


def test_the_same_findings_again_change_nothing(group: NeighbourGroup) -> None:
    both = finding(), finding("B", start=1, end=3, evidence={"contributions": {"reactive": 1 / 3}})
    judged(group, *both)
    before = list(Detection.objects.values())
    judged(group, *both)
    assert list(Detection.objects.values()) == before


def test_an_episode_that_grows_is_the_same_row_with_a_new_revision(group: NeighbourGroup) -> None:
    judged(group, finding())
    judged(group, finding(end=4, loss_kwh=9.0, severity="critical"), since=3)
    stored = Detection.objects.get()
    assert (stored.revision, stored.loss_kwh, stored.severity, episodes()) == (
        2, 9.0, 20, [("A", "capacitor_failure", 0.0, 4.0)],
    )  # fmt: skip


def test_another_cause_for_the_same_loss_is_the_same_episode(group: NeighbourGroup) -> None:
    judged(group, finding())
    judged(group, finding(cause="low_pf_motor"), since=2)
    assert episodes() == [("A", "low_pf_motor", 0.0, None)]
    assert Detection.objects.count() == 1


def test_two_faults_of_one_meter_are_two_episodes(group: NeighbourGroup) -> None:
    faults = [finding(kind="meter", cause=cause) for cause in ("dead_phase", "stuck_value")]
    judged(group, *faults)
    judged(group, faults[1], since=2)
    assert episodes() == [("A", "dead_phase", 0.0, 2.0), ("A", "stuck_value", 0.0, None)]


def test_what_is_not_found_again_in_the_judged_range_is_withdrawn(group: NeighbourGroup) -> None:
    judged(group, finding(start=5, end=8))
    judged(group, since=4)
    assert episodes() == []
    assert (Detection.objects.get().withdrawn_at, Detection.objects.get().revision) == (START + timedelta(days=30), 2)


@pytest.mark.parametrize("end", [None, 9.0])
def test_what_began_before_and_is_not_found_again_ends_where_judging_began(
    group: NeighbourGroup, end: float | None
) -> None:
    judged(group, finding(end=end))
    judged(group, since=6)
    assert episodes() == [("A", "capacitor_failure", 0.0, 6.0)]


def test_what_was_over_before_the_judged_range_is_left_alone(group: NeighbourGroup) -> None:
    judged(group, finding(end=3))
    before = Detection.objects.values().get()
    judged(group, since=6)
    judged(group, finding(start=0.25, end=3), since=6)
    assert Detection.objects.values().get() == before


def test_an_end_that_lies_before_the_judged_range_is_told_as_it_was(group: NeighbourGroup) -> None:
    judged(group, finding())
    judged(group, finding(end=5), since=8)
    assert episodes() == [("A", "capacitor_failure", 0.0, 5.0)]


def test_a_withdrawn_episode_that_is_found_again_stands_again(group: NeighbourGroup) -> None:
    judged(group, finding(start=5))
    judged(group, since=4)
    judged(group, finding(start=5, end=7), since=4)
    assert episodes() == [("A", "capacitor_failure", 5.0, 7.0)]
    assert (Detection.objects.count(), Detection.objects.get().revision) == (1, 3)


def test_two_causes_at_one_time_keep_their_rows_in_any_order(group: NeighbourGroup) -> None:
    both = finding(), finding(cause="overload")
    judged(group, *both)
    before = list(Detection.objects.values())
    judged(group, *reversed(both))
    assert list(Detection.objects.values()) == before


def test_an_episode_may_take_the_start_of_one_that_was_withdrawn(group: NeighbourGroup) -> None:
    judged(group, finding(start=5))
    judged(group, finding(start=9), since=4)
    judged(group, finding(start=5, end=12), since=4)
    assert episodes() == [("A", "capacitor_failure", 5.0, 12.0)]


def test_two_episodes_may_grow_together_into_one(group: NeighbourGroup) -> None:
    judged(group, finding(start=1, end=3), finding(start=6, end=9))
    judged(group, finding(start=1, end=9))
    assert episodes() == [("A", "capacitor_failure", 1.0, 9.0)]


def test_a_start_beyond_the_context_is_kept(group: NeighbourGroup) -> None:
    judged(group, finding())
    judged(group, finding(start=200), since=296, context=200)
    assert episodes() == [("A", "capacitor_failure", 0.0, None)]


def test_substations_do_not_touch_one_another(group: NeighbourGroup) -> None:
    judged(group, finding("A"), finding("B"))
    judged(group, finding("B"), since=5)
    assert episodes() == [("A", "capacitor_failure", 0.0, 5.0), ("B", "capacitor_failure", 0.0, None)]
    judged(NeighbourGroup((group.substations[0],)), since=0)
    assert episodes() == [("B", "capacitor_failure", 0.0, None)]


def test_what_ended_a_while_ago_goes_on_where_it_is_found_again(group: NeighbourGroup) -> None:
    judged(group, finding(start=0, end=3), since=0)
    judged(group, finding(start=0), since=9)
    found = Detection.objects.get()
    assert (found.start, found.end) == (START, None)


def test_what_is_found_after_one_that_ended_is_another(group: NeighbourGroup) -> None:
    judged(group, finding(start=0, end=3), since=0)
    judged(group, finding(start=9), since=9)
    assert [each.end for each in Detection.objects.order_by("start")] == [START + hours(3), None]
