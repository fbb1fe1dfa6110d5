"""What a meter makes of the truth: its class, its resolution, its faults and the rows that never arrive."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.simulation.arrays import Floats

from .fault_forms import SimulatedIncident
from .grid_run import SecondGrid, Trace

# Gain error by accuracy class, as a share (IEC 62053-22 and IEC 61869-2, well inside the limit as most are).
CLASSES = {0.2: 0.0006, 0.5: 0.0015, 1.0: 0.003}
_CURRENTS = [CHANNEL_INDEX[f"current_l{phase}_a"] for phase in (1, 2, 3)]
_PAIRS = [CHANNEL_INDEX[f"voltage_l{pair}_v"] for pair in (12, 23, 31)]
_THD = [CHANNEL_INDEX[f"thd_current_l{phase}_pct"] for phase in (1, 2, 3)]
_OIL, _KW, _KVAR = (
    CHANNEL_INDEX[name] for name in ("oil_temperature_c", "active_power_kw", "reactive_power_kvar")
)  # fmt: skip


def measure(grid: SecondGrid, trace: Trace, incidents: Iterable[SimulatedIncident]) -> Floats:
    """[reading, substation, channel]; NaN where nothing arrived. A reading is the mean of its interval."""
    rng = grid.recipe.rng(9)
    n = len(grid.plants.units)
    values = _healthy(grid, trace, rng)
    for incident in incidents:
        if incident.kind == "sensor_fault":
            rows = _rows(grid, incident)
            values[rows, incident.substation] = _faulty(values, rows, incident)
    resolution = _resolutions(grid, rng)
    values = np.round(values / resolution) * resolution
    missing = rng.random(values.shape[:2]) < rng.choice([0.0005, 0.002, 0.01], n)
    for incident in incidents:
        if incident.kind == "data_gap":
            missing[_rows(grid, incident), incident.substation] = True
    values[rng.random(values.shape) < 0.0003] = np.nan
    values[missing] = np.nan
    return values


def _rows(grid: SecondGrid, incident: SimulatedIncident) -> slice:
    """Readings whose interval begins during an incident."""
    recipe = grid.recipe
    interval_s = recipe.interval_min * 60
    return slice(*(-(-(at - recipe.start_s) // interval_s) for at in (incident.start_s, incident.end_s)))


def averaged(values: Floats, steps_per_reading: int) -> Floats:
    """Means of the steps of each reading."""
    return np.asarray(values.reshape(-1, steps_per_reading, *values.shape[1:]).mean(axis=1))


def _healthy(grid: SecondGrid, trace: Trace, rng: np.random.Generator) -> Floats:
    per, n = grid.recipe.steps_per_reading, len(grid.plants.units)
    gain = np.array([CLASSES[float(rng.choice(list(CLASSES)))] for _ in range(n)])
    gain_i, gain_u = (1 + gain[:, None] * rng.normal(size=(n, 3)).clip(-2, 2) for _ in range(2))
    angle = gain * rng.normal(size=n).clip(-2, 2)
    kw, kvar = averaged(trace.kw, per), averaged(trace.kvar, per)
    shape = kw.shape
    noise = rng.choice([0.0003, 0.001, 0.002], n)
    gain_p = (gain_i * gain_u).mean(axis=1)
    shown_kw = (kw - angle * kvar) * gain_p * (1 + noise * rng.normal(size=shape))
    shown_kvar = (kvar + angle * kw) * gain_p * (1 + noise * rng.normal(size=shape))
    # The apparent power is the vector sum of the two, as in most meters: the triangle closes.
    kva = np.hypot(shown_kw, shown_kvar)
    factor = np.divide(shown_kw, kva, out=np.zeros(shape), where=kva > 0.02)
    rms = averaged(trace.current_a * np.sqrt(1 + trace.thd_current**2), per) * gain_i
    rms = rms * (1 + noise[:, None] * rng.normal(size=rms.shape))
    volts = averaged(trace.line_v, per) * gain_u * (1 + 0.0004 * rng.normal(size=rms.shape))
    thd_spread = 1 + 0.06 * rng.normal(size=(n, 3))
    thd_i = averaged(trace.thd_current, per) * thd_spread * (1 + 0.03 * rng.normal(size=rms.shape))
    thd_u = averaged(trace.thd_voltage, per) * (1 + 0.04 * rng.normal(size=rms.shape))
    hertz = averaged(grid.around.frequency_hz, per)[:, None] * (volts[..., 0] > 1)
    oil = averaged(trace.oil_c, per) + rng.choice([0.1, 0.3, 0.6], n) * rng.normal(size=shape)
    columns = [shown_kw, kva, shown_kvar, factor, *np.moveaxis(rms, -1, 0), rms.mean(axis=-1)]
    columns += [*np.moveaxis(volts, -1, 0), volts.mean(axis=-1), hertz]
    columns += [*np.moveaxis(100 * thd_i, -1, 0), *np.moveaxis(100 * thd_u, -1, 0), oil]
    return np.stack(columns, axis=-1)


def _resolutions(grid: SecondGrid, rng: np.random.Generator) -> Floats:
    """[substation, channel] smallest step of each register: a coarse ratio of current transformers, a coarse one."""
    fine = {"kw": 0.01, "kva": 0.01, "kvar": 0.01, "factor": 0.001, "a": 0.1, "v": 0.1, "hz": 0.01, "c": 0.1}
    units = ["thd" if name.endswith("pct") else name.rsplit("_", 1)[1] for name in CHANNEL_NAMES]
    base = np.array([0.1 if unit == "thd" else fine[unit] for unit in units])
    steps = np.repeat(base[None, :], len(grid.plants.units), axis=0)
    coarse = rng.choice([1.0, 1.0, 10.0], len(steps))
    for place, unit in enumerate(units):
        if unit in ("kw", "kva", "kvar"):
            steps[:, place] *= coarse
    steps[:, _OIL] *= rng.choice([1.0, 5.0, 10.0], len(steps))
    return steps


def _faulty(values: Floats, rows: slice, incident: SimulatedIncident) -> Floats:
    """[reading, channel] that a broken meter shows instead."""
    shown = values[rows, incident.substation].copy()
    held = values[max(rows.start - 1, 0), incident.substation]
    phase, amount = int(incident.figures["phase"]), incident.figures["amount"]
    if incident.form == "frozen":
        shown[:] = held
    elif incident.form == "current_scaled":
        shown[:, _CURRENTS[phase]] *= amount
        shown[:, CHANNEL_INDEX["current_avg_a"]] = shown[:, _CURRENTS].mean(axis=1)
    elif incident.form == "voltage_fuse":
        for place in (phase, phase - 1):
            shown[:, _PAIRS[place]] *= 0.58
        shown[:, CHANNEL_INDEX["voltage_avg_v"]] = shown[:, _PAIRS].mean(axis=1)
    elif incident.form == "thd_stuck":
        shown[:, _THD[phase]] = 100 * amount
    elif incident.form == "oil_open":
        shown[:, _OIL] = -40.0
    elif incident.form == "oil_jump":
        shown[:, _OIL] += 70 * amount
    else:  # kvar_offset: one register alone, so the triangle no longer closes
        shown[:, _KVAR] += amount * max(float(np.nanmean(shown[:, _KW])), 1.0)
    return shown
