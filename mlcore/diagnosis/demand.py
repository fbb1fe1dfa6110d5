"""The usual load of a day, days of rest, and what the neighbours' load says about today."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History
from mlcore.diagnosis.rolling import median_of_others, quantile, window_mean
from mlcore.diagnosis.signals import Signals
from mlcore.diagnosis.terms import QUARTER_HOUR_S
from substations.electrical.power import BoolArray, FloatArray


def _slot(fleet: Fleet) -> tuple[FloatArray, int]:
    """[time] number of the time of day and kind of day, and how many there are in all."""
    length = max(fleet.interval_s, QUARTER_HOUR_S)
    per_day = -(-86_400 // length)
    return (fleet.local_s % 86_400) // length + fleet.weekend * per_day, 2 * per_day


def learn_demand(fleet: Fleet, signals: Signals, mask: BoolArray) -> FloatArray:
    """[substation, slot] median logarithm of the load per time of day, on working days and at weekends."""
    slot, count = _slot(fleet)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(mask, np.log(signals.active), np.nan)
    profile = np.stack([_column_median(level[:, slot == number]) for number in range(count)], axis=1)
    half = count // 2
    work, rest = profile[:, :half], profile[:, half:]
    whole = np.nan_to_num(_column_median(level), nan=-3.0)[:, None]
    work = np.where(np.isfinite(work), work, np.where(np.isfinite(rest), rest, whole))
    rest = np.where(np.isfinite(rest), rest, work)
    return np.concatenate([work, rest], axis=1)


def _column_median(values: FloatArray) -> FloatArray:
    if values.shape[1] == 0:
        return np.full(len(values), np.nan)
    return quantile(values, np.isfinite(values), 0.5)


def usual_profile(fleet: Fleet, profile: FloatArray) -> FloatArray:
    """[substation, time] logarithm of the usual active power per unit, of a profile [substation, slot]."""
    return np.asarray(profile[:, _slot(fleet)[0]])


def days_of_rest(
    fleet: Fleet, signals: Signals, usable: BoolArray, profile: FloatArray, history: History
) -> FloatArray:
    """[substation, time] 1.0 at weekends, and while the neighbours behave on a working day as at weekends."""
    calendar = np.broadcast_to(fleet.weekend, signals.active.shape)
    slot, count = _slot(fleet)
    of_day = (slot % (count // 2)).astype(int)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(usable, np.log(signals.active), np.nan)
    steps = fleet.steps(tuning.REST_WINDOW_H)
    others_work = median_of_others(level - profile[:, of_day], fleet.groups)
    others_rest = median_of_others(level - profile[:, of_day + count // 2], fleet.groups)
    from_work = window_mean(others_work, steps, history.of("from_work"))
    from_rest = window_mean(others_rest, steps, history.of("from_rest"))
    holiday = (from_work < -tuning.MIN_REST_DEVIATION) & (np.abs(from_rest) < 0.5 * np.abs(from_work))
    # Until the window lies within the day, it says more about the day before.
    is_known = (fleet.hour >= tuning.REST_WINDOW_H) & (fleet.group_size > tuning.MIN_NEIGHBOURS)
    return np.asarray((calendar | (holiday & is_known)).astype(np.float64))


def expected_demand(
    fleet: Fleet, signals: Signals, usable: BoolArray, profile: FloatArray, history: History
) -> FloatArray:
    """Expected active power: the usual profile, moved by what the neighbours do (weather, holiday)."""
    usual = usual_profile(fleet, profile)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.where(usable, np.log(signals.active) - usual, np.nan)
    others = median_of_others(deviation, fleet.groups)
    common = window_mean(others, fleet.steps(1.0), history.of("common_deviation"))
    common = np.where(fleet.group_size > tuning.MIN_NEIGHBOURS, np.nan_to_num(common), 0.0)
    return np.asarray(np.exp(usual + common))
