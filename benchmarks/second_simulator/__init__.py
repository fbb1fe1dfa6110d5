"""A second simulator of labelled grids, for judging: it shares no formula with ``substations.simulation``.

What learns from faults of one simulator may learn the simulator. Here loads, bank controllers, fault forms, meters, the
power flow and the oil are modelled another way, and vary widely from seed to seed. The files are those of a benchmark
folder. Order of reading: ``recipe`` what is wanted, ``plants`` what stands there, ``process_loads`` what it draws,
``fault_draw`` and ``fault_forms`` what goes wrong, ``grid_run`` what follows from it (``bank_controllers``,
``feeder_sweep``, ``oil_and_loss``), ``event_truth`` what it cost, ``field_meters`` what a meter shows.
"""

from __future__ import annotations

from .labelled_files import write_files
from .recipe import Recipe, RecipeError
from .second_run import SecondSimulation, simulate_second

__all__ = ["Recipe", "RecipeError", "SecondSimulation", "simulate_second", "write_files"]
