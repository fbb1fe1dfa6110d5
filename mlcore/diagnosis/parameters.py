"""Everything that is learned about substations, by name; each array has a leading substation axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mlcore.diagnosis.array_trees import map_arrays
from mlcore.diagnosis.indicators import STEP_COVARIANCE, STEP_COVARIANCE_ROOT, WITH_THRESHOLD, Windowed
from substations.electrical.power import FloatArray


@dataclass(frozen=True)
class QualityParameters:
    """What the instruments of a substation normally show, [substation].

    min_loading: apparent power per unit below which the transformer counts as de-energised.
    voltage_spread, current_ratio: median and median deviation of the spread of the line voltages (a share of their
    mean) and of the logarithm of √3·U·I over S. apparent_ratio: measured S over that of P, Q and THD.
    phase_share: [substation, phase], usual phase current over the mean. high_loading: 95 % quantile of the apparent
    power per unit. still_share: of readings that repeat the one before. triangle_gap: 99.9 % quantile of
    |S² − P² − Q²| per unit squared, of its one-hour median and at single steps (once). import_share: share of the
    loaded readings with P above 0. angle_median, angle_deviation: of the angle of P + iQ, in degrees.
    reactive_largest: 99 % quantile of |Q| per unit.
    """

    min_loading: FloatArray
    voltage_spread_median: FloatArray
    voltage_spread_deviation: FloatArray
    current_ratio_median: FloatArray
    current_ratio_deviation: FloatArray
    apparent_ratio: FloatArray
    phase_share: FloatArray
    high_loading: FloatArray
    still_share: FloatArray
    triangle_gap: FloatArray
    triangle_gap_once: FloatArray
    import_share: FloatArray
    angle_median: FloatArray
    angle_deviation: FloatArray
    reactive_largest: FloatArray


@dataclass(frozen=True)
class LoadShape:
    """The range and the rhythm of a substation's load.

    hinges: [substation, hinge] active power per unit at which the expectations bend. active_q01, active_q99: the
    trained range. reactive_slope: kvar per kW over it. phase_share: [substation, phase]. demand_profile:
    [substation, slot] logarithm of the usual active power per unit by time of day, working days first, then weekends.
    sun_share: [substation] above 0 where the training range shows generation from the sun.
    """

    hinges: FloatArray
    active_q99: FloatArray
    active_q01: FloatArray
    reactive_slope: FloatArray
    phase_share: FloatArray
    demand_profile: FloatArray
    sun_share: FloatArray


@dataclass(frozen=True)
class ExpectationParameters:
    """Coefficients [substation, feature] of every expectation, see ``expectations``.

    …_scale: of the logarithm of the usual error. …_alone: without neighbours. current_square_ratio: [substation] usual
    mean square of the phase currents over what P and Q need in balance.
    """

    shape: LoadShape
    reactive: FloatArray
    reactive_scale: FloatArray
    distortion: FloatArray
    distortion_scale: FloatArray
    imbalance: FloatArray
    voltage: FloatArray
    voltage_alone: FloatArray
    ambient: FloatArray
    ambient_alone: FloatArray
    current_square_ratio: FloatArray


@dataclass(frozen=True)
class Thresholds:
    """What is still normal, [substation].

    windowed: of each windowed quantity. usual_loss_kw: mean local loss. loading, growth: half-hour means of the
    apparent power per unit and of the logarithm of demand over expected; extreme is a high quantile, largest the
    maximum. active_largest: largest active power per unit.
    """

    windowed: Mapping[Windowed, FloatArray]
    usual_loss_kw: FloatArray
    loading_extreme: FloatArray
    loading_largest: FloatArray
    active_largest: FloatArray
    growth_extreme: FloatArray

    def of(self, name: str, hours: float, at_least: float = 0.0) -> FloatArray:
        """[substation, 1] threshold of a windowed quantity, or the least that is worth an alarm where that is more."""
        return np.fmax(at_least, self.windowed[name, hours])[:, None]


@dataclass(frozen=True)
class Parameters:
    """All that is learned of a fleet.

    step_spread: [substation] standard deviation of the load's steps, per unit.
    alarms_per_month: [substation] false alarms expected at a sensitivity of 1.
    """

    quality: QualityParameters
    expectations: ExpectationParameters
    thresholds: Thresholds
    step_spread: FloatArray
    alarms_per_month: FloatArray

    def of_substation(self, row: int) -> Parameters:
        """Those of one substation, without a substation axis."""
        return map_arrays(lambda values: np.asarray(values[row]), self)

    def nowhere(self) -> Parameters:
        """The same arrays with nothing learned: all NaN, so that every score is NaN too."""
        return map_arrays(lambda values: np.full_like(values, np.nan), self)

    @staticmethod
    def stacked(parts: Sequence[Parameters]) -> Parameters:
        """Those of several substations, each without a substation axis, as one. ValueError where shapes differ."""
        return map_arrays(lambda *values: np.stack(values), *parts)

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays by the name under which they are stored."""
        return {
            **{f"gate_{_STORED.get(name, name)}": value for name, value in _named(self.quality)},
            **{name: value for name, value in _named(self.expectations) if name != "shape"},
            **dict(_named(self.expectations.shape)),
            **{f"threshold_{_stored(key)}": value for key, value in self.thresholds.windowed.items()},
            **{name: value for name, value in _named(self.thresholds) if name != "windowed"},
            "step_spread": self.step_spread,
            "alarms_per_month": self.alarms_per_month,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Parameters:
        """The parameters that ``to_arrays`` took apart. KeyError for an array that is missing."""

        def taken(kind: Any, prefix: str = "", **known: Any) -> Any:
            names = [f.name for f in fields(kind) if f.name not in known]
            return kind(**known, **{name: stored(name, prefix + _STORED.get(name, name)) for name in names})

        def stored(name: str, key: str) -> FloatArray:
            return arrays.get(key, np.asarray(np.nan)) if name in _LATER else arrays[key]

        windowed = {key: arrays[f"threshold_{_stored(key)}"] for key in WITH_THRESHOLD}
        parameters: Parameters = taken(
            cls,
            quality=taken(QualityParameters, "gate_"),
            expectations=taken(ExpectationParameters, shape=taken(LoadShape)),
            thresholds=taken(Thresholds, windowed=windowed),
        )
        return parameters


# What models that were stored before it was learned do without: nothing is known of it then.
_LATER = {"import_share", "angle_median", "angle_deviation", "reactive_largest", "sun_share"}
# Names that stored models have had since before they had these.
_STORED = {"min_loading": "least_loading", STEP_COVARIANCE: "together", STEP_COVARIANCE_ROOT: "together_root"}


def _stored(key: Windowed) -> str:
    return f"{_STORED.get(key[0], key[0])}@{key[1]:g}"


def _named(part: Any) -> list[tuple[str, Any]]:
    return [(f.name, getattr(part, f.name)) for f in fields(part)]
