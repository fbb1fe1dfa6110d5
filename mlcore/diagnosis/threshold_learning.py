"""Thresholds from normal steps: what a quantity rarely exceeds, times a factor that a few hidden faults can't move."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.array_trees import map_arrays
from mlcore.diagnosis.departures import Departures, windowed_quantities
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD
from mlcore.diagnosis.parameters import Thresholds
from mlcore.diagnosis.rolling import quantile, window_mean
from substations.electrical.power import BoolArray, FloatArray


def first_thresholds(departures: Departures, rows: BoolArray) -> Thresholds:
    """Wide thresholds from rows that may hold faults: what losses push up can't widen the lower half."""
    wide = learn_thresholds(
        departures, rows, tuning.FIRST_QUANTILE, tuning.FIRST_FACTOR, tuning.FIRST_EXTREME, with_tail=False
    )
    windowed = {}
    for key, values in windowed_quantities(departures, WHOLE_RECORD).items():
        median, low = quantile(values, rows, 0.5), quantile(values, rows, 1.0 - tuning.FIRST_QUANTILE)
        one_sided = key[0] == "voltage"
        robust = tuning.FIRST_ONE_SIDED * median if one_sided else median + tuning.FIRST_FACTOR * (median - low)
        windowed[key] = np.fmin(wide.windowed[key], np.nan_to_num(robust, nan=np.inf))
    return replace(wide, windowed=windowed)


def learn_thresholds(
    departures: Departures,
    normal: BoolArray,
    share: float = tuning.QUANTILE,
    factor: float = tuning.QUANTILE_FACTOR,
    extreme: float = tuning.EXTREME_QUANTILE,
    *,
    with_tail: bool = True,
) -> Thresholds:
    """Thresholds from the normal steps. with_tail: none below the far tail of its quantity, no extremes cut off."""
    tail_factor = tuning.TAIL_FACTOR if with_tail else 0.0
    windowed = {
        key: np.fmax(
            factor * quantile(values, normal, share),
            tail_factor * quantile(values, normal, tuning.TAIL_QUANTILE),
        )
        for key, values in windowed_quantities(departures, WHOLE_RECORD).items()
    }
    steps = departures.fleet.steps(tuning.OVERLOAD_WINDOW_H)
    loading = window_mean(departures.signals.apparent, steps, NO_PAST)
    growth = window_mean(departures.residuals.demand, steps, NO_PAST)
    seen = normal & np.isfinite(loading)
    thresholds = Thresholds(
        windowed=windowed,
        usual_loss_kw=_mean_where(departures.operation.local_kw, normal),
        loading_extreme=quantile(loading, seen, extreme),
        loading_largest=quantile(loading, seen, 1.0 if with_tail else extreme),
        active_largest=quantile(departures.signals.active, normal, 1.0),
        growth_extreme=quantile(growth, seen, min(extreme, tuning.GROWTH_QUANTILE)),
    )
    return map_arrays(lambda values: np.nan_to_num(values, nan=0.0), thresholds)


def _mean_where(values: FloatArray, mask: BoolArray) -> FloatArray:
    """[substation] mean of the marked finite values, 0 where there is none."""
    known = mask & np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
