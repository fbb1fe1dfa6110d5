"""Which shards should be trained now, and the claim that keeps two workers from training the same one."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q
from django.utils import timezone

from substations.models import PlannedWork, Reading

from .models import Detection, Detector, Score, TrainingAttempt
from .querysets import ScoreQuerySet
from .shards import Shard

LEAST_DAYS = 7
# A model that learnt from less than this is trained again each week, until it has a network of its own.
YOUNG = timedelta(days=21)
# A substation whose data gave no model is tried again once this much more of it has come in.
TRY_AGAIN_AFTER = timedelta(days=1)
CLAIM_FOR = timedelta(minutes=15)
# A model is trained again when this share of a week's ordinary rows is abnormal to it.
DRIFT_OVER = timedelta(days=7)
DRIFT_SHARE = 0.05
DRIFT_ROWS = 100


def due(shard: Shard, *, now: datetime | None = None, look_for_drift: bool = False) -> list[int]:
    """The substations of a shard that should be trained.

    Those asked for; those without a model though there is enough data, and young ones without a network of their own;
    all of them when a model has reached its age or, if that is looked for, has drifted. What gave no new model is tried
    again only with more data.
    """
    now = now or timezone.now()
    requested = TrainingAttempt.objects.filter(substation__in=shard.ids, requested_at__isnull=False)
    if asked := list(requested.values_list("substation", flat=True)):
        return asked
    models = Detector.objects.active().filter(substation__in=shard.ids)
    active = dict(models.values_list("substation", "created_at"))
    old = {pk for pk, made in active.items() if now - made >= timedelta(days=settings.RETRAIN_DAYS)}
    old |= drifted(shard) if look_for_drift else set()
    untrained = set(shard.ids) - set(active)
    young = models.exclude(rung=Detector.Rung.OWN).filter(
        created_at__lte=now - timedelta(days=LEAST_DAYS), trained_until__lt=F("trained_from") + YOUNG
    )
    untrained |= set(young.values_list("substation", flat=True))
    if not old and not untrained:
        return []
    promising = _with_new_data(old | untrained)
    return list(shard.ids) if old & promising else [pk for pk in shard.ids if pk in promising]


def drifted(shard: Shard) -> set[int]:
    """Substations whose ordinary rows of the last week are abnormal to their model far more often than they should be.

    A row counts if it was scored, is above the threshold, and belongs to no planned work and no known episode, those
    left aside that were false alarms: there what is ordinary has changed.
    """
    newest = Reading.objects.filter(substation__in=shard.ids).aggregate(Max("at"))["at__max"]
    if newest is None:
        return set()
    true = Detection.objects.standing().exclude(verdict=Detection.Verdict.FALSE_ALARM)
    known = true.filter(substation=OuterRef("substation"), start__lte=OuterRef("at"))
    inside = known.filter(Q(end__isnull=True) | Q(end__gte=OuterRef("at")))
    work = PlannedWork.objects.filter(
        substation=OuterRef("substation"), start__lte=OuterRef("at"), end__gte=OuterRef("at")
    )
    recent = Score.objects.filter(substation__in=shard.ids, at__gt=newest - DRIFT_OVER, status=Score.Status.OK)
    rows = _counted(recent)
    odd = _counted(recent.filter(~Exists(inside), ~Exists(work), score__gt=1))
    return {pk for pk, count in rows.items() if count >= DRIFT_ROWS and odd.get(pk, 0) > DRIFT_SHARE * count}


def _counted(scores: ScoreQuerySet) -> dict[int, int]:
    return dict(scores.values_list("substation").annotate(rows=Count("at")).order_by())


def _with_new_data(substation_ids: set[int]) -> set[int]:
    """Those with enough readings for a model, and clearly more than when they were last considered."""
    reach = Reading.objects.filter(substation__in=substation_ids).values("substation")
    attempts = TrainingAttempt.objects.filter(substation__in=substation_ids, newest_at__isnull=False)
    tried = dict(attempts.values_list("substation", "newest_at"))
    return {
        each["substation"]
        for each in reach.annotate(first=Min("at"), last=Max("at"))
        if each["last"] - each["first"] >= timedelta(days=LEAST_DAYS)
        and (each["substation"] not in tried or each["last"] - tried[each["substation"]] >= TRY_AGAIN_AFTER)
    }


def is_claimed(shard: Shard, *, now: datetime | None = None) -> bool:
    """Whether a worker is training this shard."""
    held = TrainingAttempt.objects.filter(claimed_until__gte=now or timezone.now())
    return held.filter(substation=shard.substations[0].pk).exists()


def claim(shard: Shard, *, now: datetime | None = None) -> bool:
    """Reserve a shard's training; False when another worker holds it. The claim of a worker that died runs out."""
    now = now or timezone.now()
    key = shard.substations[0].pk
    TrainingAttempt.objects.get_or_create(substation_id=key)
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    return TrainingAttempt.objects.filter(free, substation=key).update(claimed_until=now + CLAIM_FOR) == 1


def release(shard: Shard, considered: list[int]) -> None:
    """End the claim and remember up to which reading each substation was considered."""
    newest = Reading.objects.filter(substation__in=considered).values("substation").annotate(last=Max("at"))
    for each in newest:
        TrainingAttempt.objects.update_or_create(substation_id=each["substation"], defaults={"newest_at": each["last"]})
    TrainingAttempt.objects.filter(substation__in=considered).update(requested_at=None)
    TrainingAttempt.objects.filter(substation=shard.substations[0].pk).update(claimed_until=None)


def request(substation_id: int, *, now: datetime | None = None) -> None:
    """Ask for a training at the next opportunity."""
    TrainingAttempt.objects.update_or_create(
        substation_id=substation_id, defaults={"requested_at": now or timezone.now()}
    )
