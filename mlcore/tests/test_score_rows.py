"""What is stored of each judged reading: a row per reading that came, a number or nothing in each column."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.analysis import StepStatus
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.models import Score
from mlcore.scoring.score_rows import score_rows
from mlcore.scoring.score_storage import COLUMNS, replace_scores
from substations.models import Substation

from .grid import moment

AT = 1_772_409_600 + 3600 * np.arange(4)
GROUP: Any = SimpleNamespace(ids=(7, 8))
HOUR = timedelta(hours=1)


def analysis(**changes: Any) -> Any:
    """Two substations, four steps; the score of a step is its number."""
    table = np.arange(8.0).reshape(2, 4)
    band = SimpleNamespace(expected=table + 0.1, low=table + 0.2, high=table + 0.3)
    fields = {
        "at_s": AT, "score": table, "worst_indicator": np.zeros((2, 4), np.int8),
        "status": np.full((2, 4), StepStatus.OK, np.int8), "bands": {"power_factor": band},
        "autoencoder_score": None, "expected_reactive_kvar": 10 * table, "local_loss_kw": 100 * table,
        "extra_loss_kw": -table, "avoidable_loss_kw": 0 * table,
    }  # fmt: skip
    return SimpleNamespace(**(fields | changes))


def rows(since: int = 0, **changes: Any) -> list[dict[str, Any]]:
    stored = score_rows(GROUP, analysis(**changes), int(AT[since]))
    return [dict(zip(COLUMNS, row, strict=True)) for row in stored]


def test_each_reading_has_a_row_with_its_own_figures() -> None:
    assert len(rows()) == 8
    row = rows()[6]
    assert (row["substation_id"], row["at"], row["score"], row["channel"]) == (8, moment(AT[2]), 6.0, "reactive")
    assert (row["expected_power_factor"], row["power_factor_low"], row["power_factor_high"]) == (6.1, 6.2, 6.3)
    assert (row["expected_reactive_power_kvar"], row["loss_kw"], row["extra_loss_kw"]) == (60.0, 600.0, -6.0)


def test_only_from_a_time_on() -> None:
    assert [row["score"] for row in rows(since=2)] == [2.0, 3.0, 6.0, 7.0]


def test_a_reading_that_never_came_has_no_row() -> None:
    status = np.full((2, 4), StepStatus.OK, np.int8)
    status[0, 1:3] = StepStatus.ABSENT
    assert [row["score"] for row in rows(status=status)] == [0.0, 3.0, 4.0, 5.0, 6.0, 7.0]


@pytest.mark.parametrize(
    ("status", "stored"),
    [
        (StepStatus.OK, Score.Validity.OK),
        (StepStatus.WARMING, Score.Validity.WARMING),
        (StepStatus.DE_ENERGISED, Score.Validity.DEAD),
        (StepStatus.BAD_DATA, Score.Validity.BAD),
    ],
)
def test_what_a_step_is_worth_is_stored_as_its_validity(status: StepStatus, stored: Score.Validity) -> None:
    assert {row["status"] for row in rows(status=np.full((2, 4), status, np.int8))} == {stored.value}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_nothing(value: float) -> None:
    row = rows(score=np.full((2, 4), value), autoencoder_score=np.full((2, 4), value))[0]
    assert (row["score"], row["network_score"]) == (None, None)


def test_the_indicator_that_is_furthest_from_normal_is_named_and_none_is_empty() -> None:
    worst = np.tile(np.array([-1, 0, 4, len(INDICATORS) - 1], np.int8), (2, 1))
    assert [row["channel"] for row in rows(worst_indicator=worst)[:4]] == ["", "reactive", "voltage", "overload"]


def test_an_autoencoder_s_score_is_stored_beside_it() -> None:
    assert {row["network_score"] for row in rows()} == {None}
    assert [row["network_score"] for row in rows(autoencoder_score=np.full((2, 4), 0.5))][:2] == [0.5, 0.5]


@pytest.mark.django_db
def test_rows_take_the_place_of_the_scores_between_two_times_and_of_no_others() -> None:
    first, second = (Substation.objects.create(code=code) for code in "AB")
    for substation in (first, second):
        Score.objects.bulk_create(Score(substation=substation, at=moment(int(at)), score=9.0) for at in AT)
    new = [(first.pk, moment(AT[1]), 1.5, "voltage", 0, *([None] * 8))]
    replace_scores([first.pk], moment(AT[1]), moment(AT[2]), new)
    mine = list(Score.objects.filter(substation=first).order_by("at").values_list("at", "score", "channel"))
    assert mine == [(moment(AT[0]), 9.0, ""), (moment(AT[1]), 1.5, "voltage"), (moment(AT[3]), 9.0, "")]
    assert Score.objects.filter(substation=second, score=9.0).count() == 4
    assert Score.objects.between(moment(AT[1]), moment(AT[1]) + HOUR / 2).filter(substation=first).count() == 1


@pytest.mark.django_db
def test_no_rows_leave_an_empty_stretch() -> None:
    substation = Substation.objects.create(code="A")
    Score.objects.create(substation=substation, at=moment(AT[1]), score=9.0)
    replace_scores([substation.pk], moment(AT[0]), moment(AT[3]), [])
    assert not Score.objects.exists()
