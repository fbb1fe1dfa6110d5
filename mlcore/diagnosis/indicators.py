"""The indicators: what the scores are of, and the windows that each is looked at through.

Their names are stored with every score and every model: they stay.
"""

from __future__ import annotations

INDICATORS = ("reactive", "motor", "distortion", "imbalance", "voltage", "oil_temperature", "overload")
"""In the order of the last axis of a score array. ``motor`` is a load with a low power factor."""

WINDOWS_H = {
    "reactive": (0.5, 1.0, 3.0, 8.0, 24.0),
    "motor": (3.0, 8.0),
    "distortion": (0.5, 1.0, 3.0, 8.0),
    "imbalance": (0.5, 1.0, 3.0, 8.0),
    "voltage": (0.5, 1.0, 3.0),
    "oil_temperature": (3.0, 8.0),
}
"""Trailing windows that run side by side: short ones find steps, long ones drift and small lasting loss."""

Windowed = tuple[str, float]
"""A quantity over a trailing window of so many hours, such as ``("reactive", 3.0)``."""

STEP_COVARIANCE, STEP_COVARIANCE_ROOT = "step_covariance", "step_covariance_root"

WITH_THRESHOLD: tuple[Windowed, ...] = (
    *((name, hours) for name in ("reactive", "imbalance", "oil_temperature", "voltage") for hours in WINDOWS_H[name]),
    *((name, hours) for hours in WINDOWS_H["motor"] for name in (STEP_COVARIANCE, STEP_COVARIANCE_ROOT)),
    *(("distortion", hours) for hours in WINDOWS_H["distortion"]),
)
"""Every windowed quantity that has a learned threshold."""
