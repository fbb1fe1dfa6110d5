"""One score per indicator and step: 1.0 is the alarm threshold.

A score asks two questions at once wherever it can: is the departure unusual for this substation, and does it
cost enough loss to matter? Both must be answered with yes. Several trailing windows run side by side: the short
ones find steps, the long ones drift and small lasting loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures, loss_share, steps_of_power, windowed_quantities
from mlcore.diagnosis.history import History
from mlcore.diagnosis.indicators import STEP_COVARIANCE, STEP_COVARIANCE_ROOT, WINDOWS_H, Windowed
from mlcore.diagnosis.parameters import Thresholds
from mlcore.diagnosis.residuals import Residuals, by_indicator
from mlcore.diagnosis.rolling import window_mean
from substations.electrical.power import BoolArray, FloatArray

ByWindow = dict[float, FloatArray]


@dataclass(frozen=True)
class Scores:
    """Scores [substation, time, indicator] with all windows, and with those up to three hours alone.

    step_covariance: [substation, time], how far kvar follow kW step by step, 1.0 is the limit of what is usual.
    """

    all_windows: FloatArray
    short_windows: FloatArray
    step_covariance: FloatArray


def score(departures: Departures, thresholds: Thresholds, history: History) -> Scores:
    """Scores of every indicator."""
    windowed = windowed_quantities(departures, history)
    reactive = _reactive(departures, windowed, thresholds, history.within("reactive"))
    low_pf_load = _low_pf_load(departures, windowed, thresholds, history.within("low_pf_load"))
    indicators = {
        "reactive": reactive,
        "motor": _combined(low_pf_load, reactive),
        "distortion": _distortion(departures, windowed, thresholds, history.within("distortion_cost")),
        "imbalance": _imbalance(departures, windowed, thresholds, history.within("imbalance")),
        "voltage": _voltage(departures, windowed, thresholds, history.within("voltage")),
        "oil_temperature": _against(windowed, thresholds, "oil_temperature", tuning.MIN_OIL_K),
        "overload": {tuning.OVERLOAD_WINDOW_H: _overload(departures, thresholds, history.within("overload"))},
    }
    now = _judged_now(departures.residuals)
    return Scores(
        all_windows=_highest(indicators, now),
        short_windows=_highest(_short(indicators), now),
        step_covariance=np.fmax.reduce([_covariance(windowed, thresholds, hours) for hours in WINDOWS_H["motor"]]),
    )


def _highest(indicators: dict[str, ByWindow], now: dict[str, BoolArray]) -> FloatArray:
    """[substation, time, indicator] the highest score of all windows."""
    scores = [
        np.where(now[name], np.fmax.reduce(list(by_window.values())), np.nan) for name, by_window in indicators.items()
    ]
    return np.stack(scores, axis=-1)


def _short(indicators: dict[str, ByWindow]) -> dict[str, ByWindow]:
    return {
        name: {hours: values for hours, values in by_window.items() if hours <= tuning.SHORT_H}
        for name, by_window in indicators.items()
    }


def _judged_now(residuals: Residuals) -> dict[str, BoolArray]:
    """Where an indicator has a reading at this very step: windows alone, without one, decide nothing."""
    return {name: np.isfinite(residual) for name, residual in by_indicator(residuals).items()}


def _reactive(
    departures: Departures, windowed: dict[Windowed, FloatArray], thresholds: Thresholds, history: History
) -> ByWindow:
    beyond = departures.signals.active > tuning.BEYOND_TRAINED_LOAD * thresholds.active_largest[:, None]
    rate_kw = np.where(beyond, np.nan, departures.rates.reactive)
    moved = np.nan_to_num(windowed["voltage", 1.0]) > thresholds.of("voltage", 1.0, tuning.MIN_VOLTAGE)
    scaled = np.where(moved, tuning.SHARE_WITH_MOVED_VOLTAGE, 1.0) * departures.residuals.reactive_scaled
    by_window = {}
    leading = _over_compensated(departures, windowed, thresholds, history.within("leading"))
    for hours in WINDOWS_H["reactive"]:
        share_pct = loss_share(departures, rate_kw, hours, history, thresholds.usual_loss_kw)
        cost = share_pct / (tuning.MIN_REACTIVE_LOSS_PCT * tuning.WINDOW_STRICTNESS[hours])
        mean = window_mean(scaled, departures.fleet.steps(hours), history.of(f"scaled@{hours:g}"))
        limit = thresholds.of("reactive", hours, tuning.MIN_REACTIVE_SCALED)
        by_window[hours] = np.minimum(cost, mean / limit)
    by_window[tuning.LEADING_WINDOW_H] = np.fmax(by_window[tuning.LEADING_WINDOW_H], leading)
    return by_window


def _over_compensated(
    departures: Departures, windowed: dict[Windowed, FloatArray], thresholds: Thresholds, history: History
) -> FloatArray:
    """Kvar that flow back beyond what is usual, while they do: they cost like kvar that are drawn."""
    hours, residuals = tuning.LEADING_WINDOW_H, departures.residuals
    now = (departures.operation.surface.reactive_kvar < 0) & (residuals.reactive < 0)
    rate_kw = np.where(now, departures.rates.reactive, np.where(np.isfinite(residuals.reactive), 0.0, np.nan))
    share_pct = loss_share(departures, rate_kw, hours, history, thresholds.usual_loss_kw)
    cost = share_pct / (tuning.MIN_REACTIVE_LOSS_PCT * tuning.WINDOW_STRICTNESS[hours])
    limit = tuning.LEADING_BEYOND_LAGGING * thresholds.of("reactive", hours, tuning.MIN_REACTIVE_SCALED)
    return np.where(now, np.minimum(cost, -windowed["reactive", hours] / limit), 0.0)


def _against(
    windowed: dict[Windowed, FloatArray],
    thresholds: Thresholds,
    name: str,
    at_least: float,
    strictness: dict[float, float] | None = None,
) -> ByWindow:
    """A windowed quantity over its threshold, or over the least that is worth an alarm."""
    strict = strictness or {}
    return {
        hours: windowed[name, hours] / thresholds.of(name, hours, at_least * strict.get(hours, 1.0))
        for hours in WINDOWS_H[name]
    }


def _distortion(
    departures: Departures, windowed: dict[Windowed, FloatArray], thresholds: Thresholds, history: History
) -> ByWindow:
    least, strictness = tuning.MIN_DISTORTION_LOSS_PCT, tuning.WINDOW_STRICTNESS
    by_window = _against(windowed, thresholds, "distortion", least, strictness)
    for hours, unusual in by_window.items():
        cost = loss_share(departures, departures.rates.distortion, hours, history, thresholds.usual_loss_kw)
        by_window[hours] = np.minimum(unusual, cost / (least * strictness[hours]))
    return by_window


def _imbalance(
    departures: Departures, windowed: dict[Windowed, FloatArray], thresholds: Thresholds, history: History
) -> ByWindow:
    unusual = _against(windowed, thresholds, "imbalance", tuning.MIN_IMBALANCE)
    cost = {
        hours: loss_share(departures, departures.rates.imbalance, hours, history, thresholds.usual_loss_kw)
        for hours in unusual
    }
    return {hours: np.minimum(value, cost[hours] / tuning.MIN_IMBALANCE_LOSS_PCT) for hours, value in unusual.items()}


def _voltage(
    departures: Departures, windowed: dict[Windowed, FloatArray], thresholds: Thresholds, history: History
) -> ByWindow:
    """A voltage that moved without costing anything is no loss."""
    unusual = _against(windowed, thresholds, "voltage", tuning.MIN_VOLTAGE)
    cost = {
        hours: loss_share(departures, departures.rates.voltage, hours, history, thresholds.usual_loss_kw)
        for hours in unusual
    }
    return {hours: np.minimum(value, cost[hours] / tuning.MIN_VOLTAGE_LOSS_PCT) for hours, value in unusual.items()}


def _overload(departures: Departures, thresholds: Thresholds, history: History) -> FloatArray:
    steps, demand = departures.fleet.steps(tuning.OVERLOAD_WINDOW_H), departures.residuals.demand
    apparent = np.where(np.isfinite(demand), departures.signals.apparent, np.nan)
    loading = window_mean(apparent, steps, history.of("loading"))
    growth = window_mean(demand, steps, history.of("growth"))
    usual_growth = tuning.OVERLOAD_BEYOND_GROWTH * thresholds.growth_extreme
    grown = growth / np.fmax(tuning.OVERLOAD_GROWTH, usual_growth)[:, None]
    beyond = loading / (tuning.OVERLOAD_BEYOND_EXTREME * thresholds.loading_extreme)[:, None]
    overload = np.fmax(loading / tuning.OVERLOAD_LOADING, np.minimum(grown, beyond))
    largest = tuning.OVERLOAD_BEYOND_LARGEST * thresholds.loading_largest[:, None]
    is_new = (growth > tuning.OVERLOAD_MIN_GROWTH) & (loading > largest)
    overload = np.where(is_new, overload, 0.0)
    return np.where(
        np.isnan(loading), np.nan, np.fmax(overload, _gross_growth(departures, growth, thresholds, history))
    )


def _gross_growth(departures: Departures, growth: FloatArray, thresholds: Thresholds, history: History) -> FloatArray:
    """Far more load than hour, weather and neighbours give, at a high cost, though not more than was ever seen.

    growth: [substation, time] half-hour mean of the logarithm of demand over expected.
    """
    hours, rate_kw = tuning.OVERLOAD_WINDOW_H, departures.rates.overload
    share_pct = loss_share(departures, rate_kw, hours, history, thresholds.usual_loss_kw)
    unusual = growth / np.fmax(tuning.GROSS_GROWTH, tuning.GROSS_BEYOND_GROWTH * thresholds.growth_extreme)[:, None]
    return np.minimum(unusual, share_pct / tuning.GROSS_LOSS_PCT)


def _low_pf_load(
    departures: Departures, windowed: dict[Windowed, FloatArray], thresholds: Thresholds, history: History
) -> ByWindow:
    rate_kw, by_window = departures.rates.low_pf_load, {}
    slopes = _kvar_per_kw(departures, history)
    for hours in WINDOWS_H["motor"]:
        share_pct = loss_share(departures, rate_kw, hours, history, thresholds.usual_loss_kw)
        cost = share_pct / (tuning.MIN_LOW_PF_LOAD_LOSS_PCT * tuning.WINDOW_STRICTNESS[hours])
        root = windowed[STEP_COVARIANCE_ROOT, hours] / thresholds.of(
            STEP_COVARIANCE_ROOT, hours, tuning.MIN_STEP_COVARIANCE
        )
        excess = windowed["reactive", hours] / tuning.MIN_REACTIVE_SCALED
        slope = slopes[hours] / tuning.MIN_KVAR_PER_KW
        product = _covariance(windowed, thresholds, hours)
        by_window[hours] = np.minimum.reduce([product, root / tuning.ROOT_SHARE, cost, excess, slope])
    return by_window


def _covariance(windowed: dict[Windowed, FloatArray], thresholds: Thresholds, hours: float) -> FloatArray:
    return windowed[STEP_COVARIANCE, hours] / thresholds.of(STEP_COVARIANCE, hours, tuning.MIN_STEP_COVARIANCE**2)


def _combined(low_pf_load: ByWindow, reactive: ByWindow) -> ByWindow:
    """Kvar that follow kW, and kvar above the expectation, support each other: together they may each be weaker.

    They have to speak of the same hours: what a longer window still holds supports nothing.
    """
    least, by_window = tuning.MIN_FOR_COMBINED, {}
    for hours, value in low_pf_load.items():
        excess = np.fmax.reduce([score for window_h, score in reactive.items() if window_h <= hours])
        both = (value > least) & (excess > least)
        by_window[hours] = np.where(both, np.fmax(value, tuning.COMBINED_SHARE * (value + excess)), value)
    return by_window


def _kvar_per_kw(departures: Departures, history: History) -> ByWindow:
    """Regression of the steps of the reactive excess on those of active power in each window."""
    active, reactive = steps_of_power(departures, history)
    both = np.where(np.isfinite(reactive), active, np.nan)
    by_window = {}
    for hours in WINDOWS_H["motor"]:
        steps, filled = departures.fleet.steps(hours), tuning.COVARIANCE_FILLED
        product = window_mean(both * reactive, steps, history.of(f"product@{hours:g}"), filled)
        square = window_mean(both**2, steps, history.of(f"square@{hours:g}"), filled)
        by_window[hours] = product / np.fmax(square, 1e-9)
    return by_window
