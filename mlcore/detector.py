"""A trained detector of one substation: the diagnosis of the physical channels, and the network over its residuals.

Pure: arrays in, findings out. ``training`` and ``scoring`` add the database, the benchmark command does without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .diagnosis import pipeline
from .diagnosis.fleet import Fleet
from .diagnosis.model import SubstationModel
from .diagnosis.pipeline import Analysis

DIAGNOSIS = "diagnosis."


@dataclass(frozen=True)
class TrainedDetector:
    """What is stored for one substation. ``rung`` says how much of the ladder it reached."""

    model: SubstationModel
    rung: str = "regression"
    threshold: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)

    @property
    def excluded_share(self) -> float:
        return self.model.blanked_share

    def to_arrays(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        arrays, facts = self.model.to_arrays()
        return {DIAGNOSIS + name: array for name, array in arrays.items()}, {"diagnosis": facts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray[Any, Any]], meta: Mapping[str, Any]) -> TrainedDetector:
        """The detector that ``to_arrays`` took apart.

        Raises:
            IncompatibleModelError: the parts do not fit this version of the program.
        """
        own = {name.removeprefix(DIAGNOSIS): array for name, array in arrays.items() if name.startswith(DIAGNOSIS)}
        return cls(SubstationModel.from_arrays(own, meta.get("diagnosis", {})))


def train_fleet(fleet: Fleet, train: NDArray[np.bool_], *, sensitivity: float = 1.0) -> dict[str, TrainedDetector]:
    """Fit every substation with enough believable data among the marked steps ([time] or [substation, time])."""
    models = pipeline.fit(fleet, train, sensitivity=sensitivity)
    return {code: TrainedDetector(model) for code, model in models.items()}


def analyse_fleet(fleet: Fleet, detectors: Mapping[str, TrainedDetector], *, start_s: int | None = None) -> Analysis:
    """Judge every step from ``start_s`` on; substations without a detector get findings about their meter alone."""
    return pipeline.analyse(fleet, {code: detector.model for code, detector in detectors.items()}, start_s=start_s)
