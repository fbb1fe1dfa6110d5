"""Hours and days of a batch: worked out from its readings and scores, and stored in the place of what was there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings

from losses.accounting.hourly_energy import HOUR_S, HourGrid, IntArray, hour_grid
from losses.accounting.hourly_figures import hourly_figures
from losses.accounting.metered_network import SubstationLosses, substation_losses
from losses.accounting.metered_power import Plates, plates_of
from losses.line_days import LineHour
from losses.metered_batches import MeteredBatch, metered_batch
from losses.networks import AccountedBatch
from losses.querysets import FIELDS, HIGHEST, SUMMED
from mlcore.fleet.reading_grid import utc_offsets
from mlcore.models import Score
from mlcore.scoring.context import moment
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import FloatArray
from substations.electrical.topology import feeders
from substations.models import Substation

FIGURES = (*SUMMED, *HIGHEST)
HOURLY_COLUMNS = ("substation_id", "at", *FIELDS)
# A loss that rests on one of these being guessed is an interval.
DECISIVE = {"rated_kva", "no_load_loss_w", "load_loss_w"}


@dataclass(frozen=True)
class AccountedHours:
    """rows: hours of substations, ordered as ``HOURLY_COLUMNS``; lines: hours of the lines between them."""

    rows: list[tuple[Any, ...]]
    lines: list[LineHour]

    def only(self, hours: Collection[datetime]) -> AccountedHours:
        return AccountedHours(
            [row for row in self.rows if row[1] in hours], [line for line in self.lines if line.at in hours]
        )


def accounted_hours(batch: AccountedBatch, start: datetime, end: datetime) -> AccountedHours:
    """The hours of a batch with ``start <= at < end``.

    start, end: whole hours of the batch's clock. An hour of which nothing is known has no row.
    """
    metered = metered_batch(batch, start, end)
    if metered is None:
        return AccountedHours([], [])
    hours = hour_grid(metered.at_s, utc_offsets(batch.substations[0], metered.at_s), batch.interval_s)
    plates, losses = _losses(batch, metered)
    figures = hourly_figures(
        hours, metered.at_s, metered.metered, plates, losses, demand_window_s=settings.DEMAND_WINDOW_S
    )
    ids = {substation.code: substation.pk for substation in batch.substations}
    owners = [ids[plate.code] for plate in metered.nameplates]
    figures["excess_loss_kwh"] = _excess_kwh(batch, owners, hours, end)
    rows = _as_rows(owners, metered.nameplates, hours.at_s, figures)
    return AccountedHours(rows, _line_hours(batch, losses, hours))


def _losses(batch: AccountedBatch, metered: MeteredBatch) -> tuple[Plates, SubstationLosses]:
    plates = plates_of(metered.nameplates)
    codes = [plate.code for plate in metered.nameplates]
    nominal_v = np.array([plate.hv_nominal_v for plate in metered.nameplates])
    supplied = feeders(codes, batch.segments)
    return plates, substation_losses(metered.metered, plates, supplied, nominal_v, loads=metered.loads)


def _line_hours(batch: AccountedBatch, losses: SubstationLosses, hours: HourGrid) -> list[LineHour]:
    """Each line in each hour of which its loss is known."""
    links = {(segment.source, segment.target): pk for segment, pk in zip(batch.segments, batch.link_ids, strict=True)}
    times = [moment(second) for second in hours.at_s]
    found = []
    for lines in losses.lines:
        for segment, figures in zip(lines.segments, lines.by_hour(hours), strict=True):
            known = np.nonzero(np.isfinite(figures[0]))[0]
            pk = links[segment.source, segment.target]
            found += [LineHour(pk, times[hour], *figures[:, hour].tolist()) for hour in known]
    return found


def _excess_kwh(batch: AccountedBatch, owners: list[int], hours: HourGrid, until: datetime) -> FloatArray:
    """Loss against what the model expects, [substation, hour]; NaN where nothing has been judged."""
    scores = Score.objects.filter(substation__in=owners, at__gte=moment(hours.at_s[0]), at__lt=until)
    judged = scores.filter(extra_loss_kw__isnull=False).as_arrays(("extra_loss_kw",))
    interval_h = {each.pk: each.reading_interval_s / HOUR_S for each in batch.substations}
    position = {pk: row for row, pk in enumerate(owners)}
    row = np.array([position[pk] for pk in judged.substation_id.tolist()], dtype=np.int64)
    hour = np.searchsorted(hours.at_s, judged.at_s, side="right") - 1
    total = np.zeros((len(owners), len(hours.at_s)))
    np.add.at(total, (row, hour), judged.values[:, 0] * np.array([interval_h[pk] for pk in owners])[row])
    known = np.zeros(total.shape, dtype=bool)
    known[row, hour] = True
    return np.where(known, total, np.nan)


def judged_excess_kwh(substation: Substation, start: datetime, end: datetime) -> dict[datetime, float]:
    """Loss against what the model expects by the hour of the substation's clock, ``start <= at <= end``."""
    scores = Score.objects.filter(substation=substation, extra_loss_kw__isnull=False).between(start, end)
    judged = scores.as_arrays(("extra_loss_kw",))
    offset_s = utc_offsets(substation, judged.at_s)
    hours = (judged.at_s + offset_s) // HOUR_S * HOUR_S - offset_s
    found: dict[datetime, float] = defaultdict(float)
    for hour, extra_kw in zip(hours.tolist(), judged.values[:, 0].tolist(), strict=True):
        found[moment(hour)] += extra_kw * substation.reading_interval_s / HOUR_S
    return dict(found)


def _as_rows(
    owners: list[int], nameplates: Iterable[Nameplate], at_s: IntArray, figures: dict[str, FloatArray]
) -> list[tuple[Any, ...]]:
    assumed = [bool(plate.assumed & DECISIVE) for plate in nameplates]
    number, hour = np.nonzero(figures["covered_h"] > 0)
    columns = [_plain(figures[name][number, hour]) for name in FIGURES]
    times = [moment(second) for second in at_s]
    return list(
        zip(
            [owners[row] for row in number],
            [times[column] for column in hour],
            [assumed[row] for row in number],
            *columns,
            strict=True,
        )
    )


def _plain(values: FloatArray) -> list[float | None]:
    """Python floats, None for what is not known: a database has no NaN."""
    return [None if value != value else value for value in values.tolist()]
