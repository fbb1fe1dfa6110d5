"""A simulator of a distribution grid with labelled technical losses: numpy and power-grid-model, no Django.

    simulation = simulate(SimulationSpec(substations=12, days=60, seed=1, events="normal"))
    write_folder(simulation, "folder")
    feed = LiveFeed(simulation)
    feed.next_rows()

``demo_grid`` and ``demo_feed`` are the grid that a first start shows.
"""

from .demo_scenario import demo_feed, demo_grid, demo_plan, demo_spec
from .feed import FeedStep, LiveFeed
from .folder import write_folder
from .grid import SOURCE, Grid, Link, Substation, random_grid
from .labels import LabelledEvent
from .run import Simulation, simulate, without_events
from .spec import HARMLESS_KINDS, KINDS, LOSS_KINDS, SHAPES, EventRequest, SimulationSpec, SpecError

__all__ = [
    "HARMLESS_KINDS",
    "KINDS",
    "LOSS_KINDS",
    "SHAPES",
    "SOURCE",
    "EventRequest",
    "FeedStep",
    "Grid",
    "LabelledEvent",
    "Link",
    "LiveFeed",
    "Simulation",
    "SimulationSpec",
    "SpecError",
    "Substation",
    "demo_feed",
    "demo_grid",
    "demo_plan",
    "demo_spec",
    "random_grid",
    "simulate",
    "without_events",
    "write_folder",
]
