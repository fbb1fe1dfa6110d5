"""``bench train|score|tick|losses|upload``: how fast it is beside the usual way, in one run; ``bench water``: how well
the engine does on data of no substation; ``bench pages``: every page; ``bench alerts``: those of very many alerts;
``bench kills``: what kill -9 does to work under way; ``bench start``: what an idle installation costs;
``bench dashboards``: many of them open at once; ``bench years``: how large it becomes."""

from __future__ import annotations

import os
from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from django.core.management.base import BaseCommand, CommandError, CommandParser

from benchmarks import (
    accounting_speed,
    alarm_load,
    engine_speed,
    kills,
    open_dashboards,
    pages,
    start_cost,
    ten_years,
    upload_speed,
    water_loop_score,
)
from benchmarks.running_system import Victim
from benchmarks.tick import bench_tick


class Command(BaseCommand):
    help = "Measure training, scoring, one tick, or what each page costs, and print the figures."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        train = kinds.add_parser("train", help="a fleet at once against keras.Model.fit per substation")
        train.add_argument("--substations", type=int, default=100)
        train.add_argument("--sample", type=int, default=2, help="substations that the usual loop trains (0: none)")
        score = kinds.add_parser("score", help="all rows at once against Keras predict and a window-by-window loop")
        score.add_argument("file", nargs="?", type=Path, help="CSV; its numeric columns are the channels")
        score.add_argument("--window", type=int, default=24)
        score.add_argument("--hidden", type=int, default=32)
        score.add_argument("--layers", type=int, default=1)
        tick = kinds.add_parser(
            "tick", help="one new reading of very many substations: the autoencoders, then everything"
        )
        tick.add_argument("--substations", type=int, default=10_000)
        tick.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that share the work")
        tick.add_argument("--compute-only", action="store_true", help="the autoencoders alone, without a database")
        tick.add_argument("--server", default=os.environ.get("EMS_TEST_DATABASE_URL", ""), help="as of pages")
        water = kinds.add_parser("water", help="the engine's defaults on recordings of a water loop: F1 of each model")
        water.add_argument("--seed", type=int, default=1)
        water.add_argument("--files", type=int, default=34, help="recordings")
        pages = kinds.add_parser("pages", help="every page and fragment with a large grid: time, queries, size")
        pages.add_argument("--substations", type=int, default=500)
        pages.add_argument("--days", type=int, default=90, help="days of 15-minute readings")
        pages.add_argument("--repeats", type=int, default=9, help="how often each address is asked for")
        pages.add_argument(
            "--server",
            default=os.environ.get("EMS_TEST_DATABASE_URL", ""),
            help="PostgreSQL on which a database may be made for it (EMS_TEST_DATABASE_URL); empty: SQLite",
        )
        alerts = kinds.add_parser("alerts", help="the pages of alerts with very many of them: time, queries, size")
        alerts.add_argument("--open", type=int, default=10_000)
        alerts.add_argument("--closed", type=int, default=1_000_000)
        alerts.add_argument("--repeats", type=int, default=9, help="how often each address is asked for")
        alerts.add_argument("--server", default=os.environ.get("EMS_TEST_DATABASE_URL", ""), help="as of pages")
        killed = kinds.add_parser("kills", help="kill -9 in the middle of work: lost, doubled, seconds to done")
        killed.add_argument("--rounds", type=int, default=3, help="of each stage with each victim")
        killed.add_argument("--stages", nargs="+", choices=kills.STAGES, default=list(kills.STAGES))
        killed.add_argument("--victims", nargs="+", choices=kills.VICTIMS, default=list(kills.VICTIMS))
        killed.add_argument("--at-once", type=int, default=1, help="installations that share the rounds")
        killed.add_argument("--days", type=int, default=100, help="days of 15-minute readings that are scored")
        killed.add_argument("--server", default=os.environ.get("EMS_TEST_DATABASE_URL", ""), help="as of pages")
        losses = kinds.add_parser("losses", help="hours of energy and loss, beside reading the same rows alone")
        losses.add_argument("--substations", type=int, default=100)
        losses.add_argument("--days", type=int, default=365, help="days of 15-minute readings")
        upload = kinds.add_parser(
            "upload", help="a file into the readings, beside COPY or executemany of the same rows"
        )
        upload.add_argument("--rows", type=int, default=1_000_000)
        upload.add_argument("--substations", type=int, default=28)
        upload.add_argument("--repeats", type=int, default=3, help="how often each is done; medians are printed")
        upload.add_argument("--order", choices=("substation", "time"), default="substation", help="of the file's rows")
        upload.add_argument("--server", default=os.environ.get("EMS_TEST_DATABASE_URL", ""), help="as of pages")
        many = kinds.add_parser("dashboards", help="the dashboard's fragments, asked for by many clients at once")
        many.add_argument("--substations", type=int, default=500)
        many.add_argument("--days", type=int, default=2, help="days of 15-minute readings")
        many.add_argument("--clients", type=int, default=20)
        many.add_argument("--seconds", type=float, default=10.0, help="how long each fragment is asked for")
        many.add_argument("--server", default=os.environ.get("EMS_TEST_DATABASE_URL", ""), help="as of pages")
        start = kinds.add_parser("start", help="everything, idle: seconds to the first answer, MB of each process")
        start.add_argument("--idle", type=float, default=60.0, help="seconds before the memory is read")
        start.add_argument("--repeats", type=int, default=1, help="how often it is started")
        years = kinds.add_parser(
            "years", help="one substation through simulated years: what is stored at the end of each"
        )
        years.add_argument("--years", type=int, default=10)
        years.add_argument("--keep-all", action="store_true", help="without the settings of the retention")
        years.add_argument("--server", default=os.environ.get("EMS_TEST_DATABASE_URL", ""), help="as of pages")
        for kind in (train, score, tick, water, pages, losses, alerts, killed, upload, many, start, years):
            kind.add_argument("--json", action="store_true", help="print JSON instead of a table")

    def handle(self, *, kind: str, **options: Any) -> str:
        if options.get("substations", 1) < 1:
            raise CommandError(f"At least one substation is needed; received {options['substations']}.")
        if kind in ("pages", "alerts", "kills", "dashboards", "start", "years"):
            own_table: Callable[..., str] = getattr(self, f"_{kind}")
            return own_table(**options)
        if kind == "losses":
            if options["days"] < 1:
                raise CommandError(f"Expected a day or more; received {options['days']}.")
            found = accounting_speed.bench_losses(options["substations"], options["days"])
        elif kind == "upload":
            found = self._upload(**options)
        elif kind == "train":
            found = engine_speed.bench_train(options["substations"], options["sample"])
        elif kind == "water":
            found = self._water(**options)
        elif kind == "score":
            sizes = {"window_steps": options["window"], "hidden": options["hidden"], "layers": options["layers"]}
            found = engine_speed.bench_score(numbers_of(options["file"]) if options["file"] else None, **sizes)
        else:
            found = {
                f"networks_{name}": value for name, value in engine_speed.bench_tick(options["substations"]).items()
            }
            if not options["compute_only"]:
                found |= bench_tick(options["substations"], options["workers"], options["server"])
        figures = {"bench": kind, **engine_speed.machine(), **found}
        return dumps(figures, indent=2) if options["json"] else table(figures)

    def _upload(
        self, *, rows: int, substations: int, repeats: int, order: str, server: str, **options: Any
    ) -> dict[str, Any]:
        if rows < substations or repeats < 1:
            raise CommandError(
                f"Expected a row or more of each substation, and a repeat or more; received {rows} and {repeats}."
            )
        return upload_speed.bench_upload(rows, substations, repeats, order, server)

    def _water(self, *, seed: int, files: int, **options: Any) -> dict[str, Any]:
        if files < 1 or seed < 0:
            raise CommandError(f"Expected a recording or more and a seed from 0 on; received {files} and {seed}.")
        return water_loop_score.bench_water(seed, files)

    def _pages(self, *, substations: int, days: int, repeats: int, server: str, json: bool, **options: Any) -> str:
        if days < 2 or repeats < 1:
            raise CommandError(f"Expected two days or more and a repeat or more; received {days} and {repeats}.")
        found = pages.bench_pages(substations, days, repeats, server)
        return dumps(found, indent=2) if json else pages.table(found)

    def _alerts(self, *, open: int, closed: int, repeats: int, server: str, json: bool, **options: Any) -> str:  # noqa: A002
        if open < 1 or closed < 0 or repeats < 1:
            raise CommandError(f"Expected an open alert and a repeat or more; received {open}, {closed}, {repeats}.")
        measured = alarm_load.bench_alerts(open, closed, repeats, server)
        return dumps(measured, indent=2) if json else alarm_load.table(measured)

    def _dashboards(
        self, *, substations: int, days: int, clients: int, seconds: float, server: str, json: bool, **options: Any
    ) -> str:
        if days < 2 or clients < 1 or seconds <= 0:
            raise CommandError(f"Expected two days, a client and a moment; received {days}, {clients}, {seconds}.")
        found = open_dashboards.bench_dashboards(substations, days, clients, seconds, server)
        return dumps(found, indent=2) if json else open_dashboards.table(found)

    def _start(self, *, idle: float, repeats: int, json: bool, **options: Any) -> str:
        if idle <= 0 or repeats < 1:
            raise CommandError(f"Expected some seconds and a repeat or more; received {idle} and {repeats}.")
        found = start_cost.bench_start(idle, repeats)
        return dumps(found, indent=2) if json else start_cost.table(found)

    def _years(self, *, years: int, keep_all: bool, server: str, json: bool, **options: Any) -> str:
        if years < 1:
            raise CommandError(f"Expected a year or more; received {years}.")
        found = ten_years.bench_years(years, server, keep_all=keep_all)
        return dumps(found, indent=2) if json else ten_years.table(found)

    def _kills(
        self,
        *,
        rounds: int,
        stages: list[str],
        victims: list[Victim],
        days: int,
        at_once: int = 1,
        server: str,
        json: bool,
        **options: Any,
    ) -> str:
        if min(rounds, days, at_once) < 1:
            raise CommandError(
                f"Expected a round, a day and an installation or more; received {rounds}, {days} and {at_once}."
            )
        if at_once == 1:
            found = kills.bench_kills(rounds, stages, victims, days, server)
        else:
            found = kills.bench_kills_at_once(rounds, stages, victims, days, server, at_once)
        return dumps(found, indent=2) if json else kills.table(found)


def numbers_of(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """[1, time, channel] the numeric columns of a CSV."""
    try:
        numbers = pd.read_csv(path).select_dtypes("number")
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as CSV: {error}") from error
    if numbers.empty:
        raise CommandError(f"{path} has no numeric column; expected a header line and rows of numbers.")
    return np.asarray(numbers.to_numpy(dtype=np.float64)[None])


def table(figures: dict[str, Any]) -> str:
    """One figure a line, the names aligned."""
    width = max(map(len, figures))
    return "\n".join(f"{name.replace('_', ' '):<{width}}  {_text(value)}" for name, value in figures.items())


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)
