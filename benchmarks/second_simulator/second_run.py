"""A set from a recipe: the run with all incidents, the truth of each, and the readings."""

from __future__ import annotations

from dataclasses import dataclass

from substations.simulation.arrays import Floats

from .event_truth import Truth, truth_of
from .fault_draw import draw_incidents
from .fault_forms import SimulatedIncident
from .field_meters import measure
from .grid_run import SecondGrid, Trace
from .recipe import Recipe


@dataclass(frozen=True, slots=True)
class SecondSimulation:
    """readings: [reading, substation, channel] in the order of ``substations.channels``, NaN where missing."""

    grid: SecondGrid
    trace: Trace
    truths: tuple[Truth, ...]
    readings: Floats


def simulate_second(recipe: Recipe, incidents: tuple[SimulatedIncident, ...] | None = None) -> SecondSimulation:
    """Simulate; the incidents are drawn from the seed unless they are given."""
    grid = SecondGrid(recipe)
    happening = draw_incidents(grid) if incidents is None else incidents
    trace = grid.run(happening, 0, recipe.steps)
    return SecondSimulation(grid, trace, truth_of(grid, happening, trace), measure(grid, trace, happening))
