"""Powers that contradict each other: |P| ≤ S, S² = P² + Q², PF = |P| / S. Asked, whatever their units say."""

from __future__ import annotations

import numpy as np

from ingestion.exports.measured import Ask
from ingestion.problems import FloatArray
from substations.channels import CHANNEL_INDEX

_OVER = 1.1  # chosen: class 1 meters, and values of different moments of one interval
_MIN_ROWS = 3  # chosen: fewer may be a change of load within an interval
_SHARE = 0.5  # chosen: single rows may be wrong; most of them say that the plan is
_PF_OFF = 0.15  # chosen: a true power factor of distorted current is that far from the displacement factor


def ask_for_contradictions(values: FloatArray, ask: Ask) -> None:
    """Ask where most rows break a law between powers; ``values`` [row, channel] are as they would be stored."""
    active, reactive, apparent, factor = (
        values[:, CHANNEL_INDEX[name]]
        for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva", "power_factor")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        over = np.fmax(np.abs(active), np.abs(reactive)) / apparent
        squares = np.hypot(active, reactive) / apparent
        off = np.abs(np.abs(active) / apparent - np.abs(factor))
        by_reactive = np.abs(np.abs(active) / np.hypot(active, reactive) - np.abs(factor))
    if _mostly(over > _OVER, over):
        ask("unit", "Active or reactive power is above apparent power. Which of them has another unit than it says?")
    elif _mostly((squares > _OVER) | (squares < 1 / _OVER), squares):
        ask("unit", "Apparent power is not √(P² + Q²). Which of the powers has another unit or meaning?")
    elif _mostly(off > _PF_OFF, off) or _mostly(by_reactive > _PF_OFF, by_reactive):
        ask("mapping", "The power factor is not P / S. Which of the columns means something else?", None)


def _mostly(broken: np.ndarray, measured: FloatArray) -> bool:
    known = np.isfinite(measured)
    return int(known.sum()) >= _MIN_ROWS and float(np.mean(broken[known])) > _SHARE
