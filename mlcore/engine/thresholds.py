"""Where normal ends: thresholds per substation from scores of normal rows that no model was fitted on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

MIN_SCORES = 20
"""Chosen: with a tail of 5 % these are one score beyond it, and nothing can be fitted to fewer."""


def quantile_threshold(scores: FloatArray, share: float = 0.97, factor: float = 1.5) -> npt.NDArray[np.float64]:
    """[substation] a multiple of a quantile over time of scores [substation, time]; NaN is left out.

    The quantile is low enough not to be moved by a few hidden faults, the factor makes alarms rare again.

    >>> quantile_threshold(np.arange(101.0)[None], share=0.9, factor=2.0)
    array([180.])
    """
    if not 0.5 <= share < 1.0 or factor <= 0:
        raise ValueError(f"Expected 0.5 <= share < 1 and factor > 0; received share {share} and factor {factor}.")
    return np.array([np.quantile(row, share) * factor if row.size else np.nan for row in _known(scores)])


def extreme_threshold(scores: FloatArray, risk: float = 1e-4, tail: float = 0.05) -> npt.NDArray[np.float64]:
    """[substation] the level that a normal score exceeds with probability ``risk``, from its upper tail.

    Peaks over threshold: what exceeds the (1 − tail) quantile follows a generalised Pareto distribution (Pickands
    1975); its shape and scale by probability-weighted moments (Hosking and Wallis 1987). NaN with fewer than 20
    scores.
    """
    if not 0.0 < risk < tail < 0.5:
        raise ValueError(f"Expected 0 < risk < tail < 0.5; received risk {risk} and tail {tail}.")
    return np.array([_extreme(np.sort(row), risk, tail) for row in _known(scores)])


def exceeded_share(scores: FloatArray, threshold: FloatArray) -> npt.NDArray[np.float64]:
    """[substation] share of the known scores [substation, time] above the threshold; NaN where none is known."""
    return np.array(
        [np.mean(row > limit) if row.size else np.nan for row, limit in zip(_known(scores), threshold, strict=True)]
    )


def _extreme(ordered: npt.NDArray[np.float64], risk: float, tail: float) -> float:
    if ordered.size < MIN_SCORES:
        return float("nan")
    start = float(np.quantile(ordered, 1.0 - tail))
    excess = ordered[ordered > start] - start
    if excess.size < 2 or excess.mean() < 1e-12:
        return start
    rank = (np.arange(1, excess.size + 1) - 0.35) / excess.size
    mean, weighted = float(excess.mean()), float(np.mean((1.0 - rank) * excess))
    shape = 2.0 - mean / max(mean - 2.0 * weighted, 1e-12)
    shape = float(np.clip(shape, -0.5, 0.5))
    scale = mean * (1.0 - shape)
    ratio = risk * ordered.size / excess.size
    growth = -np.log(ratio) if abs(shape) < 1e-6 else (ratio**-shape - 1.0) / shape
    return start + scale * float(growth)


def _known(scores: FloatArray) -> list[npt.NDArray[np.float64]]:
    if scores.ndim != 2:
        raise ValueError(f"scores must have the shape [substation, time]; received {scores.shape}.")
    return [row[np.isfinite(row)].astype(np.float64) for row in scores]
