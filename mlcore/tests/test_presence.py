"""Whether a departure is still there: two hours or eight readings after it has gone it is over, and it may be back."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlcore.diagnosis import presence, tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.presence import Spell, evidence, quiet_steps, spells_of_marks
from mlcore.diagnosis.whole_record import analyse

from .judged_fleet import CHANGED, FIRST_H, calm
from .made_fleet import Load, made_fleet

HOUR_S = 3600


def marks(text: str) -> np.ndarray:
    return np.array([letter == "#" for letter in text])


def spells(text: str, quiet: int = 3) -> list[tuple[int, int, bool]]:
    """Spells of a record in which ``#`` is there, ``.`` is not, and ``?`` is not known."""
    present, known = marks(text), ~np.array([letter == "?" for letter in text])
    found = spells_of_marks(present, present, known, quiet)
    return [(each.start, each.stop, each.is_over) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("###", [(0, 3, False)]),
        ("###..", [(0, 3, False)]),
        ("###...", [(0, 3, True)]),
        ("##..#...", [(0, 5, True)]),
        ("##....##", [(0, 2, True), (6, 8, False)]),
        ("##....##....", [(0, 2, True), (6, 8, True)]),
        ("##.?????.", [(0, 2, False)]),
        ("##.????..", [(0, 2, True)]),
    ],
)
def test_marks_are_over_after_so_many_known_readings_without_one(
    text: str, expected: list[tuple[int, int, bool]]
) -> None:
    assert spells(text) == expected


@pytest.mark.parametrize(("interval_s", "steps"), [(60, 120), (900, 8), (1800, 8), (3600, 8)])
def test_two_hours_or_eight_readings_whichever_is_longer(interval_s: int, steps: int) -> None:
    fleet, _ = calm()
    at_s = fleet.at_s[0] + interval_s * np.arange(len(fleet.at_s))
    assert quiet_steps(replace(fleet, at_s=at_s, interval_s=interval_s)) == steps


@given(
    st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=50),
    st.floats(-10, 1e6),
    st.floats(0, 1e6),
)
@example([1.0], 5e-324, 0.0)
def test_one_reading_never_decides_alone(departure: list[float], height: float, spread: float) -> None:
    weights = evidence(np.array(departure), height, spread)
    assert np.isfinite(weights).all()
    assert (np.abs(weights) <= tuning.BACK_EVIDENCE).all()
    assert (weights[~np.isfinite(departure)] == 0).all()


def test_a_usual_height_speaks_for_it_and_a_normal_reading_against_it() -> None:
    weights = evidence(np.array([1.0, 0.0, np.nan]), 1.0, 0.1)
    assert weights[0] > 0 > weights[1]


# A lost bank, as the whole record and as it comes in


@lru_cache(maxsize=4)
def with_faults(*hours: tuple[float, float, float]) -> Fleet:
    """The made-up fleet whose second substation needs more kvar for some hours: from, to, share of the rating."""

    def change(load: Load) -> None:
        for first, last, share in hours:
            load.reactive[CHANGED, load.between(first, last)] += share

    return made_fleet(change, wired=False)


def seen_at(hour: float, *faults: tuple[float, float, float]) -> list[Finding]:
    """The losses that are known when the record ends at an hour."""
    fleet, models = with_faults(*faults), calm()[1]
    end = int(np.searchsorted(fleet.at_s, fleet.at_s[0] + hour * HOUR_S))
    found = analyse(fleet.until(end), models, start_s=int(fleet.at_s[0] + 18 * 24 * HOUR_S)).findings
    return [each for each in found if each.kind == "loss"]


SHORT, LONG = (FIRST_H, FIRST_H + 5.0, 0.16), (FIRST_H, FIRST_H + 72.0, 0.16)


@pytest.mark.parametrize("fault", [SHORT, LONG])
def test_it_is_over_two_hours_and_eight_readings_after_it_has_gone(fault: tuple[float, float, float]) -> None:
    (before,) = seen_at(fault[1] + 1.5, fault)
    assert before.end_s is None
    (after,) = seen_at(fault[1] + 4.5, fault)
    assert after.end_s is not None
    end_h = (after.end_s - int(with_faults(fault).at_s[0])) / HOUR_S
    assert abs(end_h - fault[1]) <= 1.0


def test_it_stays_over_while_its_windows_remember_it() -> None:
    for hours in (6, 12, 20, 30):
        (found,) = seen_at(SHORT[1] + hours, SHORT)
        assert (found.end_s is not None, len(found.spells)) == (True, 1), hours


@pytest.mark.parametrize("share", [0.08, 0.16, 0.3])
def test_another_fault_meanwhile_is_another_spell_smaller_or_larger(share: float) -> None:
    again = (SHORT[1] + 6, SHORT[1] + 16, share)
    found = seen_at(again[0] + 5, SHORT, again)
    assert [each.end_s for each in found if each.end_s is None] == [None]
    assert sum(len(each.spells) for each in found) == 2
    later = seen_at(again[1] + 6, SHORT, again)
    assert all(each.end_s is not None for each in later)


@pytest.mark.parametrize(
    ("hours", "is_open"), [(3, True), (5, True), (9.5, False), (11, False), (13, True), (20, True)]
)
def test_a_fault_of_five_hours_and_one_after_six_are_told_as_they_come_in(hours: float, is_open: bool) -> None:
    again = (SHORT[1] + 6, SHORT[1] + 16, 0.3)
    assert any(each.end_s is None for each in seen_at(SHORT[0] + hours, SHORT, again)) == is_open


def test_no_end_of_a_record_is_too_early_to_be_told() -> None:
    """Also where the readings say that it is back and the windows do not yet."""
    again = (SHORT[1] + 6, SHORT[1] + 16, 0.3)
    for quarter in range(8, 100, 3):
        assert seen_at(SHORT[0] + quarter / 4, SHORT, again)


def test_nothing_is_over_while_readings_are_missing() -> None:
    fleet = with_faults(SHORT)
    values = fleet.values.copy()
    gap = int(np.searchsorted(fleet.at_s, fleet.at_s[0] + (SHORT[1] - 1) * HOUR_S))
    values[CHANGED, gap:] = np.nan
    found = analyse(replace(fleet, values=values), calm()[1], start_s=int(fleet.at_s[0] + 18 * 24 * HOUR_S)).findings
    assert [each.end_s for each in found if each.kind == "loss"] == [None]


def test_a_cleared_alarm_is_over_whatever_the_readings_say() -> None:
    episode = AlarmEpisode(0, 0, 10, 20, 18)
    assert presence.after((Spell(0, 5, is_over=False),), episode) == (Spell(10, 15, is_over=True),)
    assert not presence.after((Spell(0, 5, is_over=False),), replace(episode, cleared=None))[0].is_over
