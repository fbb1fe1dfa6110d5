"""What the grid loses now and lost in the last day of its readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from core import site_rights
from substations.models import Substation, is_stale

from .extra_losses import ExtraLoss, extra_losses, total
from .overview import newest_scores
from .shared_work import SharedWork


@dataclass(frozen=True, slots=True)
class LossesNow:
    """Sums over the substations: kW of the newest readings of those that report, and what the last 24 h cost.

    extra: above what is expected at this load. avoidable: what the target power factor would save. reporting: how many
    substations the kW are of. until: time of the newest score, the end of the 24 h. is_stale: nobody reports any more,
    and the kW are those of the last reading of each.
    """

    reporting: int
    loss_kw: float
    extra_kw: float
    avoidable_kw: float
    day: ExtraLoss
    until: datetime | None
    is_stale: bool


def losses_of_all() -> LossesNow:
    """Of every substation that is given, now; pages that ask at once and are given all share the work."""
    return _of_the_plant.result() if site_rights.current() is None else losses_now(timezone.now())


_of_the_plant = SharedWork(lambda: losses_now(timezone.now()))


def losses_now(now: datetime) -> LossesNow:
    """Four queries, however long the record is."""
    every = {pk: (at, interval_s) for pk, at, interval_s in Substation.objects.newest_times()}
    live = [pk for pk, (at, interval_s) in every.items() if not is_stale(at, interval_s, now)]
    found = list(newest_scores(Substation.objects.filter(pk__in=live or list(every))))
    until = max((score["scores__at"] for score in found), default=None)
    day = total(extra_losses(every, until).values()) if until else ExtraLoss()
    names = ("loss_kw", "extra_loss_kw", "avoidable_loss_kw")
    loss_kw, extra_kw, avoidable_kw = (float(sum(score[f"scores__{name}"] or 0.0 for score in found)) for name in names)
    is_over = bool(every) and not live
    return LossesNow(len(found), loss_kw, extra_kw, avoidable_kw, day, until, is_over)
