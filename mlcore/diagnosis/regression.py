"""Robust linear expectations, one per substation, solved for the whole fleet at once."""

from __future__ import annotations

import numpy as np

from substations.electrical.power import BoolArray, FloatArray

RIDGE = 1e-4
"""Tuned on the benchmark sets, see docs/accuracy.md: enough to keep hinges that few rows reach from swinging."""

HUBER_WIDTH = 1.5
"""In standard deviations; Huber's 1.345 is the 95 % efficient one, 1.5 the customary round figure."""

REWEIGHTINGS = 3
ROWS_PER_FEATURE = 3
"""Chosen: weights move little after three rounds; fewer rows would be fitted exactly."""

_MAD_TO_SIGMA = 1.4826
"""1 / Φ⁻¹(0.75): median deviation to standard deviation of a normal distribution."""


def fit_robust(features: FloatArray, target: FloatArray, mask: BoolArray, ridge: float = RIDGE) -> FloatArray:
    """Coefficients of a Huber ridge regression per substation.

    features: [substation, time, feature], the first one constant; target and mask: [substation, time].
    Returns [substation, feature]. The ridge acts on features in units of their own spread, so it is the
    same for kW and for degrees; the constant is free of it. Rows with a missing feature or target are left out; a
    substation with fewer than three rows per feature gets NaN.
    """
    usable = mask & np.isfinite(target) & np.isfinite(features).all(axis=-1)
    clean = np.where(usable[..., None], features, 0.0)
    wanted = np.where(usable, target, 0.0)
    count = np.maximum(usable.sum(axis=1), 1)[:, None]
    middle = clean.sum(axis=1) / count
    spread = np.sqrt(np.maximum((clean**2).sum(axis=1) / count - middle**2, 0.0))
    spread = np.where(spread > 1e-9, spread, 1.0)
    spread[:, 0] = 1.0
    middle[:, 0] = 0.0
    scaled = np.where(usable[..., None], (features - middle[:, None]) / spread[:, None], 0.0)
    weight = usable.astype(np.float64)
    for _ in range(REWEIGHTINGS + 1):
        found = _solve(scaled, wanted, weight, ridge)
        error = np.abs(wanted - np.einsum("stf,sf->st", scaled, found))
        width = HUBER_WIDTH * _MAD_TO_SIGMA * _median(error, usable)[:, None] + 1e-12
        weight = usable * np.minimum(1.0, width / np.maximum(error, 1e-12))
    coefficients = found / spread
    coefficients[:, 0] -= (found[:, 1:] * middle[:, 1:] / spread[:, 1:]).sum(axis=1)
    enough = usable.sum(axis=1) >= ROWS_PER_FEATURE * features.shape[-1]
    return np.where(enough[:, None], coefficients, np.nan)


def predict(features: FloatArray, coefficients: FloatArray) -> FloatArray:
    """[substation, time] expectation of [substation, time, feature] and [substation, feature]."""
    return np.asarray(np.matmul(features, coefficients[:, :, None])[:, :, 0])


def _solve(features: FloatArray, target: FloatArray, weight: FloatArray, ridge: float) -> FloatArray:
    weighted = features * weight[..., None]
    gram = np.matmul(np.swapaxes(weighted, 1, 2), features)
    moment = np.matmul(np.swapaxes(weighted, 1, 2), target[..., None])
    penalty = ridge * np.maximum(weight.sum(axis=1), 1.0)[:, None] * np.ones(features.shape[-1])
    penalty[:, 0] = 1e-9
    gram = gram + penalty[:, :, None] * np.eye(features.shape[-1])
    return np.asarray(np.linalg.solve(gram, moment)[..., 0])


def _median(values: FloatArray, mask: BoolArray) -> FloatArray:
    ordered = np.sort(np.where(mask, values, np.inf), axis=1)
    middle = np.maximum(mask.sum(axis=1) - 1, 0) // 2
    found = np.take_along_axis(ordered, middle[:, None], axis=1)[:, 0]
    return np.where(np.isfinite(found), found, 0.0)
