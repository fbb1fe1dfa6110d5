"""One score per channel and step: 1.0 is the alarm threshold.

A score asks two questions at once wherever it can: is the departure unusual for this substation, and does it
cost enough loss to matter? Both must be answered with yes. Several trailing windows run side by side: the short
ones find steps, the long ones drift and small lasting loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.data_quality_flags import Learnt
from mlcore.diagnosis.expectations import Residuals
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.loss_rates import LossRates
from mlcore.diagnosis.power_flow import Operation
from mlcore.diagnosis.rolling import quantile, shifted, window_mean
from mlcore.diagnosis.signals import Signals
from substations.electrical.power import BoolArray, FloatArray

CHANNELS = ("reactive", "motor", "distortion", "imbalance", "voltage", "oil_temperature", "overload")
"""The indicator channels, in the order of the last axis of a score array."""

WINDOWS_H = {
    "reactive": (0.5, 1.0, 3.0, 8.0, 24.0),
    "motor": (3.0, 8.0),
    "distortion": (0.5, 1.0, 3.0, 8.0),
    "imbalance": (0.5, 1.0, 3.0, 8.0),
    "voltage": (0.5, 1.0, 3.0),
    "oil_temperature": (3.0, 8.0),
}
SHORT_H = 3.0
"""Windows up to this long say when an episode is over; longer ones would smear its end."""

WINDOW_STRICTNESS = {0.5: 2.5, 1.0: 2.0, 3.0: 1.4, 8.0: 1.1, 24.0: 1.0}
MIN_REACTIVE_LOSS_PCT = 1.2
MIN_DISTORTION_LOSS_PCT = 1.0
MIN_REACTIVE_SCALED = 0.3
MIN_IMBALANCE = 0.06
MIN_IMBALANCE_LOSS_PCT = 0.4
MIN_VOLTAGE = 0.018
MIN_VOLTAGE_LOSS_PCT = 0.25
MIN_OIL_K = 4.0
SHARE_WITH_MOVED_VOLTAGE = 0.25
"""A tap that moved takes the kvar of banks and machines with it: they count for a quarter as evidence of their own."""

QUANTILE = 0.97
QUANTILE_FACTOR = 2.2
TAIL_QUANTILE, TAIL_FACTOR = 0.999, 1.15
EXTREME_QUANTILE = 0.9995
BEYOND_TRAINED_LOAD = 1.15
FIRST_QUANTILE, FIRST_FACTOR, FIRST_EXTREME, FIRST_ONE_SIDED = 0.90, 5.0, 0.98, 12.0

OVERLOAD_WINDOW_H = 0.5
OVERLOAD_LOADING = 0.90
OVERLOAD_GROWTH = 0.30
OVERLOAD_MIN_GROWTH = 0.18
MIN_LOW_PF_LOAD_LOSS_PCT = 1.0
MIN_STEP_COVARIANCE = 1e-4
ROOT_SHARE = 0.75
MIN_KVAR_PER_KW = 0.08
MIN_FOR_COMBINED, COMBINED_SHARE = 0.5, 0.6
COVARIANCE_FILLED = 0.5

MIN_USUAL_LOSS_KW = 1.0
"""What about 200 kVA usually lose: smaller substations are judged as if they were that large, for a per cent of
their loss isn't worth a look."""


@dataclass(frozen=True)
class Scores:
    """Scores [substation, time, channel] with all windows, and with those up to three hours alone.

    together: [substation, time], how far kvar follow kW step by step, 1.0 is the limit of what is usual.
    """

    all_windows: FloatArray
    short_windows: FloatArray
    together: FloatArray


@dataclass(frozen=True)
class Evidence:
    """What the scores are made of: residuals, loss rates and the operating point of the same steps."""

    fleet: Fleet
    signals: Signals
    operation: Operation
    residuals: Residuals
    rates: LossRates


def windowed_quantities(evidence: Evidence) -> dict[str, FloatArray]:
    """Every windowed quantity that gets a learnt threshold, by name (``reactive@3``), [substation, time]."""
    found: dict[str, FloatArray] = {}
    sources = {
        "reactive": evidence.residuals.reactive_scaled,
        "imbalance": evidence.residuals.imbalance,
        "oil_temperature": evidence.residuals.oil_k,
    }
    for channel, source in sources.items():
        for hours in WINDOWS_H[channel]:
            found[f"{channel}@{hours:g}"] = window_mean(source, evidence.fleet.steps(hours))
    for hours in WINDOWS_H["voltage"]:
        found[f"voltage@{hours:g}"] = np.abs(window_mean(evidence.residuals.voltage, evidence.fleet.steps(hours)))
    for hours in WINDOWS_H["motor"]:
        found[f"together@{hours:g}"], found[f"together_root@{hours:g}"] = together(evidence, hours)
    for hours in WINDOWS_H["distortion"]:
        found[f"distortion@{hours:g}"] = loss_share(evidence, evidence.rates.distortion, hours)
    return found


def loss_share(evidence: Evidence, rate: FloatArray, hours: float, usual_kw: FloatArray | None = None) -> FloatArray:
    """Extra loss of a window in % of the local loss of the same steps, or of the usual local loss where that is more.

    usual_kw: [substation]; with it, a share of next to nothing (a light load at night) is no large share.
    """
    steps = evidence.fleet.steps(hours)
    local = window_mean(np.where(np.isfinite(rate), evidence.operation.local_kw, np.nan), steps)
    if usual_kw is not None:
        local = np.maximum(local, np.maximum(usual_kw, MIN_USUAL_LOSS_KW)[:, None])
    return 100.0 * window_mean(rate, steps) / local


def first_thresholds(evidence: Evidence, rows: BoolArray) -> Learnt:
    """Wide thresholds from rows that may hold faults: what losses push up can't widen the lower half."""
    learnt = learn_thresholds(evidence, rows, FIRST_QUANTILE, FIRST_FACTOR, FIRST_EXTREME)
    for name, values in windowed_quantities(evidence).items():
        median, low = quantile(values, rows, 0.5), quantile(values, rows, 1.0 - FIRST_QUANTILE)
        one_sided = name.startswith("voltage")
        robust = FIRST_ONE_SIDED * median if one_sided else median + FIRST_FACTOR * (median - low)
        learnt[f"threshold_{name}"] = np.fmin(learnt[f"threshold_{name}"], np.nan_to_num(robust, nan=np.inf))
    return learnt


def learn_thresholds(
    evidence: Evidence,
    normal: BoolArray,
    share: float = QUANTILE,
    factor: float = QUANTILE_FACTOR,
    extreme: float = EXTREME_QUANTILE,
) -> Learnt:
    """Alarm thresholds from the normal steps: a multiple of a quantile that a few hidden faults can't move."""
    found = windowed_quantities(evidence)
    learnt = {
        f"threshold_{name}": np.fmax(
            factor * quantile(value, normal, share),
            (TAIL_FACTOR if extreme >= EXTREME_QUANTILE else 0.0) * quantile(value, normal, TAIL_QUANTILE),
        )
        for name, value in found.items()
    }
    largest = 1.0 if extreme >= EXTREME_QUANTILE else extreme
    loading = window_mean(evidence.signals.apparent, evidence.fleet.steps(OVERLOAD_WINDOW_H))
    growth = window_mean(evidence.residuals.demand, evidence.fleet.steps(OVERLOAD_WINDOW_H))
    seen = normal & np.isfinite(loading)
    learnt["usual_loss_kw"] = _mean_where(evidence.operation.local_kw, normal)
    learnt["loading_extreme"] = quantile(loading, seen, extreme)
    learnt["loading_largest"] = quantile(loading, seen, largest)
    learnt["active_largest"] = quantile(evidence.signals.active, normal, 1.0)
    learnt["growth_extreme"] = quantile(growth, seen, min(extreme, 0.999))
    return {name: np.nan_to_num(value, nan=0.0) for name, value in learnt.items()}


def _mean_where(values: FloatArray, mask: BoolArray) -> FloatArray:
    """[substation] mean of the marked finite values, 0 where there is none."""
    known = mask & np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def together(evidence: Evidence, hours: float) -> tuple[FloatArray, FloatArray]:
    """How much reactive power came and went together with active power in the last hours.

    A machine that is switched on and off moves P and Q in one step; a lost capacitor moves Q alone, other load
    P alone. Returns the mean product of their steps, where large steps dominate, and the mean of its signed
    root, where many steps do.
    """
    product = _step(evidence.signals.active) * _step(evidence.residuals.reactive)
    root = np.sign(product) * np.sqrt(np.abs(product))
    steps = evidence.fleet.steps(hours)
    return window_mean(product, steps, COVARIANCE_FILLED), window_mean(root, steps, COVARIANCE_FILLED)


def score(evidence: Evidence, learnt: Learnt, sensitivity: float = 1.0) -> Scores:
    """Scores of every channel; ``sensitivity`` above 1 lowers all thresholds, below 1 raises them."""
    found = windowed_quantities(evidence)
    reactive = _reactive(evidence, found, learnt)
    channels = {
        "reactive": reactive,
        "motor": _combined(_low_pf_load(evidence, found, learnt), reactive),
        "distortion": _distortion(evidence, found, learnt),
        "imbalance": _imbalance(evidence, found, learnt),
        "voltage": _voltage(evidence, found, learnt),
        "oil_temperature": _against(found, learnt, "oil_temperature", MIN_OIL_K, {}),
        "overload": {OVERLOAD_WINDOW_H: _overload(evidence, learnt)},
    }
    now = _judged_now(evidence.residuals)
    whole = [np.where(now[name], np.fmax.reduce(list(windows.values())), np.nan) for name, windows in channels.items()]
    short = []
    for name, windows in channels.items():
        brief = [value for hours, value in windows.items() if hours <= SHORT_H]
        short.append(np.where(now[name], np.fmax.reduce(brief), np.nan))
    follows = [
        found[f"together@{hours:g}"] / _limit(learnt, f"together@{hours:g}", MIN_STEP_COVARIANCE**2)
        for hours in WINDOWS_H["motor"]
    ]
    return Scores(
        sensitivity * np.stack(whole, axis=-1), sensitivity * np.stack(short, axis=-1), np.fmax.reduce(follows)
    )


def _judged_now(residuals: Residuals) -> dict[str, BoolArray]:
    """Where a channel has a reading at this very step: windows alone, without one, decide nothing."""
    sources = {
        "reactive": residuals.reactive,
        "motor": residuals.reactive,
        "distortion": residuals.distortion,
        "imbalance": residuals.imbalance,
        "voltage": residuals.voltage,
        "oil_temperature": residuals.oil_k,
        "overload": residuals.demand,
    }
    return {name: np.isfinite(source) for name, source in sources.items()}


def _reactive(evidence: Evidence, found: dict[str, FloatArray], learnt: Learnt) -> dict[float, FloatArray]:
    beyond = evidence.signals.active > BEYOND_TRAINED_LOAD * learnt["active_largest"][:, None]
    rate = np.where(beyond, np.nan, evidence.rates.reactive)
    moved = np.nan_to_num(found["voltage@1"]) > np.fmax(MIN_VOLTAGE, learnt["threshold_voltage@1"])[:, None]
    scaled = np.where(moved, SHARE_WITH_MOVED_VOLTAGE, 1.0) * evidence.residuals.reactive_scaled
    windows = {}
    for hours in WINDOWS_H["reactive"]:
        cost = loss_share(evidence, rate, hours, learnt["usual_loss_kw"]) / (
            MIN_REACTIVE_LOSS_PCT * WINDOW_STRICTNESS[hours]
        )
        limit = np.fmax(MIN_REACTIVE_SCALED, learnt[f"threshold_reactive@{hours:g}"])[:, None]
        unusual = window_mean(scaled, evidence.fleet.steps(hours)) / limit
        windows[hours] = np.minimum(cost, unusual)
    return windows


def _against(
    found: dict[str, FloatArray], learnt: Learnt, channel: str, least: float, strictness: dict[float, float]
) -> dict[float, FloatArray]:
    windows = {}
    for hours in WINDOWS_H[channel]:
        limit = np.fmax(least * strictness.get(hours, 1.0), learnt[f"threshold_{channel}@{hours:g}"])
        windows[hours] = found[f"{channel}@{hours:g}"] / limit[:, None]
    return windows


def _distortion(evidence: Evidence, found: dict[str, FloatArray], learnt: Learnt) -> dict[float, FloatArray]:
    windows = _against(found, learnt, "distortion", MIN_DISTORTION_LOSS_PCT, WINDOW_STRICTNESS)
    for hours, unusual in windows.items():
        cost = loss_share(evidence, evidence.rates.distortion, hours, learnt["usual_loss_kw"])
        windows[hours] = np.minimum(unusual, cost / (MIN_DISTORTION_LOSS_PCT * WINDOW_STRICTNESS[hours]))
    return windows


def _imbalance(evidence: Evidence, found: dict[str, FloatArray], learnt: Learnt) -> dict[float, FloatArray]:
    unusual = _against(found, learnt, "imbalance", MIN_IMBALANCE, {})
    cost = {hours: loss_share(evidence, evidence.rates.imbalance, hours, learnt["usual_loss_kw"]) for hours in unusual}
    return {hours: np.minimum(value, cost[hours] / MIN_IMBALANCE_LOSS_PCT) for hours, value in unusual.items()}


def _voltage(evidence: Evidence, found: dict[str, FloatArray], learnt: Learnt) -> dict[float, FloatArray]:
    """A voltage that moved without costing anything is no loss."""
    unusual = _against(found, learnt, "voltage", MIN_VOLTAGE, {})
    cost = {h: loss_share(evidence, evidence.rates.voltage, h, learnt["usual_loss_kw"]) for h in unusual}
    return {hours: np.minimum(value, cost[hours] / MIN_VOLTAGE_LOSS_PCT) for hours, value in unusual.items()}


def _overload(evidence: Evidence, learnt: Learnt) -> FloatArray:
    steps = evidence.fleet.steps(OVERLOAD_WINDOW_H)
    apparent = np.where(np.isfinite(evidence.residuals.demand), evidence.signals.apparent, np.nan)
    loading, growth = window_mean(apparent, steps), window_mean(evidence.residuals.demand, steps)
    grown = growth / np.fmax(OVERLOAD_GROWTH, 1.2 * learnt["growth_extreme"])[:, None]
    beyond = loading / (1.10 * learnt["loading_extreme"])[:, None]
    found = np.fmax(loading / OVERLOAD_LOADING, np.minimum(grown, beyond))
    new = (growth > OVERLOAD_MIN_GROWTH) & (loading > 1.02 * learnt["loading_largest"][:, None])
    return np.where(np.isnan(loading), np.nan, np.where(new, found, 0.0))


def _low_pf_load(evidence: Evidence, found: dict[str, FloatArray], learnt: Learnt) -> dict[float, FloatArray]:
    windows = {}
    for hours in WINDOWS_H["motor"]:
        cost = loss_share(evidence, evidence.rates.low_pf_load, hours, learnt["usual_loss_kw"]) / (
            MIN_LOW_PF_LOAD_LOSS_PCT * WINDOW_STRICTNESS[hours]
        )
        product = found[f"together@{hours:g}"] / _limit(learnt, f"together@{hours:g}", MIN_STEP_COVARIANCE**2)
        root = found[f"together_root@{hours:g}"] / _limit(learnt, f"together_root@{hours:g}", MIN_STEP_COVARIANCE)
        excess = found[f"reactive@{hours:g}"] / MIN_REACTIVE_SCALED
        slope = _kvar_per_kw(evidence, hours) / MIN_KVAR_PER_KW
        windows[hours] = np.minimum.reduce([product, root / ROOT_SHARE, cost, excess, slope])
    return windows


def _combined(motor: dict[float, FloatArray], reactive: dict[float, FloatArray]) -> dict[float, FloatArray]:
    """Kvar that follow kW and kvar above the expectation are two witnesses: together they may each be weaker.

    They have to speak of the same hours: what a longer window remembers is no witness.
    """
    fused = {}
    for hours, value in motor.items():
        excess = np.fmax.reduce([one for window, one in reactive.items() if window <= hours])
        both = (value > MIN_FOR_COMBINED) & (excess > MIN_FOR_COMBINED)
        fused[hours] = np.where(both, np.fmax(value, COMBINED_SHARE * (value + excess)), value)
    return fused


def _kvar_per_kw(evidence: Evidence, hours: float) -> FloatArray:
    """Regression of the steps of the reactive excess on those of active power in a window."""
    active, reactive = _step(evidence.signals.active), _step(evidence.residuals.reactive)
    both = np.where(np.isfinite(reactive), active, np.nan)
    steps = evidence.fleet.steps(hours)
    product = window_mean(both * reactive, steps, COVARIANCE_FILLED)
    return product / np.fmax(window_mean(both**2, steps, COVARIANCE_FILLED), 1e-9)


def _limit(learnt: Learnt, name: str, least: float) -> FloatArray:
    return np.fmax(least, learnt[f"threshold_{name}"])[:, None]


def _step(values: FloatArray) -> FloatArray:
    return values - shifted(values, 1)
