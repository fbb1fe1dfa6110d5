"""What was learned about one substation: self-contained, so that it can be stored, replaced and rolled back alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlcore.diagnosis.calibration import expected_alarms
from mlcore.diagnosis.parameters import Parameters

FORMAT = "diagnosis"
FORMAT_VERSION = 3
MUCH_EXCLUDED = 0.10
"""Chosen: more than a tenth of a range cannot be called an exception."""


class IncompatibleModelError(ValueError):
    """A stored model that this version of the program can't use."""


@dataclass(frozen=True)
class Warming:
    """Too little believable data for a model of its own: ``have`` of ``need`` usable hours."""

    have: int
    need: int


@dataclass(frozen=True)
class SubstationModel:
    """What was learned about one substation.

    parameters: without a substation axis.
    usable_hours: what it was fitted on. excluded_share: part of the training range that looked abnormal
    itself and was left out. sensitivity: factor on all scores, 1.0 is neutral.
    """

    code: str
    interval_s: int
    trained_from_s: int
    trained_until_s: int
    usable_hours: float
    excluded_share: float
    sensitivity: float
    parameters: Parameters

    @property
    def expected_false_alarms(self) -> float:
        """False alarms per month to be expected of this substation, from its held-out normal steps."""
        return expected_alarms(float(self.parameters.alarms_per_month), self.sensitivity)

    @property
    def warning(self) -> str:
        """What a person should look at before trusting the model; empty if nothing."""
        if self.excluded_share < MUCH_EXCLUDED:
            return ""
        return (
            f"{100 * self.excluded_share:.0f} % of the training range looked abnormal itself and was left out: "
            "the model may have taken a fault for normal. Look at the range, or train on another one."
        )

    def to_arrays(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        """Arrays by name and a JSON-able description; ``from_arrays`` gives back the same model."""
        arrays = {name: np.array(value, dtype=np.float64) for name, value in self.parameters.to_arrays().items()}
        facts = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "code": self.code,
            "interval_s": self.interval_s,
            "trained_from_s": self.trained_from_s,
            "trained_until_s": self.trained_until_s,
            "usable_hours": self.usable_hours,
            "blanked_share": self.excluded_share,
            "sensitivity": self.sensitivity,
            "names": sorted(arrays),
        }
        return arrays, facts

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray[Any, Any]], facts: Mapping[str, Any]) -> SubstationModel:
        """The model that ``to_arrays`` took apart; IncompatibleModelError where parts do not fit."""
        if facts.get("format") != FORMAT or facts.get("version") != FORMAT_VERSION:
            raise IncompatibleModelError(
                f"A model of format {FORMAT!r} version {FORMAT_VERSION} is needed; received "
                f"{facts.get('format')!r} version {facts.get('version')!r}. Train the substation again."
            )
        names = facts.get("names")
        if not isinstance(names, list) or sorted(arrays) != names:
            differing = sorted(set(arrays) ^ set(names or []))
            raise IncompatibleModelError(f"The model's arrays do not match its description; differing: {differing}.")
        values = {name: np.asarray(value, dtype=np.float64) for name, value in arrays.items()}
        broken = sorted(name for name, value in values.items() if np.isinf(value).any())
        if broken:
            raise IncompatibleModelError(f"The model holds infinite values in {broken}. Train the substation again.")
        try:
            return cls(
                code=str(facts["code"]),
                interval_s=int(facts["interval_s"]),
                trained_from_s=int(facts["trained_from_s"]),
                trained_until_s=int(facts["trained_until_s"]),
                usable_hours=float(facts["usable_hours"]),
                excluded_share=float(facts["blanked_share"]),
                sensitivity=float(facts["sensitivity"]),
                parameters=Parameters.from_arrays(values),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleModelError(f"The model's description is incomplete: {error!r}.") from error


def stacked(models: Mapping[str, SubstationModel], codes: Sequence[str], interval_s: int) -> Parameters | None:
    """The parameters with a leading substation axis; NaN for a substation without a model, None where all are.

    Raises IncompatibleModelError where models were trained at another interval or hold arrays of other shapes.
    """
    known = [models[code] for code in codes if code in models]
    if not known:
        return None
    for model in known:
        if model.interval_s != interval_s:
            raise IncompatibleModelError(
                f"The model of {model.code} was trained at {model.interval_s} s between readings; the fleet has "
                f"{interval_s} s. Train it at this interval."
            )
    nowhere = known[0].parameters.nowhere()
    try:
        return Parameters.stacked([models[code].parameters if code in models else nowhere for code in codes])
    except ValueError as error:
        together = ", ".join(model.code for model in known)
        raise IncompatibleModelError(f"The models of {together} do not hold the same quantities: {error}.") from error
