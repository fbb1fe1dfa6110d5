"""A made-up water loop: a pump, two valves, a tank and eight sensors, recorded once a second, with faults.

For judging the engine on data that are no substation's. A recording begins with a normal stretch of 400 rows; what
comes later drifts a little by itself, and a fault comes and goes once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CHANNELS = (
    "vibration_1_g", "vibration_2_g", "motor_current_a", "pressure_bar", "water_c", "wall_c", "supply_v", "flow_l_min",
)  # fmt: skip
FAULTS = (
    "outlet_valve_closing", "inlet_valve_closing", "rotor_imbalance", "cavitation", "leak", "draining", "air_in_water",
    "bearing_wear", "coolant_loss",
)  # fmt: skip
NORMAL_ROWS = 400
# chosen: a small centrifugal pump, head in bar and flow in l/min.
SHUT_OFF_BAR, PUMP_SLOPE, PIPE_SLOPE = 2.6, 7.0e-4, 4.0e-4


@dataclass(frozen=True, slots=True)
class WaterRecording:
    """values [row, channel] in the channels' units; abnormal [row] while the fault is on."""

    fault: str
    values: Floats
    abnormal: npt.NDArray[np.bool_]


def water_recordings(seed: int, files: int = 34) -> list[WaterRecording]:
    """Recordings of 950 to 1,250 rows, each of its own rig, operating point, fault and size of fault."""
    return [_recording(np.random.default_rng([seed, number])) for number in range(files)]


@dataclass(slots=True)
class _Course:
    """[row] what drives the rig."""

    inlet: Floats  # opening of the valve, 1 is open
    outlet: Floats
    lost_l_min: Floats
    level: Floats  # of the tank, 1 is full
    imbalance: Floats
    air: Floats
    wear: Floats
    uncooled: Floats


def _recording(rng: np.random.Generator) -> WaterRecording:
    rows, fault = int(rng.integers(950, 1250)), str(rng.choice(FAULTS))
    start = int(rng.integers(520, 640))
    stop = min(start + int(rng.integers(260, 420)), rows - 40)
    at = np.arange(rows)
    ramp = np.clip((at - start) / rng.uniform(10, 80), 0, 1) * np.clip((stop - at) / rng.uniform(5, 30), 0, 1)
    course = _normal(rows, rng)
    _act(course, fault, ramp * rng.uniform(0.25, 1.0), rng)
    return WaterRecording(fault, _sensors(course, rng), (at >= start) & (at < stop))


def _wander(rows: int, every: int, rng: np.random.Generator) -> Floats:
    """A smooth random line of about unit size."""
    knots = rng.normal(size=rows // every + 3)
    return np.interp(np.arange(rows) / every, np.arange(len(knots)), knots)


def _normal(rows: int, rng: np.random.Generator) -> _Course:
    """Valves that are never quite still, and after the first stretch now and then a turn of the operator's hand."""
    settings = np.zeros(rows)
    for _ in range(int(rng.integers(0, 3))):
        settings[int(rng.integers(150, rows)) :] += rng.normal(0, 0.01)
    one, none = np.ones(rows), np.zeros(rows)
    return _Course(
        inlet=rng.uniform(0.7, 1.0) + 0.008 * _wander(rows, 90, rng),
        outlet=rng.uniform(0.55, 0.95) + 0.01 * _wander(rows, 60, rng) + settings,
        lost_l_min=none.copy(),
        level=one - 0.02 * np.abs(_wander(rows, 150, rng)),
        imbalance=none.copy(),
        air=none.copy(),
        wear=none.copy(),
        uncooled=none.copy(),
    )


def _act(course: _Course, fault: str, size: Floats, rng: np.random.Generator) -> None:
    """size: [row] 0 to 1."""
    if fault == "outlet_valve_closing":
        course.outlet *= 1 - 0.55 * size
    elif fault == "inlet_valve_closing":
        course.inlet *= 1 - 0.6 * size
    elif fault == "rotor_imbalance":
        course.imbalance += size
    elif fault == "cavitation":
        course.level -= 0.45 * size
        course.air += 0.25 * size
    elif fault == "leak":
        course.lost_l_min += 9 * size
    elif fault == "draining":
        course.level -= 0.7 * size
    elif fault == "air_in_water":
        course.air += size
    elif fault == "bearing_wear":
        course.wear += size
    else:
        course.uncooled += size


def _sensors(course: _Course, rng: np.random.Generator) -> Floats:
    """What the rig does with this course, and what its sensors show of it."""
    rows = len(course.level)
    supply = 228 + 2.0 * _wander(rows, 120, rng) + 1.5 * rng.normal(size=rows)
    speed = 1 - 0.05 * course.air + 0.0008 * (supply - 228)
    head = SHUT_OFF_BAR * speed**2 * (1 - 0.35 * course.air) - 0.9 * np.maximum(0, 0.9 - course.level)
    resistance = PUMP_SLOPE + PIPE_SLOPE * (1 / course.inlet**2 + 1.6 / course.outlet**2)
    through = np.sqrt(np.maximum(head, 0.02) / resistance)
    pressure = head - PUMP_SLOPE * through**2 - PIPE_SLOPE * through**2 / course.inlet**2
    power_w = 180 + 5.5 * through * speed + 90 * course.wear + 25 * course.imbalance
    flow = through - course.lost_l_min - 2.0 * course.air
    bubbles = np.maximum(0, 0.75 - course.level) + 0.6 * course.air
    shaking = 0.026 * speed**2 + 1.2e-5 * (through - 36) ** 2
    first = shaking * (1 + 0.35 * course.imbalance + 0.15 * course.wear) + 0.012 * bubbles
    second = 1.5 * shaking * (1 + 0.15 * course.imbalance + 0.3 * course.wear) + 0.02 * bubbles
    heat = power_w / 400 * (1 + 1.5 * course.uncooled)
    water, wall = _slow(heat, 900, rng), _slow(0.6 * heat + 0.3 * course.wear, 400, rng)
    rough = 1 + 0.5 * bubbles
    columns = [
        first + 4e-4 * rough * rng.standard_t(5, rows),
        second + 6e-4 * rough * rng.standard_t(5, rows),
        power_w / (supply * 0.8) + 0.06 * rng.standard_t(6, rows),
        np.round((pressure + 0.05 * rng.normal(size=rows)) / 0.16) * 0.16,
        rng.uniform(60, 85) + 6 * water + 0.06 * rng.normal(size=rows),
        rng.uniform(22, 29) + 2 * wall + 0.03 * rng.normal(size=rows),
        supply + 2.0 * rng.standard_t(5, rows),
        np.round(flow + 0.25 * rng.normal(size=rows)),
    ]
    return np.stack(columns, axis=-1)


def _slow(driving: Floats, seconds: float, rng: np.random.Generator) -> Floats:
    """First order with this time constant, from somewhere near where it will end, and drifting by itself."""
    value = driving[0] + rng.normal(0, 0.08)
    result = np.empty_like(driving)
    for row, target in enumerate(driving):
        value += (target - value) / seconds
        result[row] = value
    return result + 0.05 * _wander(len(driving), 250, rng)
