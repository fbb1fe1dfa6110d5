"""How far the readings are from what is expected, over trailing windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History
from mlcore.diagnosis.indicators import STEP_COVARIANCE, STEP_COVARIANCE_ROOT, WINDOWS_H, Windowed
from mlcore.diagnosis.loss_rates import LossRates
from mlcore.diagnosis.power_flow import OperatingPoint
from mlcore.diagnosis.residuals import Residuals
from mlcore.diagnosis.rolling import shifted, window_mean
from mlcore.diagnosis.signals import Signals
from substations.electrical.power import FloatArray


@dataclass(frozen=True)
class Departures:
    """What the scores are made of: readings, operating point, residuals and loss rates of the same steps."""

    fleet: Fleet
    signals: Signals
    operation: OperatingPoint
    residuals: Residuals
    rates: LossRates


def windowed_quantities(departures: Departures, history: History) -> dict[Windowed, FloatArray]:
    """Every quantity that gets a learned threshold, [substation, time]."""
    fleet, residuals = departures.fleet, departures.residuals
    means = {
        "reactive": residuals.reactive_scaled,
        "imbalance": residuals.imbalance,
        "oil_temperature": residuals.oil_k,
        "voltage": residuals.voltage,
    }
    windowed: dict[Windowed, FloatArray] = {
        (name, hours): window_mean(residual, fleet.steps(hours), history.of(f"{name}@{hours:g}"))
        for name, residual in means.items()
        for hours in WINDOWS_H[name]
    }
    for hours in WINDOWS_H["voltage"]:
        windowed["voltage", hours] = np.abs(windowed["voltage", hours])
    covariance, root = step_covariance(departures, history)
    for hours in WINDOWS_H["motor"]:
        windowed[STEP_COVARIANCE, hours] = covariance[hours]
        windowed[STEP_COVARIANCE_ROOT, hours] = root[hours]
    for hours in WINDOWS_H["distortion"]:
        share = loss_share(departures, departures.rates.distortion, hours, history.within("distortion"))
        windowed["distortion", hours] = share
    return windowed


def loss_share(
    departures: Departures, rate_kw: FloatArray, hours: float, history: History, usual_kw: FloatArray | None = None
) -> FloatArray:
    """Extra loss of a window in % of the local loss of the same steps, or of the usual local loss where that is more.

    usual_kw: [substation]; with it, a share of next to nothing (a light load at night) is no large share.
    """
    steps = departures.fleet.steps(hours)
    known_kw = np.where(np.isfinite(rate_kw), departures.operation.local_kw, np.nan)
    local_kw = window_mean(known_kw, steps, history.of(f"local@{hours:g}"))
    if usual_kw is not None:
        local_kw = np.maximum(local_kw, np.maximum(usual_kw, tuning.MIN_USUAL_LOSS_KW)[:, None])
    return 100.0 * window_mean(rate_kw, steps, history.of(f"extra@{hours:g}")) / local_kw


def step_covariance(
    departures: Departures, history: History
) -> tuple[dict[float, FloatArray], dict[float, FloatArray]]:
    """How much reactive power came and went together with active power in the last hours, by the hours.

    A machine that is switched on and off moves P and Q in one step; a lost capacitor moves Q alone, other load
    P alone. Returns the mean product of their steps, where large steps dominate, and the mean of its signed
    root, where many steps do.
    """
    within, filled = history.within(STEP_COVARIANCE), tuning.COVARIANCE_FILLED
    active, reactive = steps_of_power(departures, within)
    product = active * reactive
    root = np.sign(product) * np.sqrt(np.abs(product))
    steps = {hours: departures.fleet.steps(hours) for hours in WINDOWS_H["motor"]}
    return (
        {h: window_mean(product, count, within.of(f"product@{h:g}"), filled) for h, count in steps.items()},
        {h: window_mean(root, count, within.of(f"root@{h:g}"), filled) for h, count in steps.items()},
    )


def steps_of_power(departures: Departures, history: History) -> tuple[FloatArray, FloatArray]:
    """[substation, time] change of P and of the reactive residual since the reading before, per unit.

    While generation hides load, a change of P is the sun's: no machine was switched.
    """
    active, reactive = departures.signals.active, departures.residuals.reactive
    d_active = active - shifted(active, 1, history.of("active_before"))
    return (
        np.where((departures.residuals.generation != 0) & np.isfinite(d_active), 0.0, d_active),
        reactive - shifted(reactive, 1, history.of("reactive_before")),
    )
