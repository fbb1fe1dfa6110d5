"""What the grid loses now and lost in the last day of its readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, FloatField, Sum
from django.db.models.functions import Coalesce

from mlcore.models import Score
from substations.models import Substation, is_stale

from .overview import newest_scores

# What the figures cover: a day holds one cycle of the load.
DAY = timedelta(hours=24)
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class LossesNow:
    """Sums over the substations: kW of the newest readings of those that report, kWh of the last 24 h.

    extra: above what is expected at this load. avoidable: what the target power factor would save. reporting: how many
    substations the kW are of. until: time of the newest score, the end of the 24 h. is_stale: nobody reports any more,
    and the kW are those of the last reading of each.
    """

    reporting: int
    loss_kw: float
    extra_kw: float
    avoidable_kw: float
    loss_kwh: float
    extra_kwh: float
    until: datetime | None
    is_stale: bool


def losses_now(now: datetime) -> LossesNow:
    """Two queries over the newest and one over the last day, however long the record is."""
    every = {pk: (at, interval_s) for pk, at, interval_s in Substation.objects.newest_times()}
    live = [pk for pk, (at, interval_s) in every.items() if not is_stale(at, interval_s, now)]
    found = list(newest_scores(live or list(every)))
    until = max((score["scores__at"] for score in found), default=None)
    loss_kwh, extra_kwh = _last_day(list(every), until) if until else (0.0, 0.0)
    names = ("loss_kw", "extra_loss_kw", "avoidable_loss_kw")
    loss_kw, extra_kw, avoidable_kw = (float(sum(score[f"scores__{name}"] or 0.0 for score in found)) for name in names)
    is_over = bool(every) and not live
    return LossesNow(len(found), loss_kw, extra_kw, avoidable_kw, loss_kwh, extra_kwh, until, is_over)


def _last_day(ids: list[int], until: datetime) -> tuple[float, float]:
    """kWh lost, and lost above what was expected, in the 24 h up to a time."""
    rows = Score.objects.filter(substation__in=ids, at__gt=until - DAY, at__lte=until)
    hours = F("substation__reading_interval_s") / HOUR_S
    sums = rows.aggregate(
        loss=Coalesce(Sum(F("loss_kw") * hours, output_field=FloatField()), 0.0),
        extra=Coalesce(Sum(F("extra_loss_kw") * hours, output_field=FloatField()), 0.0),
    )
    return float(sums["loss"]), float(sums["extra"])
