"""``manage.py simulate DIR``: a folder of simulated readings with labelled events."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from substations.simulation import SHAPES, LabelledEvent, SimulationSpec, SpecError, simulate, write_folder

DEFAULTS = SimulationSpec()


class Command(BaseCommand):
    help = "Simulate a distribution grid and write readings, nameplates, links, labelled events and losses."
    requires_system_checks = []  # it touches neither the database nor the pages

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", help="folder to write, made if need be")
        parser.add_argument("--substations", type=int, default=12)
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument("--interval", default="15min", help="1min to 60min, a divisor of an hour")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--start", default="2025-09-01", help="local date or time of the first reading")
        parser.add_argument("--time-zone", default=DEFAULTS.time_zone)
        parser.add_argument("--events", choices=("normal", "none", "dense"), default="normal")
        parser.add_argument("--hv", type=float, default=11_000, help="high voltage, V line to line")
        parser.add_argument("--lv", type=float, default=433, help="low voltage, V line to line")
        parser.add_argument("--frequency", type=float, default=50, help="Hz")
        parser.add_argument("--mesh", action="store_true", help="add open ties between the feeders")
        parser.add_argument("--shapes", default=",".join(SHAPES), help="load shapes, separated by commas")

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            spec = _spec(options)
        except SpecError as error:
            raise CommandError(str(error)) from error
        simulation = simulate(spec)
        write_folder(simulation, options["folder"])
        zone = ZoneInfo(spec.time_zone)
        for line in _table(simulation.events, zone):
            self.stdout.write(line)
        rows = simulation.values.shape[0] * simulation.values.shape[1]
        losses = sum(event.is_loss for event in simulation.events)
        return f"{rows} readings, {len(simulation.events)} events, {losses} of them losses: {options['folder']}"


def _spec(options: dict[str, Any]) -> SimulationSpec:
    minutes = re.fullmatch(r"(\d{1,4}) ?(?:min|m)?", options["interval"])
    if minutes is None:
        raise SpecError(f"Received interval {options['interval']!r}; expected minutes such as 15min.")
    try:
        start = datetime.fromisoformat(options["start"])
    except ValueError as error:
        raise SpecError(f"Received start {options['start']!r}; expected a date such as 2025-09-01.") from error
    return SimulationSpec(
        substations=options["substations"],
        days=options["days"],
        interval_min=int(minutes[1]),
        seed=options["seed"],
        start=start,
        time_zone=options["time_zone"],
        hv_nominal_v=options["hv"],
        lv_nominal_v=options["lv"],
        nominal_hz=options["frequency"],
        is_meshed=options["mesh"],
        shapes=tuple(shape.strip() for shape in options["shapes"].split(",")),
        events=options["events"],
    )


def _table(events: tuple[LabelledEvent, ...], zone: ZoneInfo) -> list[str]:
    lines = [f"{'start':16}  {'hours':>6}  {'where':6}  {'kind':18}  {'severity':8}  {'extra kWh':>9}  {'%':>7}"]
    for event in events:
        start = datetime.fromtimestamp(event.start_s, UTC).astimezone(zone)
        severity = event.severity or ("too small" if event.dont_care else "no loss")
        lines.append(
            f"{start:%Y-%m-%d %H:%M}  {(event.end_s - event.start_s) / 3600:6.1f}  {event.substation:6}  "
            f"{event.kind:18}  {severity:9} {event.extra_loss_kwh:9.1f}  {event.extra_loss_pct:7.1f}"
        )
    return lines
