"""Fit: quality, expectations and thresholds, in two passes so that faults hidden in the training data drop out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.calibration import alarm_rate, sensitivity_for
from mlcore.diagnosis.causes import step_spread
from mlcore.diagnosis.data_quality_flags import QualityFlags, flag_data_quality, learn_quality, usable_reactive
from mlcore.diagnosis.departures import Departures, loss_share
from mlcore.diagnosis.expectations import Usable, learn_expectations, usable_steps
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.loss_rates import LossRates, loss_rates
from mlcore.diagnosis.model import SubstationModel, Warming
from mlcore.diagnosis.parameters import ExpectationParameters, Parameters, QualityParameters, Thresholds
from mlcore.diagnosis.power_flow import OperatingPoint, power_flow
from mlcore.diagnosis.residuals import Residuals, compare
from mlcore.diagnosis.rolling import window_any, window_mean
from mlcore.diagnosis.scores import score
from mlcore.diagnosis.signals import Signals, measure
from mlcore.diagnosis.terms import CONTEXT_HOURS, HOUR_S, MIN_TRAINING_DAYS
from mlcore.diagnosis.threshold_learning import first_thresholds, learn_thresholds
from substations.electrical.power import BoolArray, FloatArray

MIN_TRAINING_H = 24 * MIN_TRAINING_DAYS  # hours of a day

LearnThresholds = Callable[[Departures, BoolArray], Thresholds]


@dataclass(frozen=True)
class Prepared:
    """A fleet as far as it can be worked out before any expectation."""

    fleet: Fleet
    signals: Signals
    flags: QualityFlags
    operation: OperatingPoint
    usable: Usable

    @classmethod
    def of(cls, fleet: Fleet, signals: Signals, quality: QualityParameters) -> Prepared:
        flags = flag_data_quality(fleet, signals, quality, WHOLE_RECORD)
        operation = power_flow(fleet, signals, usable_reactive(signals, flags), flags, WHOLE_RECORD)
        return cls(fleet, signals, flags, operation, usable_steps(signals, flags))

    def departures(self, expectations: ExpectationParameters) -> Departures:
        """Residuals and loss rates under a set of expectations."""
        residuals = compare(self.fleet, self.signals, self.operation, self.usable, expectations, WHOLE_RECORD)
        rates = loss_rates(self.fleet, self.signals, self.operation, residuals, expectations)
        return Departures(self.fleet, self.signals, self.operation, residuals, rates)

    def expectations(self, normal: BoolArray) -> ExpectationParameters:
        """Expectations learned from the marked steps."""
        return learn_expectations(self.fleet, self.signals, self.operation, self.usable, normal)


def usable_hours(fleet: Fleet, usable: Usable, train: BoolArray) -> FloatArray:
    """[substation] believable hours with load in the training range."""
    powered = usable.reactive & train
    return np.asarray(powered.sum(axis=1) * fleet.interval_s / HOUR_S)


def learn(
    fleet: Fleet, train: BoolArray, sensitivity: float, false_alarms_per_month: float | None = None
) -> tuple[dict[str, SubstationModel], dict[str, Warming]]:
    """Models of all substations with enough data, and how far the others are.

    1. quality and expectations on all training steps; 2. alarms inside the training range with wide limits that
    a minority of faults can't move; 3. everything again without those steps.
    """
    fleet, train = _around_training(fleet, np.broadcast_to(train, fleet.values.shape[:2]))
    signals = measure(fleet)
    quality = learn_quality(fleet, signals, train)
    prepared = Prepared.of(fleet, signals, quality)
    hours = usable_hours(fleet, prepared.usable, train)
    ready = hours >= MIN_TRAINING_H
    warming = {code: Warming(int(hours[k]), MIN_TRAINING_H) for k, code in enumerate(fleet.codes) if not ready[k]}
    if not ready.any():
        return {}, warming
    abnormal = np.zeros_like(train)
    for _ in range(tuning.FIRST_PASSES):
        first = _learn_once(prepared, quality, train & ~abnormal, first_thresholds)
        abnormal = _abnormal(prepared, first) & train
    parameters = _learn_held_out(prepared, quality, train & ~abnormal)
    trained = np.nonzero(train.any(axis=0))[0]
    excluded = abnormal.sum(axis=1) / np.maximum(train.sum(axis=1), 1)
    models = {
        code: SubstationModel(
            code=code,
            interval_s=fleet.interval_s,
            trained_from_s=int(fleet.at_s[trained[0]]),
            trained_until_s=int(fleet.at_s[trained[-1]]) + fleet.interval_s,
            usable_hours=float(hours[k]),
            excluded_share=float(excluded[k]),
            sensitivity=_sensitivity(parameters, k, sensitivity, false_alarms_per_month),
            parameters=parameters.of_substation(k),
        )
        for k, code in enumerate(fleet.codes)
        if ready[k]
    }
    return models, warming


def _sensitivity(parameters: Parameters, row: int, sensitivity: float, false_alarms_per_month: float | None) -> float:
    if false_alarms_per_month is None:
        return sensitivity
    return sensitivity * sensitivity_for(float(parameters.alarms_per_month[row]), false_alarms_per_month)


def _around_training(fleet: Fleet, train: BoolArray) -> tuple[Fleet, BoolArray]:
    """The part of a record that its training steps rest on."""
    marked = np.nonzero(train.any(axis=0))[0]
    if marked.size == 0:
        return fleet, train
    first, stop = max(0, int(marked[0]) - fleet.steps(CONTEXT_HOURS)), int(marked[-1]) + 1
    offset = fleet.utc_offset_s if isinstance(fleet.utc_offset_s, int) else fleet.utc_offset_s[first:stop]
    part = replace(fleet, at_s=fleet.at_s[first:stop], values=fleet.values[:, first:stop], utc_offset_s=offset)
    return part, train[:, first:stop]


def nothing_learned(fleet: Fleet) -> Parameters:
    """The parameters of a fleet without any model: all NaN, so that every score is NaN too."""
    none = replace(fleet, at_s=fleet.at_s[:2], values=np.full_like(fleet.values[:, :2], np.nan), utc_offset_s=0)
    signals = measure(none)
    nowhere = np.zeros(signals.active.shape, dtype=bool)
    quality = learn_quality(none, signals, nowhere)
    return _learn_once(Prepared.of(none, signals, quality), quality, nowhere, learn_thresholds).nowhere()


def _learn_once(
    prepared: Prepared, quality: QualityParameters, normal: BoolArray, thresholds: LearnThresholds
) -> Parameters:
    expectations = prepared.expectations(normal)
    departures = prepared.departures(expectations)
    return Parameters(
        quality=quality,
        expectations=expectations,
        thresholds=thresholds(departures, normal & prepared.usable.reactive),
        step_spread=step_spread(departures, normal),
        alarms_per_month=np.full(len(normal), np.nan),
    )


def _learn_held_out(prepared: Prepared, quality: QualityParameters, normal: BoolArray) -> Parameters:
    """Expectations from all normal steps, thresholds from steps that the expectations behind them never saw."""
    folds = _folds(normal)
    parts = [prepared.departures(prepared.expectations(normal & (folds != fold))) for fold in range(tuning.FOLDS)]
    departures = _stitched(parts, folds)
    judged = normal & prepared.usable.reactive
    thresholds = learn_thresholds(departures, judged)
    return Parameters(
        quality=quality,
        expectations=prepared.expectations(normal),
        thresholds=thresholds,
        step_spread=step_spread(departures, normal),
        alarms_per_month=alarm_rate(departures, thresholds, judged),
    )


def _folds(normal: BoolArray) -> IntArray:
    """[substation, time] number of the block of time a step belongs to: every block has as many normal steps."""
    seen = np.cumsum(normal, axis=1)
    number = tuning.FOLDS * seen // np.maximum(seen[:, -1:] + 1, 1)
    return np.asarray(np.minimum(number, tuning.FOLDS - 1), dtype=np.int64)


def _stitched(parts: list[Departures], folds: IntArray) -> Departures:
    """Residuals and loss rates of every step from the part that was fitted without its block."""

    def pick(kind: str) -> dict[str, FloatArray]:
        of_parts = [getattr(part, kind) for part in parts]
        return {f.name: np.choose(folds, [getattr(part, f.name) for part in of_parts]) for f in fields(of_parts[0])}

    return replace(parts[0], residuals=Residuals(**pick("residuals")), rates=LossRates(**pick("rates")))


def _abnormal(prepared: Prepared, parameters: Parameters) -> BoolArray:
    """Steps around scores above the alarm threshold that stay there for hours.

    A fault lasts; what comes and goes within an hour or two (a bank between two steps) belongs to what is usual.
    """
    departures, fleet = prepared.departures(parameters.expectations), prepared.fleet
    high = np.nan_to_num(score(departures, parameters.thresholds, WHOLE_RECORD).all_windows) > 1.0
    high[..., INDICATORS.index("reactive")] &= _costly(departures, parameters.thresholds)
    hits = np.asarray(high.any(axis=-1))
    window = fleet.steps(tuning.LASTING_WINDOW_H)
    share = window_mean(hits.astype(np.float64), window, NO_PAST)
    lasting = share >= tuning.LASTING_H / tuning.LASTING_WINDOW_H
    hits = hits & _any_ahead(lasting, window)
    around = fleet.steps(tuning.EXCLUDED_AROUND_H)
    return _any_ahead(hits, around) | window_any(hits, around, NO_PAST)


def _costly(departures: Departures, thresholds: Thresholds) -> BoolArray:
    """Steps in or shortly before a day whose reactive excess would be worth an alarm.

    An automatic bank that rests for a few hours of light load looks like a lost one, but costs nothing: it is usual.
    """
    hours = tuning.COSTLY_WINDOW_H
    share_pct = loss_share(departures, departures.rates.reactive, hours, WHOLE_RECORD, thresholds.usual_loss_kw)
    return _any_ahead(np.nan_to_num(share_pct) > tuning.MIN_REACTIVE_LOSS_PCT, departures.fleet.steps(hours))


def _any_ahead(mask: BoolArray, steps: int) -> BoolArray:
    """True where the mask is True within the next ``steps`` steps, this one included."""
    return window_any(mask[:, ::-1], steps, NO_PAST)[:, ::-1]
