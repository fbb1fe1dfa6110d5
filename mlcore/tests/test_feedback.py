"""A false alarm raises the limit of its cause on its substation: visibly, up to a bound, and reversibly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Cause, Detection, RaisedLimit
from mlcore.training.feedback import HIGHEST, above_limits, learn_verdict
from substations.models import Substation

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def substation() -> Substation:
    return Substation.objects.create(code="A")


def episode(substation: Substation, score: float, kind: str = "loss", cause: str = Cause.OVERLOAD) -> Detection:
    start = START + timedelta(days=Detection.objects.count())
    return Detection.objects.create(
        substation=substation, kind=kind, cause=cause, severity=10, start=start, end=start, peak=start, score=score,
        reason="-",
    )  # fmt: skip


def test_a_false_alarm_raises_the_limit_a_little_above_itself(substation: Substation) -> None:
    one = episode(substation, 1.2)
    learn_verdict([one.pk], is_false=True)
    one.refresh_from_db()
    assert one.verdict == Detection.Verdict.FALSE_ALARM
    assert RaisedLimit.objects.get().factor == pytest.approx(1.32)


def test_the_limit_never_silences_a_cause_and_never_falls(substation: Substation) -> None:
    learn_verdict([episode(substation, 40.0).pk], is_false=True)
    assert RaisedLimit.objects.get().factor == HIGHEST
    learn_verdict([episode(substation, 1.1).pk], is_false=True)
    assert RaisedLimit.objects.get().factor == HIGHEST


def test_a_confirmed_episode_and_a_meter_finding_teach_no_limit(substation: Substation) -> None:
    learn_verdict([episode(substation, 1.2).pk], is_false=False)
    learn_verdict([episode(substation, 1.2, kind="meter", cause=Cause.DEAD_PHASE).pk], is_false=True)
    assert not RaisedLimit.objects.exists()


def test_only_findings_of_that_cause_below_the_limit_are_left_out(substation: Substation) -> None:
    RaisedLimit.objects.create(substation=substation, cause=Cause.OVERLOAD, factor=1.5)
    made = [
        SimpleNamespace(substation="A", cause=cause, score=score)
        for cause, score in ((Cause.OVERLOAD, 1.4), (Cause.OVERLOAD, 1.6), (Cause.TAP_VOLTAGE, 1.1))
    ]
    kept = above_limits(NeighbourGroup((substation,)), made)  # type: ignore[arg-type]  # three fields of a finding are enough
    assert [(each.cause, each.score) for each in kept] == [(Cause.OVERLOAD, 1.6), (Cause.TAP_VOLTAGE, 1.1)]


def test_an_engineer_takes_the_lesson_back(substation: Substation, signed_in: Callable[[str], Client]) -> None:
    limit = RaisedLimit.objects.create(substation=substation, cause=Cause.OVERLOAD, factor=1.5)
    url = reverse("mlcore:reset-limit", args=[limit.pk])
    assert signed_in("operator").post(url).status_code == 403
    page = signed_in("engineer")
    assert "1.50" in page.get(reverse("mlcore:detail", args=["A"])).content.decode()
    assert page.post(url).status_code == 302
    assert not RaisedLimit.objects.exists()
    assert page.post(url).status_code == 404
