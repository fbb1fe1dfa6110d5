"""Generation behind the meter: by day the sun hides part of the load, and its reactive power stays.

A meter at the transformer sees P = load − generation, while Q is still that of the whole load (inverters run at a power
factor of one). Compared with what was learned of P, such a reading looks like a lost capacitor: the power factor falls
because active import falls, and nothing is lost. So Q is compared with the load that is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History, Past
from mlcore.diagnosis.parameters import LoadShape
from mlcore.diagnosis.rolling import quantile, steps_since, window_mean
from substations.electrical.power import BoolArray, FloatArray

NOON, NOON_WIDTH_H = 12.5, 2.5
"""Chosen: the sun is highest between half past eleven and two by the clock, whatever the zone."""

DAYLIGHT = (5.0, 20.0)
"""Chosen: local hours in which photovoltaic plants can feed in anywhere between the polar circles."""


@dataclass(frozen=True)
class LoadAndKvar:
    """What a substation would show without generation, per unit, [substation, time].

    active: measured. usual: the load that hour, weekday and neighbours let expect. reactive: measured.
    reactive_of_import, reactive_of_load: expected reactive power at ``active`` and at ``usual``.
    """

    active: FloatArray
    usual: FloatArray
    reactive: FloatArray
    reactive_of_import: FloatArray
    reactive_of_load: FloatArray

    @property
    def shortfall(self) -> FloatArray:
        """Load that does not arrive at the meter."""
        return self.usual - self.active

    def error_of_load(self) -> FloatArray:
        """Error of the expected Q, since the load itself is not seen: per unit."""
        slope = (self.reactive_of_load - self.reactive_of_import) / np.maximum(self.shortfall, tuning.MIN_SHORTFALL)
        return np.asarray(tuning.USUAL_LOAD_ERROR * self.usual * np.maximum(slope, 0.0))

    def kvar_stayed(self, lowest: FloatArray) -> BoolArray:
        """Where Q is nearer to that of the usual load than to that of the import, or less is imported than ever.

        lowest: [substation] import that training has seen least, per unit.
        """
        fall = self.reactive_of_load - self.reactive_of_import
        stayed = np.abs(self.reactive - self.reactive_of_load) < tuning.KVAR_STAYED * fall
        return np.asarray(stayed | (self.active < (np.minimum(lowest, 0.0) - tuning.MIN_SHORTFALL)[:, None]))


def daylight(fleet: Fleet) -> BoolArray:
    """[time] where the sun can shine."""
    return np.asarray((fleet.hour >= DAYLIGHT[0]) & (fleet.hour < DAYLIGHT[1]))


def generation_seen(
    fleet: Fleet, seen: LoadAndKvar, usable: BoolArray, shape: LoadShape, history: History
) -> tuple[BoolArray, BoolArray]:
    """Where generation clearly hides load, and where it may: [substation, time] each.

    Clearly: by day a quarter of the load does not arrive, for most of some hours, Q has stayed, and in the dark hours
    before the load was there. It may where a smaller part has been missing for most of an hour with Q as usual, and for
    days after it was clear at every step of the day that is short of load. Where it was learned, it may all day long.
    """
    by_day = usable & daylight(fleet)
    share = seen.shortfall / np.maximum(seen.usual, tuning.MIN_SHORTFALL)
    in_the_dark = np.where(usable & ~daylight(fleet), share, np.nan)
    at_night = window_mean(in_the_dark, fleet.steps(24.0), history.of("in_the_dark"), tuning.DARK_FILLED)
    stayed = by_day & seen.kvar_stayed(shape.active_q01) & (at_night < tuning.MAX_SHORTFALL_IN_THE_DARK)
    stayed &= seen.shortfall > tuning.MIN_SHORTFALL
    large, small = stayed & (share > tuning.CLEAR_SHORTFALL), stayed & (share > tuning.SMALL_SHORTFALL)
    is_clear = large & _mostly(large, fleet.steps(tuning.CLEAR_WINDOW_H), history.of("large"))
    is_small = small & _mostly(small, fleet.steps(tuning.SMALL_WINDOW_H), history.of("small"))
    lasts = window_mean(is_clear.astype(np.float64), fleet.steps(tuning.CLEAR_LASTS_H), history.of("lasts"))
    is_sure = is_clear & (lasts >= tuning.CLEAR_LASTS_SHARE)
    known = steps_since(is_sure, history.of("sure")) < fleet.steps(tuning.GENERATION_KNOWN_H)
    # On a first day under clouds what is missing falls below that by the evening.
    lately = window_mean(is_small.astype(np.float64), fleet.steps(tuning.SMALL_KNOWN_H), history.of("lately"))
    known |= lately >= tuning.SMALL_KNOWN_SHARE
    may_be = is_small | (known & by_day & (seen.shortfall > 0)) | (by_day & (shape.sun_share > 0.0)[:, None])
    return is_sure & ~(shape.sun_share > 0.0)[:, None], np.asarray(may_be)


def learn_sun(fleet: Fleet, active: FloatArray, usual: FloatArray, mask: BoolArray) -> FloatArray:
    """[substation] 1 where days around noon differ from each other as only days with and without sun do, else 0.

    active, usual: per unit; mask: believable training steps.
    """
    around_noon = np.abs(fleet.hour - NOON) < NOON_WIDTH_H
    apart = np.abs(active - usual)
    by_noon, in_the_dark = (
        quantile(apart, mask & when, tuning.SUN_QUANTILE) for when in (around_noon, ~daylight(fleet))
    )
    differs = (by_noon > tuning.SUN_APART) & (by_noon > tuning.SUN_OVER_DARK * in_the_dark)
    return np.asarray(differs.astype(np.float64))


def _mostly(mask: BoolArray, steps: int, past: Past) -> BoolArray:
    """Where the mask holds at most of the last ``steps`` steps."""
    return np.asarray(window_mean(mask.astype(np.float64), steps, past) >= tuning.GENERATION_SHARE)


def between(
    value: FloatArray, one: FloatArray, other: FloatArray, mask: BoolArray, margin: FloatArray | float = 0.0
) -> FloatArray:
    """``one``; where the mask is True, what lies nearest to ``value`` between ``one`` and ``other``.

    A controller that sees the import moves Q with it, a fixed bank leaves it as it was: both are usual. margin: the
    usual error of both; without it noise would count where it is above and not where it is below.
    """
    nearest = np.clip(value, np.minimum(one, other) - margin, np.maximum(one, other) + margin)
    return np.where(mask & np.isfinite(nearest), nearest, one)
