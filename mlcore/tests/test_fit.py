"""Training a group and storing a version per substation."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from mlcore import services
from mlcore.fleet import reading_grid
from mlcore.models import Detection, Detector
from mlcore.training import fit
from mlcore.training.store import load_detectors
from mlcore.web.model_card import card
from substations.models import PendingRange, PlannedWork, Reading, Substation
from substations.simulation import Simulation

from .grid import DAY, FAULTY, moment, stored, the_group, trained_and_scored

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("grid")
def test_each_substation_gets_a_version_that_is_active_and_can_be_read() -> None:
    made = fit.train(the_group())
    assert [(each.substation.code, each.version, each.is_active) for each in made] == [
        (f"SS-0{n}", 1, True) for n in (1, 2, 3, 4)
    ]
    usable, rows = load_detectors(the_group())
    assert usable.keys() == rows.keys() == {"SS-01", "SS-02", "SS-03", "SS-04"}
    assert all(each.row_count > 300 and each.sha256 for each in made)


def test_a_first_model_learns_from_the_older_part_and_judges_the_whole_record(grid: Simulation) -> None:
    PendingRange.objects.all().delete()
    first = fit.train(the_group())[0]
    reach = Reading.objects.filter(substation=first.substation).order_by("at")
    assert first.trained_from == moment(grid.spec.start_s)
    assert abs(first.trained_until - moment(grid.spec.start_s + 14 * DAY)) < timedelta(hours=2)
    pending = PendingRange.objects.get(substation=first.substation)
    assert (pending.start, pending.end) == (reach[0].at, reach.last().at)  # type: ignore[union-attr]  # both are there


@pytest.mark.usefixtures("grid")
def test_a_later_model_replaces_the_first_and_judges_from_now_on() -> None:
    fit.train(the_group())
    PendingRange.objects.all().delete()
    second = fit.train(the_group())
    newest = Reading.objects.order_by("-at")[0].at
    assert {each.version for each in second} == {2}
    assert Detector.objects.active().count() == 4
    assert all(newest - timedelta(days=8) < each.trained_until < newest for each in second)
    accepted = [each for each in second if each.is_active]
    assert {(pending.start, pending.end) for pending in PendingRange.objects.all()} == (
        {(newest, newest)} if accepted else set()
    )


@pytest.mark.usefixtures("grid")
def test_only_those_asked_for_get_a_version() -> None:
    wanted = Substation.objects.get(code=FAULTY)
    assert [each.substation for each in fit.train(the_group(), only=[wanted.pk])] == [wanted]
    assert Detector.objects.count() == 1


def test_the_range_can_be_cut(grid: Simulation) -> None:
    until = moment(grid.spec.start_s + 10 * DAY)
    assert {each.trained_until for each in fit.train(the_group(), until=until)} == {until}
    assert fit.train(the_group(), until=moment(0)) == []


@pytest.mark.usefixtures("grid")
def test_no_more_is_learnt_at_once_than_fits_into_memory_and_the_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "MAX_GRID", 4 * 24 * 9)  # four substations, nine days of hours
    made = fit.train(the_group())
    nearly = timedelta(hours=1)
    assert all(abs(each.trained_until - each.trained_from - timedelta(days=9)) < nearly for each in made)
    assert all(each.metrics["older_readings_left_out"] > 50 for each in made)
    labels = dict(card(made[0]))
    assert "Older readings excluded to save memory" in labels


@pytest.mark.usefixtures("grid")
def test_what_happens_during_planned_work_teaches_nothing(grid: Simulation) -> None:
    group = the_group()
    wanted = fit.training_range(group)
    assert wanted is not None
    fleet = reading_grid.load(group, wanted.start, wanted.end)
    assert fleet is not None
    start = moment(grid.spec.start_s + 3 * DAY)
    PlannedWork.objects.create(
        substation=group.substations[0], start=start, end=start + timedelta(days=2), reason="Oil change"
    )
    usable = ~fit.left_out_of(group, fleet)["left_out_planned_work"]
    during = (fleet.at_s >= start.timestamp()) & (fleet.at_s <= start.timestamp() + 2 * DAY)
    assert not usable[0, during].any()
    assert usable[0, ~during].all()
    assert usable[1:].all()


@pytest.mark.usefixtures("no_autoencoder")
def test_too_little_gives_no_model_and_no_error(made: Simulation) -> None:
    stored(made, until_day=2)
    assert fit.train(the_group()) == []
    assert not Detector.objects.exists()


@pytest.mark.usefixtures("grid")
def test_what_is_known_to_be_abnormal_teaches_nothing() -> None:
    trained_and_scored()
    Detection.objects.exclude(pk=Detection.objects.filter(substation__code=FAULTY).latest("start").pk).delete()
    found = Detection.objects.get()
    group = the_group()
    fleet = reading_grid.load(group, moment(0), moment(4e9))
    assert fleet is not None
    faulty = fleet.codes.index(FAULTY)
    usable = ~fit.left_out_of(group, fleet)["left_out_known_episodes"]
    inside = (fleet.at_s >= found.start.timestamp()) & (fleet.at_s <= found.end.timestamp())  # type: ignore[union-attr]  # both are there
    np.testing.assert_array_equal(usable[faulty], ~inside)
    assert usable[np.arange(4) != faulty].all()
    Detection.objects.update(verdict=Detection.Verdict.FALSE_ALARM)
    assert (~fit.left_out_of(group, fleet)["left_out_known_episodes"]).all(), "a false alarm shows what is normal"


@pytest.mark.usefixtures("grid")
def test_what_was_guessed_is_kept_with_the_model() -> None:
    Substation.objects.update(rated_kva=None)
    made = fit.train(the_group())[0]
    assert list(made.meta["nameplate"]) == ["rated_kva"]
    assert made.meta["nameplate"]["rated_kva"] > 0


@pytest.mark.usefixtures("grid")
def test_a_model_that_cannot_be_stored_leaves_the_active_one(monkeypatch: pytest.MonkeyPatch) -> None:
    fit.train(the_group())

    def full(*args: object, **values: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(fit, "_ask_for_scoring", full)
    with pytest.raises(OSError, match="disk full"):
        fit.train(the_group())
    assert list(Detector.objects.active().values_list("version", flat=True)) == [1] * 4
    assert Detector.objects.count() == 4


@pytest.mark.usefixtures("grid")
def test_a_model_that_cannot_be_read_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    fit.train(the_group())
    Detector.objects.filter(substation__code=FAULTY).update(sha256="0" * 64)
    usable, rows = load_detectors(the_group())
    assert FAULTY not in usable.keys() | rows.keys()
    assert "SS-02 v1 cannot be used: The checksum is" in caplog.text
    assert "Train the substation again" in caplog.text


@pytest.mark.usefixtures("grid")
def test_a_model_of_another_reading_interval_is_left_out() -> None:
    fit.train(the_group())
    Substation.objects.update(reading_interval_s=1800)
    assert load_detectors(the_group())[0] == {}


@pytest.mark.usefixtures("no_autoencoder")
def test_a_wrong_reading_interval_is_put_right_before_the_first_training(made: Simulation) -> None:
    stored(made)
    Substation.objects.update(reading_interval_s=900)
    services.train_due()
    assert set(Substation.objects.values_list("reading_interval_s", flat=True)) == {3600}
    assert Detector.objects.active().count() == 4
    Substation.objects.update(reading_interval_s=1800)
    services.train_due()
    assert set(Substation.objects.values_list("reading_interval_s", flat=True)) == {1800}
