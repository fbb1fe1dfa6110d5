"""A simulator of a distribution grid with labelled technical losses: numpy and power-grid-model, no Django.

    simulation = simulate(SimulationSpec(substations=12, days=60, seed=1, events="normal"))
    write_folder(simulation, "folder")
    feed = LiveFeed(simulation)
    feed.next_rows()

``demo_grid`` and ``demo_feed`` are the grid that a first start shows.
"""

from .bank_controller import BankController
from .demo_scenario import demo_feed, demo_grid, demo_plan, demo_spec
from .feed import FeedStep, LiveFeed
from .folder import write_folder
from .labels import LabelledEvent
from .run import Simulation, simulate, without_events
from .simulated_grid import SOURCE, random_grid
from .spec import HARMLESS_KINDS, KINDS, LOSS_KINDS, SHAPES, EventRequest, SimulationSpec, SpecError

__all__ = [
    "HARMLESS_KINDS",
    "KINDS",
    "LOSS_KINDS",
    "SHAPES",
    "SOURCE",
    "BankController",
    "EventRequest",
    "FeedStep",
    "LabelledEvent",
    "LiveFeed",
    "Simulation",
    "SimulationSpec",
    "SpecError",
    "demo_feed",
    "demo_grid",
    "demo_plan",
    "demo_spec",
    "random_grid",
    "simulate",
    "without_events",
    "write_folder",
]
