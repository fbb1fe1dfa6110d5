"""A small simulated grid, computed once, and its rows in the database."""

from __future__ import annotations

from typing import Any

import pytest

from mlcore import network_training
from substations.simulation import EventRequest, Simulation, SimulationSpec, random_grid, simulate

from .grid import DAY, FAULTY, HOUR, stored

SPEC = SimulationSpec(substations=4, days=20, interval_min=60, seed=2, time_zone="Europe/Berlin")


@pytest.fixture(scope="session")
def made() -> Simulation:
    """Four substations, twenty days of hours; from the seventeenth to the nineteenth one has lost its capacitors."""
    start_s = SPEC.start_s
    lost = EventRequest(
        "capacitor_failure", FAULTY, start_s + 16 * DAY + 10 * HOUR, start_s + 18 * DAY, 0.0, {"lost": 1.0}
    )
    values = {name: getattr(SPEC, name) for name in SPEC.__dataclass_fields__} | {"events": (lost,)}
    return simulate(SimulationSpec(**values), random_grid(SPEC))


@pytest.fixture
def no_autoencoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training without the autoencoders: they have tests of their own, and need TensorFlow."""

    def none(*args: Any, **values: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(network_training, "train_autoencoders", none)


@pytest.fixture
def grid(db: None, made: Simulation, no_autoencoder: None) -> Simulation:
    """The simulated grid in the database, with nothing trained and nothing scored."""
    stored(made)
    return made
