"""What a model of the engine has learned: arrays with a leading substation axis, taken apart and put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from .scaling import RobustScaler

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

WEIGHT = "weight."
FORMAT_VERSION = 1
# Settings that models stored before they existed were made with.
EARLIER_SETTINGS = {"scoring": "usual error", "explained": None}


class IncompatibleWeightsError(ValueError):
    """Stored arrays that do not belong to this kind of model or to its settings."""


@dataclass
class Fitted(ABC):
    """Learned arrays by name and what can be read from them; all are empty before ``fit``.

    arrays_: every array [substation, …]; the weights of the model are those whose name starts with ``weight.``.
    channels_, context_: number of judged channels and of context features.
    """

    KIND: ClassVar[str]

    channels_: int = field(default=0, init=False, repr=False)
    context_: int = field(default=0, init=False, repr=False)
    arrays_: Arrays = field(default_factory=dict, init=False, repr=False, compare=False)
    clip: float = field(default=6.0, kw_only=True)

    def __len__(self) -> int:
        """Number of substations."""
        return len(self.arrays_["threshold"] if "threshold" in self.arrays_ else next(iter(self.arrays_.values())))

    @property
    def scaler_(self) -> RobustScaler:
        return RobustScaler.from_arrays(self.arrays_, self.clip)

    @property
    def threshold_(self) -> Array:
        """[substation] score above which a row is unusual; NaN where too little was kept back to tell."""
        return self.arrays_["threshold"]

    @property
    def heldout_error_(self) -> Array:
        """[substation] mean absolute error on held-out normal rows, in spreads."""
        return self.arrays_["heldout_error"]

    @property
    def exceeded_share_(self) -> Array:
        """[substation] share of the held-out normal rows above the threshold."""
        return self.arrays_["exceeded_share"]

    @property
    def windows_(self) -> Array:
        """[substation] number of windows that could be learned from."""
        return self.arrays_["windows"]

    def _stored_count(self, weight: str) -> int:
        """Length of the last axis of a weight; 0 where it is not there."""
        value = self.arrays_.get(WEIGHT + weight)
        return int(value.shape[-1]) if value is not None and value.ndim else 0

    def _weights(self) -> Arrays:
        return {name.removeprefix(WEIGHT): value for name, value in self.arrays_.items() if name.startswith(WEIGHT)}

    def only(self, substations: Sequence[int]) -> Self:
        """The same model for some of its substations, in the order given."""
        return self._with({name: value[list(substations)] for name, value in self.arrays_.items()})

    @classmethod
    def stack(cls, models: Sequence[Self]) -> Self:
        """One model of the substations of several, in order; IncompatibleWeightsError where settings differ."""
        if not models:
            raise ValueError("At least one model is needed; received none.")
        first = models[0]
        for other in models[1:]:
            if other.settings() != first.settings() or other.arrays_.keys() != first.arrays_.keys():
                raise IncompatibleWeightsError(
                    f"Models with different settings cannot be stacked: {first.settings()} and {other.settings()}."
                )
        joined = {name: _joined([model.arrays_[name] for model in models]) for name in first.arrays_}
        return first._with(joined)

    def settings(self) -> dict[str, Any]:
        """JSON-able description: kind, hyperparameters, numbers of channels and context features."""
        return {
            "kind": self.KIND,
            "version": FORMAT_VERSION,
            "settings": self._hyperparameters(),
            "channels": self.channels_,
            "context": self.context_,
        }

    def to_arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Everything that was learned: arrays with a leading substation axis, and a JSON-able description."""
        return dict(self.arrays_), self.settings()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], meta: Mapping[str, Any]) -> Self:
        """The model that ``to_arrays`` took apart; IncompatibleWeightsError where the parts do not fit."""
        if meta.get("kind") != cls.KIND or meta.get("version") != FORMAT_VERSION:
            raise IncompatibleWeightsError(
                f"Expected a {cls.KIND} of version {FORMAT_VERSION}; received {meta.get('kind')!r} of version "
                f"{meta.get('version')!r}. Train it again."
            )
        try:
            model = cls(**{**EARLIER_SETTINGS, **meta["settings"]})
            model.channels_, model.context_ = int(meta["channels"]), int(meta["context"])
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleWeightsError(f"The description of the model cannot be used: {error!r}.") from error
        model.arrays_ = {name: np.asarray(value) for name, value in arrays.items()}
        model._check()
        return model

    def _check(self) -> None:
        """Raise IncompatibleWeightsError unless all arrays are there, have their shapes and hold numbers."""
        wanted = self._shapes()
        lengths = {len(value) for value in self.arrays_.values() if value.ndim}
        found = {name: value.shape[1:] for name, value in self.arrays_.items()}
        if found != wanted or len(lengths) != 1:
            differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
            raise IncompatibleWeightsError(f"The arrays do not fit the description; differing: {differing or lengths}.")
        broken = sorted(name for name, value in self._weights().items() if not np.isfinite(value).all())
        if broken:
            raise IncompatibleWeightsError(f"The weights {broken} hold values that are not numbers. Train it again.")

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        per_channel = dict.fromkeys(("scaler_centre", "scaler_spread", "error_scale"), (self.channels_,))
        single: dict[str, tuple[int, ...]] = dict.fromkeys(
            ("windows", "heldout_error", "threshold", "exceeded_share"), ()
        )
        return single | per_channel | {WEIGHT + name: shape for name, shape in self._weight_shapes().items()}

    @abstractmethod
    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each weight without the substation axis."""

    def _with(self, arrays: Arrays) -> Self:
        other = type(self)(**self._hyperparameters())
        other.channels_, other.context_, other.arrays_ = self.channels_, self.context_, arrays
        return other

    def _hyperparameters(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}


def _joined(parts: Sequence[Array]) -> Array:
    """One after the other; where some have fewer components (the last axis) than others, zeros stand for the rest."""
    length = max((part.shape[-1] for part in parts if part.ndim > 1), default=0)
    padded = [
        np.pad(part, [*[(0, 0)] * (part.ndim - 1), (0, length - part.shape[-1])])
        if part.ndim > 1 and part.shape[-1] < length  # to pad by nothing costs more than all the rest
        else part
        for part in parts
    ]
    return np.concatenate(padded)
