"""A simulated grid as rows, and what the tests ask of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from mlcore import services
from mlcore.fleet.groups import NeighbourGroup, neighbour_groups
from mlcore.models import Detection, Score
from substations.channels import CHANNEL_NAMES
from substations.models import PendingRange, Reading, Substation
from substations.registry import LinkRow, register
from substations.simulation import Simulation

HOUR, DAY = 3600, 86_400
FAULTY = "SS-02"
PLATE = ("code", "rated_kva", "nominal_v", "hv_nominal_v", "no_load_loss_w", "load_loss_w", "impedance_pct")


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(int(second), UTC)


def stored(made: Simulation, *, until_day: int = 20) -> None:
    """The grid, its readings of the first days, and a pending range for each substation."""
    zone = {"time_zone": made.spec.time_zone, "reading_interval_s": made.spec.step_s}
    known = register(
        [{name: getattr(plate, name) for name in PLATE} | zone for plate in made.substations],
        [
            LinkRow(link.from_node if link.from_node in made.grid.codes else None, link.to_node, link.r_ohm, link.x_ohm)
            for link in made.links
        ],
    )
    for code in made.grid.codes:
        add(made, known[code], 0, until_day)


def add(made: Simulation, substation: Substation, first_day: float, until_day: float) -> None:
    """The readings of some days, as an upload would leave them."""
    table = made.values[made.grid.codes.index(substation.code)]
    start_s = made.spec.start_s
    wanted = (made.times_s >= start_s + first_day * DAY) & (made.times_s < start_s + until_day * DAY)
    wanted &= np.isfinite(table).any(axis=1)
    rows = [
        Reading(
            substation=substation,
            at=moment(at_s),
            **{name: float(v) for name, v in zip(CHANNEL_NAMES, values, strict=True) if np.isfinite(v)},
        )
        for at_s, values in zip(made.times_s[wanted], table[wanted], strict=True)
    ]
    Reading.objects.bulk_create(rows)
    PendingRange.objects.create(substation=substation, start=rows[0].at, end=rows[-1].at)


def the_group() -> NeighbourGroup:
    (found,) = neighbour_groups()
    return found


def trained_and_scored() -> None:
    services.train_due()
    services.score_pending()


def detections() -> list[dict[str, Any]]:
    """What the detections say, without their numbers and times of writing."""
    hidden = {"id", "revision", "created_at", "changed_at", "detector_id"}
    rows: list[Any] = list(Detection.objects.not_withdrawn().order_by("substation", "start", "cause").values())
    return [{name: value for name, value in row.items() if name not in hidden} for row in rows]


def scores() -> list[Any]:
    return list(Score.objects.order_by("substation", "at").values())


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
