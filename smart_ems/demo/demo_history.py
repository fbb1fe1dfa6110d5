"""The demo: an invented grid whose history comes in as an upload, and whose feed goes on as readings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from alerts.review import has_unreviewed
from ingestion import services as ingestion
from ingestion.models import Upload
from ingestion.options import ImportOptions
from mlcore.models import Detector
from smart_ems import pipeline
from smart_ems.demo import demo_tariffs
from substations import registry
from substations.models import PendingRange, Reading, StaleRange, Substation
from substations.simulation.demo_scenario import DEMO_TIME_ZONE, demo_feed, demo_grid
from substations.simulation.feed import LiveFeed
from substations.simulation.folder import write_folder
from substations.simulation.run import Simulation

# chosen: long enough to learn from, with losses to find in what follows.
HISTORY_DAYS = 45
STEP = timedelta(minutes=15)
NAME = "demo-history-until-%Y%m%dT%H%M.csv.gz"


def is_wanted() -> bool:
    """Whether this is a database that nobody has put a substation into."""
    return not Substation.objects.exists()


def history_end() -> datetime | None:
    """Where the loaded demo history ends, or None when no demo was loaded."""
    upload = Upload.objects.filter(source=Upload.Source.DEMO, state=Upload.State.LOADED).order_by("pk").first()
    return datetime.strptime(upload.original_name, NAME).replace(tzinfo=UTC) if upload else None


def is_loaded() -> bool:
    return history_end() is not None


def load(*, now: datetime | None = None) -> Upload:
    """Create the demo's substations and links, and hand its history in as an upload; the workers do the rest.

    The history ends at the present.
    """
    end = _last_step(now or timezone.now())
    simulation = demo_grid(end, HISTORY_DAYS)
    with transaction.atomic():
        _register(simulation)
        demo_tariffs.assign((end - timedelta(days=HISTORY_DAYS)).date().replace(day=1))
    with tempfile.TemporaryDirectory() as folder:
        write_folder(simulation, folder)
        with (Path(folder) / "readings.csv.gz").open("rb") as readings:
            received = ingestion.receive(
                File(readings),
                name=end.strftime(NAME),
                source=Upload.Source.DEMO,
                options=ImportOptions(time_zone=DEMO_TIME_ZONE),
            )
    pipeline.upload_received(received.upload.pk)
    return received.upload


def _last_step(now: datetime) -> datetime:
    """The newest step that has been measured: the feed goes on from there at the pace of real time."""
    return now - (now - datetime.min.replace(tzinfo=UTC)) % STEP


def _register(simulation: Simulation) -> None:
    plates = [
        {name: getattr(plate, name) for name in registry.SUBSTATION_FIELDS if hasattr(plate, name)}
        | {"time_zone": DEMO_TIME_ZONE, "reading_interval_s": simulation.spec.step_s}
        for plate in simulation.substations
    ]
    registry.register(
        plates,
        [
            registry.LinkRow(
                source=link.from_node if link.from_node in simulation.grid.codes else None,
                target=link.to_node,
                r_ohm=link.r_ohm,
                x_ohm=link.x_ohm,
                length_km=link.length_km,
                conductor=link.conductor,
                status="closed" if link.is_closed else "open",
            )
            for link in simulation.links
        ],
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the first load is: a stage in words and its share of one."""

    stage: str
    share: float
    is_done: bool = False


def progress(upload: Upload) -> Progress:
    """Read from the database alone, so that it is true whichever process does the work."""
    upload.refresh_from_db()
    if upload.state in (Upload.State.REJECTED, Upload.State.FAILED):
        return Progress(f"Loading the history failed: {upload.reason}", 0.0, is_done=True)
    if upload.state != Upload.State.LOADED:
        return Progress(f"Loading {HISTORY_DAYS} days of readings", upload.percent / 100)
    substations, trained = Substation.objects.count(), Detector.objects.active().count()
    if trained < substations:
        return Progress(f"Learning what is normal ({trained} of {substations} substations)", trained / substations)
    waiting = PendingRange.objects.count()
    if waiting or has_unreviewed():
        return Progress("Looking for losses", 0.5)
    if StaleRange.objects.exists():
        return Progress("Accounting energy and losses", 0.9)
    return Progress("Ready", 1.0, is_done=True)


def feed() -> LiveFeed:
    """The feed from the newest stored reading of the demo on.

    Raises:
        RuntimeError: the demo has not been loaded.
    """
    end = history_end()
    if end is None:
        raise RuntimeError("There is no demo history to go on from. Load it with: ./ems manage demo")
    newest = (
        Reading.objects.filter(substation__time_zone=DEMO_TIME_ZONE)
        .order_by("-at")
        .values_list("at", flat=True)
        .first()
    )
    return demo_feed(end, HISTORY_DAYS, resume_at=max(newest or end, end - STEP))


def feed_step(source: LiveFeed, say: Callable[[str], None]) -> None:
    """Take the feed's next reading of every substation through the ordinary intake."""
    at = source.next_at
    answers = ingestion.load_rows(source.next_rows(), Upload.Source.FEED)
    refused = [answer for answer in answers if answer.outcome == "rejected"]
    pipeline.readings_arrived()
    say(f"{at:%Y-%m-%d %H:%M} UTC: {len(answers) - len(refused)} readings stored, {len(refused)} refused")
