"""Simple detectors to compare with: fixed limits, principal components, isolation forest."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from benchmarks.event_score import DetectedEvent
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import NO_PAST
from mlcore.diagnosis.rolling import quantile, window_mean
from substations.electrical.power import BoolArray, FloatArray, true_power_factor

ALARM_QUANTILE = 0.999
PERSISTENCE_STEPS = 8
EXPLAINED_VARIANCE = 0.90
MIN_POWER_FACTOR, CRITICAL_POWER_FACTOR = 0.85, 0.75
MAX_LOADING, MAX_IMBALANCE, MAX_THD_PCT = 1.0, 0.25, 20.0
MAX_VOLTAGE_ERROR, MAX_OIL_C = 0.06, 90.0
LASTING_HOURS = 1.0

Baseline = Callable[[Fleet, BoolArray], list[DetectedEvent]]


def static_limits(fleet: Fleet, train: BoolArray) -> list[DetectedEvent]:
    """Fixed limits: the textbook's, or the 99.9 % quantile of the training rows where that is wider."""
    rated = np.array([[plate.rated_kva] for plate in fleet.nameplates])
    nominal = np.array([[plate.nominal_v] for plate in fleet.nameplates])
    apparent = fleet.channel("apparent_power_kva")
    factor = true_power_factor(fleet.channel("active_power_kw"), apparent)
    currents = fleet.channels("current_l1_a", "current_l2_a", "current_l3_a")
    with np.errstate(divide="ignore", invalid="ignore"):
        imbalance = np.abs(currents / currents.mean(axis=-1, keepdims=True) - 1.0).max(axis=-1)
    loaded = np.where(apparent > 0.1 * rated, 1.0, np.nan)
    measured = {
        "capacitor_failure": (loaded * (1.0 - factor), 1.0 - MIN_POWER_FACTOR),
        "overload": (apparent / rated, MAX_LOADING),
        "phase_imbalance": (loaded * imbalance, MAX_IMBALANCE),
        "harmonic_injection": (loaded * fleet.channel("thd_current_l1_pct"), MAX_THD_PCT),
        "tap_voltage": (np.abs(fleet.channel("voltage_avg_v") / nominal - 1.0), MAX_VOLTAGE_ERROR),
        "cooling_failure": (fleet.channel("oil_temperature_c"), MAX_OIL_C),
    }
    critical = (factor < CRITICAL_POWER_FACTOR) | (apparent > MAX_LOADING * rated)
    found = []
    for cause, (values, textbook) in measured.items():
        usual = quantile(values, np.broadcast_to(train, values.shape), ALARM_QUANTILE)
        beyond = (values > np.fmax(usual, textbook)[:, None]).astype(np.float64)
        lasting = window_mean(beyond, fleet.steps(LASTING_HOURS), NO_PAST) >= 1.0
        found += _detections(fleet, lasting & ~train, critical, cause)
    return found


def principal_components(fleet: Fleet, train: BoolArray) -> list[DetectedEvent]:
    """Squared distance from the principal components of each substation's own training rows, held for 8 steps."""
    score = np.full(fleet.values.shape[:2], np.nan)
    for number, rows in enumerate(_standardised(fleet, train)):
        known = np.isfinite(rows).all(axis=1)
        fitted = rows[known & train]
        _, spread, axes = np.linalg.svd(fitted, full_matrices=False)
        share = np.cumsum(spread**2) / np.sum(spread**2)
        axes = axes[: int(np.searchsorted(share, EXPLAINED_VARIANCE)) + 1]
        rest = rows[known] - rows[known] @ axes.T @ axes
        score[number, known] = (rest**2).sum(axis=1)
    return _above_quantile(fleet, window_mean(score, PERSISTENCE_STEPS, NO_PAST), train)


def isolation_forest(fleet: Fleet, train: BoolArray) -> list[DetectedEvent]:
    """scikit-learn's isolation forest on the channels of each substation."""
    from sklearn.ensemble import IsolationForest

    score = np.full(fleet.values.shape[:2], np.nan)
    for number, rows in enumerate(_standardised(fleet, train)):
        known = np.isfinite(rows).all(axis=1)
        forest = IsolationForest(n_estimators=100, random_state=0).fit(rows[known & train])
        score[number, known] = -forest.score_samples(rows[known])
    return _above_quantile(fleet, score, train)


def available() -> dict[str, Baseline]:
    """The baselines that can run here, by the name they are shown under."""
    found: dict[str, Baseline] = {"static limits": static_limits, "PCA, 8 steps": principal_components}
    if find_spec("sklearn") is not None:
        found["isolation forest"] = isolation_forest
    return found


def _standardised(fleet: Fleet, train: BoolArray) -> FloatArray:
    """[substation, time, channel] in units of the training rows' spread; channels that are never there are dropped."""
    present = np.isfinite(fleet.values).any(axis=(0, 1))
    values = fleet.values[:, :, present]
    middle = np.nanmean(values[:, train], axis=1, keepdims=True)
    spread = np.nanstd(values[:, train], axis=1, keepdims=True)
    return np.asarray((values - middle) / np.where(spread > 0, spread, 1.0))


def _above_quantile(fleet: Fleet, score: FloatArray, train: BoolArray) -> list[DetectedEvent]:
    everywhere = np.broadcast_to(train, score.shape)
    limit = quantile(score, everywhere, ALARM_QUANTILE)[:, None]
    flag = (np.nan_to_num(score) > limit) & ~train
    return _detections(fleet, flag, score > 3.0 * limit, "")


def _detections(fleet: Fleet, flag: BoolArray, critical: BoolArray, cause: str) -> list[DetectedEvent]:
    """Runs of flagged steps as detections."""
    edges = np.diff(np.pad(flag.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    starts, stops = np.nonzero(edges == 1), np.nonzero(edges == -1)
    return [
        DetectedEvent(
            substation=fleet.codes[substation],
            start_s=float(fleet.at_s[start]),
            end_s=float(fleet.at_s[stop - 1]) + fleet.interval_s,
            severity="critical" if critical[substation, start:stop].any() else "warning",
            cause=cause,
        )
        for substation, start, stop in zip(starts[0], starts[1], stops[1], strict=True)
    ]
