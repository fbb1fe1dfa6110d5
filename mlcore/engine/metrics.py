"""How well scores tell abnormal rows from normal ones, where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of rows, and what they come to."""

    hits: int
    false_alarms: int
    misses: int

    @property
    def precision(self) -> float:
        """Share of the flagged rows that are abnormal; 0 when none is flagged."""
        return self.hits / max(self.hits + self.false_alarms, 1)

    @property
    def recall(self) -> float:
        """Share of the abnormal rows that are flagged; 0 when none is abnormal."""
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2.0 * self.hits / max(2 * self.hits + self.false_alarms + self.misses, 1)


def confusion(flagged: BoolArray, abnormal: BoolArray) -> Confusion:
    """Compare flagged rows with the truth; both of one shape.

    >>> confusion(np.array([True, True, False]), np.array([True, False, True])).f1
    0.5
    """
    if flagged.shape != abnormal.shape:
        raise ValueError(f"Both need one shape; received {flagged.shape} and {abnormal.shape}.")
    return Confusion(
        int((flagged & abnormal).sum()), int((flagged & ~abnormal).sum()), int((~flagged & abnormal).sum())
    )


def ranking_quality(scores: FloatArray, abnormal: BoolArray) -> float:
    """Probability that an abnormal row scores higher than a normal one (area under the ROC curve); NaN scores are out.

    >>> ranking_quality(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    if scores.shape != abnormal.shape:
        raise ValueError(f"Both need one shape; received {scores.shape} and {abnormal.shape}.")
    known = np.isfinite(scores)
    values, truth = scores[known], abnormal[known]
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        raise ValueError(f"Both kinds of rows are needed; received {positives} abnormal and {negatives} normal ones.")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(counts) - (counts - 1) / 2.0
    ranks = middle_rank[inverse][truth].sum()
    return float((ranks - positives * (positives + 1) / 2.0) / (positives * negatives))
