"""Fit: flags, expectations and thresholds, in two passes so that faults hidden in the training data drop out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from mlcore.diagnosis.calibration import alarm_rate, sensitivity_for
from mlcore.diagnosis.causes import step_spread
from mlcore.diagnosis.data_quality_flags import Learnt, QualityFlags, flag_data_quality, learn_quality, usable_reactive
from mlcore.diagnosis.expectations import Residuals, Usable, compare, learn_expectations, usable_steps
from mlcore.diagnosis.fleet import HOUR_S, Fleet, IntArray
from mlcore.diagnosis.loss_rates import LossRates, current_square_ratio, loss_rates
from mlcore.diagnosis.model import SubstationModel, Warming
from mlcore.diagnosis.power_flow import Operation, operate
from mlcore.diagnosis.rolling import quantile, window_any, window_mean
from mlcore.diagnosis.scores import (
    CHANNELS,
    MIN_REACTIVE_LOSS_PCT,
    Evidence,
    first_thresholds,
    learn_thresholds,
    loss_share,
    score,
)
from mlcore.diagnosis.signals import Signals, measure
from substations.electrical.power import BoolArray, FloatArray

MIN_TRAINING_H = 7 * 24
FIRST_PASSES = 2
HOURS_BEFORE = 96.0
FOLDS = 4
EXCLUDED_AROUND_H = 2.0
LASTING_H, LASTING_WINDOW_H = 3.0, 6.0
COSTLY_WINDOW_H = 24.0


@dataclass(frozen=True)
class Prepared:
    """A fleet as far as it can be worked out before any expectation."""

    fleet: Fleet
    signals: Signals
    flags: QualityFlags
    operation: Operation
    usable: Usable


def prepare(fleet: Fleet, signals: Signals, learnt: Learnt | None) -> Prepared:
    """QualityFlags, cleaned reactive power, flows and losses."""
    flags = flag_data_quality(fleet, signals, learnt)
    operation = operate(fleet, signals, usable_reactive(signals, flags), flags)
    return Prepared(fleet, signals, flags, operation, usable_steps(signals, flags))


def gather(prepared: Prepared, learnt: Learnt) -> Evidence:
    """Residuals and loss rates under a set of learnt quantities."""
    fleet, signals, operation = prepared.fleet, prepared.signals, prepared.operation
    residuals = compare(fleet, signals, operation, prepared.usable, learnt)
    rates = loss_rates(fleet, signals, operation, residuals, learnt)
    return Evidence(fleet, signals, operation, residuals, rates)


def usable_hours(prepared: Prepared, train: BoolArray) -> FloatArray:
    """[substation] believable hours with load in the training range."""
    powered = prepared.usable.reactive & train
    return np.asarray(powered.sum(axis=1) * prepared.fleet.interval_s / HOUR_S)


def learn(
    fleet: Fleet, train: BoolArray, sensitivity: float, false_alarms_per_month: float | None = None
) -> tuple[dict[str, SubstationModel], dict[str, Warming]]:
    """Models of all substations with enough data, and how far the others are.

    1. flags and expectations on all training steps; 2. alarms inside the training range with wide limits that
    a minority of faults can't move; 3. everything again without those steps.
    """
    train = np.broadcast_to(train, fleet.values.shape[:2])
    fleet, train = _around_training(fleet, train)
    signals = measure(fleet)
    quality = learn_quality(fleet, signals, train)
    prepared = prepare(fleet, signals, quality)
    hours = usable_hours(prepared, train)
    ready = hours >= MIN_TRAINING_H
    warming = {code: Warming(int(hours[k]), MIN_TRAINING_H) for k, code in enumerate(fleet.codes) if not ready[k]}
    if not ready.any():
        return {}, warming
    abnormal = np.zeros_like(train)
    for _ in range(FIRST_PASSES):
        abnormal = _abnormal(prepared, _learn_once(prepared, train & ~abnormal, first_thresholds)) & train
    learnt = {**quality, **_learn_held_out(prepared, train & ~abnormal)}
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
            sensitivity=_sensitivity(learnt, k, sensitivity, false_alarms_per_month),
            learnt={name: value[k] for name, value in learnt.items()},
        )
        for k, code in enumerate(fleet.codes)
        if ready[k]
    }
    return models, warming


def _sensitivity(learnt: Learnt, row: int, sensitivity: float, false_alarms_per_month: float | None) -> float:
    if false_alarms_per_month is None:
        return sensitivity
    return sensitivity * sensitivity_for(float(learnt["alarms_per_month"][row]), false_alarms_per_month)


def _around_training(fleet: Fleet, train: BoolArray) -> tuple[Fleet, BoolArray]:
    """The part of a record that its training steps rest on."""
    marked = np.nonzero(train.any(axis=0))[0]
    if marked.size == 0:
        return fleet, train
    first, stop = max(0, int(marked[0]) - fleet.steps(HOURS_BEFORE)), int(marked[-1]) + 1
    offset = fleet.utc_offset_s if isinstance(fleet.utc_offset_s, int) else fleet.utc_offset_s[first:stop]
    part = replace(fleet, at_s=fleet.at_s[first:stop], values=fleet.values[:, first:stop], utc_offset_s=offset)
    return part, train[:, first:stop]


def blank(fleet: Fleet) -> Learnt:
    """The quantities of a model with nothing learnt: all NaN, so that every score is NaN too."""
    none = replace(fleet, at_s=fleet.at_s[:2], values=np.full_like(fleet.values[:, :2], np.nan), utc_offset_s=0)
    signals = measure(none)
    nowhere = np.zeros(signals.active.shape, dtype=bool)
    quality = learn_quality(none, signals, nowhere)
    learnt = {**quality, **_learn_held_out(prepare(none, signals, quality), nowhere)}
    return {name: np.full_like(value, np.nan) for name, value in learnt.items()}


def _learn_once(prepared: Prepared, normal: BoolArray, thresholds: Callable[[Evidence, BoolArray], Learnt]) -> Learnt:
    learnt = _expect(prepared, normal)
    evidence = gather(prepared, learnt)
    learnt["step_spread"] = step_spread(evidence, normal)
    return {**learnt, **thresholds(evidence, normal & prepared.usable.reactive)}


def _learn_held_out(prepared: Prepared, normal: BoolArray) -> Learnt:
    """Expectations from all normal steps, thresholds from steps that the expectations behind them never saw."""
    learnt = _expect(prepared, normal)
    folds = _folds(normal)
    parts = [gather(prepared, _expect(prepared, normal & (folds != fold))) for fold in range(FOLDS)]
    evidence = _stitched(parts, folds)
    learnt["step_spread"] = step_spread(evidence, normal)
    judged = normal & prepared.usable.reactive
    learnt = {**learnt, **learn_thresholds(evidence, judged)}
    return {**learnt, **alarm_rate(evidence, learnt, judged)}


def _expect(prepared: Prepared, normal: BoolArray) -> Learnt:
    fleet, signals = prepared.fleet, prepared.signals
    learnt = learn_expectations(fleet, signals, prepared.operation, prepared.usable, normal)
    ratio = current_square_ratio(signals, prepared.operation)
    learnt["current_square_ratio"] = quantile(ratio, normal & prepared.usable.imbalance, 0.5)
    return learnt


def _folds(normal: BoolArray) -> IntArray:
    """[substation, time] number of the batch of time a step belongs to: every batch has as many normal steps."""
    seen = np.cumsum(normal, axis=1)
    return np.asarray(np.minimum(FOLDS * seen // np.maximum(seen[:, -1:] + 1, 1), FOLDS - 1), dtype=np.int64)


def _stitched(parts: list[Evidence], folds: IntArray) -> Evidence:
    """Residuals and loss rates of every step from the part that was fitted without its batch."""

    def pick(kind: str) -> dict[str, FloatArray]:
        found = [getattr(part, kind) for part in parts]
        return {f.name: np.choose(folds, [getattr(one, f.name) for one in found]) for f in fields(found[0])}

    return replace(parts[0], residuals=Residuals(**pick("residuals")), rates=LossRates(**pick("rates")))


def _abnormal(prepared: Prepared, learnt: Learnt) -> BoolArray:
    """Steps around scores above the alarm threshold that stay there for hours.

    A fault lasts; what comes and goes within an hour or two (a bank between two steps) belongs to what is usual.
    """
    evidence = gather(prepared, learnt)
    high = np.nan_to_num(score(evidence, learnt).all_windows) > 1.0
    high[..., CHANNELS.index("reactive")] &= _costly(evidence, learnt)
    hits = np.asarray(high.any(axis=-1))
    span = prepared.fleet.steps(LASTING_WINDOW_H)
    lasting = window_mean(hits.astype(np.float64), span) >= LASTING_H / LASTING_WINDOW_H
    hits = hits & window_any(lasting[:, ::-1], span)[:, ::-1]
    around = prepared.fleet.steps(EXCLUDED_AROUND_H)
    before = window_any(hits[:, ::-1], around)[:, ::-1]
    return before | window_any(hits, around)


def _costly(evidence: Evidence, learnt: Learnt) -> BoolArray:
    """Steps in or shortly before a day whose reactive excess would be worth an alarm.

    An automatic bank that rests for a few hours of light load looks like a lost one, but costs nothing: it is usual.
    """
    day = evidence.fleet.steps(COSTLY_WINDOW_H)
    share = loss_share(evidence, evidence.rates.reactive, COSTLY_WINDOW_H, learnt["usual_loss_kw"])
    return window_any((np.nan_to_num(share) > MIN_REACTIVE_LOSS_PCT)[:, ::-1], day)[:, ::-1]
