"""The network that comes with the product: trained on simulated substations, the start of every substation's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

SUPPLIED = Path(__file__).parent / "data" / "network_backbone.safetensors"


@dataclass(frozen=True)
class Backbone:
    """weights: [1, …] by name. facts: what it learned from and how well, by name."""

    weights: dict[str, NDArray[np.float32]]
    facts: dict[str, Any]


@cache
def supplied_backbone() -> Backbone:
    """The backbone in the product's own files; FileNotFoundError where the installation lacks it."""
    return read_backbone(SUPPLIED)


def read_backbone(path: Path) -> Backbone:
    """A backbone from a file that ``write_backbone`` wrote; FileNotFoundError where there is none."""
    if not path.exists():
        raise FileNotFoundError(f"The network's backbone is missing: expected {path.name} in {path.parent}.")
    with safe_open(path, framework="numpy") as stored:
        weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - no mapping
        facts = json.loads((stored.metadata() or {}).get("facts", "{}"))
    return Backbone(weights, facts)


def write_backbone(path: Path, weights: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
    """Weights [1, …] and what is to be said of them, as safetensors."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()}
    save_file(arrays, path, metadata={"facts": json.dumps(facts, sort_keys=True)})
