"""What each incident cost: the loss with it less the loss of the same hours run again without it.

A machine with a poor power factor is compared with the same machine at 0.95: its kW are wanted, its kvar are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .fault_forms import READING_KINDS, SimulatedIncident
from .grid_run import SecondGrid, Trace
from .oil_and_loss import LossPowers

CRITICAL_PCT = 15.0
IGNORED_PCT = 1.0
IGNORED_TRANSFORMER_PCT = 2.0


@dataclass(frozen=True, slots=True)
class Truth:
    """Energies in kWh between start and end. base: own transformer and own part of the path, without the incident."""

    incident: SimulatedIncident
    base_kwh: float
    extra_transformer_kwh: float
    extra_feeder_kwh: float
    base_transformer_kwh: float

    @property
    def extra_kwh(self) -> float:
        return self.extra_transformer_kwh + self.extra_feeder_kwh

    @property
    def extra_pct(self) -> float:
        return 100 * self.extra_kwh / self.base_kwh if self.base_kwh else 0.0

    @property
    def transformer_pct(self) -> float:
        return 100 * self.extra_transformer_kwh / self.base_transformer_kwh if self.base_transformer_kwh else 0.0

    @property
    def is_ignored(self) -> bool:
        """A fault too small to be worth a word: neither found nor missed."""
        return self.incident.is_loss and self.extra_pct < IGNORED_PCT and self.transformer_pct < IGNORED_TRANSFORMER_PCT

    @property
    def is_loss(self) -> bool:
        return self.incident.is_loss and not self.is_ignored

    @property
    def severity(self) -> str:
        return ("critical" if self.extra_pct >= CRITICAL_PCT else "warning") if self.is_loss else ""


def truth_of(grid: SecondGrid, incidents: tuple[SimulatedIncident, ...], whole: Trace) -> tuple[Truth, ...]:
    """The truth of every incident; ``whole`` is the run with all of them."""
    return tuple(_truth(grid, incidents, whole, incident) for incident in incidents)


def _truth(
    grid: SecondGrid, incidents: tuple[SimulatedIncident, ...], whole: Trace, incident: SimulatedIncident
) -> Truth:
    first, stop = grid.recipe.index(incident.start_s), grid.recipe.index(incident.end_s)
    own = slice(None) if incident.substation < 0 else slice(incident.substation, incident.substation + 1)
    hours = grid.recipe.step_s / 3600
    with_it = _energies(whole.losses, slice(first, stop), own, hours)
    without = with_it
    if incident.kind not in READING_KINDS:
        rest = tuple(other for other in incidents if other is not incident) + _put_right(incident)
        without = _energies(grid.run(rest, first, stop, whole).losses, slice(None), own, hours)
    extra = with_it - without
    return Truth(incident, float(without[0] + without[2]), float(extra[0]), float(extra[1]), float(without[0]))


def _put_right(incident: SimulatedIncident) -> tuple[SimulatedIncident, ...]:
    if incident.kind != "low_pf_motor":
        return ()
    return (replace(incident, figures=incident.figures | {"corrected": 1.0}),)


def _energies(losses: LossPowers, steps: slice, own: slice, hours: float) -> np.ndarray:
    """kWh of the own transformer, of all feeders, and of the own part of the path."""
    return hours * np.array(
        [losses.transformer[steps, own].sum(), losses.feeder[steps].sum(), losses.allocated[steps, own].sum()]
    )
