"""A trained detector of one substation: the diagnosis of its quantities, and the autoencoder over their residuals.

Pure: arrays in, findings out. ``training`` and ``scoring`` add the database, the benchmark command does without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.diagnosis.analysis import Analysis
from mlcore.diagnosis.judgement import ScoreByAutoencoder
from mlcore.diagnosis.whole_record import analyse, fit

from . import autoencoders, network_training
from .diagnosis import judgement
from .diagnosis.analysis import summary
from .diagnosis.findings import Finding
from .diagnosis.fleet import Fleet
from .diagnosis.model import IncompatibleModelError, SubstationModel
from .diagnosis.tracked_history import of_substation
from .engine.cause_network import CauseNetwork
from .engine.fitted import IncompatibleWeightsError

DIAGNOSIS = "diagnosis."
AUTOENCODER = "network."
"""Before the names of stored arrays; models that are stored already have them."""


@dataclass(frozen=True)
class TrainedDetector:
    """What is stored for one substation. ``tier``: which model tier it reached.

    autoencoder: over the residuals, None where there is none. threshold: the autoencoder's.
    """

    model: SubstationModel
    tier: str = "regression"
    threshold: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    autoencoder: CauseNetwork | None = None

    @classmethod
    def of(cls, model: SubstationModel, autoencoder: CauseNetwork | None) -> TrainedDetector:
        """The detector of a substation with what its autoencoder is worth, if it has one.

        A network that tells nothing of causes is left out: the figures stay and say why.
        """
        figures: dict[str, Any] = {"expected_false_alarms_per_month": round(model.expected_false_alarms, 3)}
        if model.warning:
            figures["warning"] = model.warning
        if autoencoder is None:
            return cls(model, metrics=figures)
        figures |= autoencoders.facts_of(autoencoder, model.interval_s)
        if not autoencoders.has_a_say(autoencoder):
            return cls(model, metrics=figures)
        threshold = float(autoencoder.threshold_[0])
        return cls(model, _tier(autoencoder), threshold, figures, autoencoder)

    @property
    def excluded_share(self) -> float:
        return self.model.excluded_share

    def to_arrays(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        arrays, facts = self.model.to_arrays()
        named, meta = {DIAGNOSIS + name: array for name, array in arrays.items()}, {"diagnosis": facts}
        if self.autoencoder is not None:
            weights, meta["network"] = self.autoencoder.to_arrays()
            named |= {AUTOENCODER + name: array for name, array in weights.items()}
        return named, meta

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray[Any, Any]], meta: Mapping[str, Any]) -> TrainedDetector:
        """The detector that ``to_arrays`` took apart.

        Raises:
            IncompatibleModelError: the parts do not fit this version of the program.
        """
        model = SubstationModel.from_arrays(_under(DIAGNOSIS, arrays), meta.get("diagnosis", {}))
        if meta.get("network", {}).get("kind") != CauseNetwork.KIND:
            return cls.of(model, None)  # none, or one of an earlier version, which had no say
        try:
            return cls.of(model, CauseNetwork.from_arrays(_under(AUTOENCODER, arrays), meta["network"]))
        except IncompatibleWeightsError as error:
            raise IncompatibleModelError(str(error)) from error


def train_fleet(
    fleet: Fleet,
    train: NDArray[np.bool_],
    *,
    sensitivity: float = 1.0,
    false_alarms_per_month: float | None = None,
    seed: int = 0,
    refine: bool = True,
) -> dict[str, TrainedDetector]:
    """Fit every substation with enough believable data among the marked steps ([time] or [substation, time]).

    ``false_alarms_per_month`` (per substation) sets the sensitivity from what normal steps would have raised.
    refine: whether the network that comes with the product is trained further on these readings; needs TensorFlow.
    """
    models = fit(fleet, train, sensitivity=sensitivity, false_alarms_per_month=false_alarms_per_month)
    trained = network_training.train_autoencoders(fleet, models, train, seed=seed, refine=refine)
    return {code: TrainedDetector.of(model, trained.get(code)) for code, model in models.items()}


def analyse_fleet(fleet: Fleet, detectors: Mapping[str, TrainedDetector], *, start_s: int | None = None) -> Analysis:
    """Judge every step from ``start_s`` on; substations without a detector get findings about their meter alone."""
    models = {code: detector.model for code, detector in detectors.items()}
    analysis = analyse(fleet, models, start_s=start_s, autoencoder=score_by_autoencoder(fleet.codes, detectors))
    return replace(analysis, findings=autoencoders.worth_saying(analysis.findings))


def analyse_each(
    fleet: Fleet, detectors: Mapping[str, TrainedDetector], *, start_s: int
) -> tuple[Analysis, dict[str, Exception]]:
    """As ``analyse_fleet``, but findings are made of each substation alone; and for whom that fails, by code."""
    models = {code: detector.model for code, detector in detectors.items()}
    parameters = judgement.parameters_of(fleet, models)
    judged = judgement.judge(fleet, models, parameters, score_by_autoencoder(fleet.codes, detectors))
    said: list[Finding] = []
    failed: dict[str, Exception] = {}
    for row, code in enumerate(fleet.codes):
        try:
            said += judgement.findings(of_substation(judged, row), models)
        except Exception as error:  # whatever it is, the others have nothing to do with it
            failed[code] = error
    lasting = [finding for finding in said if finding.end_s is None or finding.end_s > start_s]
    first = int(np.searchsorted(fleet.at_s, start_s))
    return summary(judged, autoencoders.worth_saying(lasting), models, first), failed


def score_by_autoencoder(codes: Sequence[str], detectors: Mapping[str, TrainedDetector]) -> ScoreByAutoencoder | None:
    """What scores the residuals of a fleet by its autoencoders; None where no substation has one."""
    trained = {code: detector.autoencoder for code, detector in detectors.items() if detector.autoencoder is not None}
    return autoencoders.AutoencoderStack.of(codes, trained).score if trained else None


def _tier(network: CauseNetwork) -> str:
    if network.own_[0]:
        return "own"
    return "fleet" if network.refined_[0] else "backbone"


def _under(prefix: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
