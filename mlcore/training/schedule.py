"""Which neighbour groups should be trained now, and the claim that keeps two workers from training the same one."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from mlcore.diagnosis.terms import MIN_TRAINING_DAYS
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection, Detector, Score, TrainingAttempt, TrainingFailure
from mlcore.querysets import ScoreQuerySet
from substations.models import PlannedWork, Reading, Substation
from substations.querysets import SubstationQuerySet

# A model that learned from less than this is trained again each week, until it has an autoencoder of its own.
YOUNG = timedelta(days=21)
# A substation whose data gave no model is tried again once this much more of it has come in.
TRY_AGAIN_AFTER = timedelta(days=1)
# A model is trained again when this share of a week's ordinary rows is abnormal to it.
DRIFT_OVER = timedelta(days=7)
DRIFT_SHARE = 0.05
DRIFT_ROWS = 100


@dataclass(frozen=True)
class TrainingDemand:
    """What speaks for a training, of substations with enough new readings: ``old`` models take their group along."""

    asked: frozenset[int]
    alone: frozenset[int]
    old: frozenset[int]

    @property
    def everyone(self) -> frozenset[int]:
        return self.asked | self.alone | self.old

    def of(self, group: NeighbourGroup) -> list[int]:
        """The substations of a group to be trained; those asked for come first and by themselves."""
        if asked := [pk for pk in group.ids if pk in self.asked]:
            return asked
        if self.old.intersection(group.ids):
            return list(group.ids)
        return [pk for pk in group.ids if pk in self.alone]


def due(group: NeighbourGroup, *, now: datetime | None = None, look_for_drift: bool = False) -> list[int]:
    """The substations of a group that should be trained.

    Those asked for; those without a model though there is enough data, and young ones without an autoencoder of their
    own; all of them when a model has reached its age or, if that is looked for, has drifted. What gave no new model is
    tried again only with more data.
    """
    drift = drifted(group) if look_for_drift else set()
    return demand(Substation.objects.filter(pk__in=group.ids), now=now, drift=drift).of(group)


def demand(of: SubstationQuerySet, *, now: datetime | None = None, drift: Collection[int] = ()) -> TrainingDemand:
    """Who should be trained among some substations, or all: three queries, however many there are.

    Nobody whose training failed and whose next attempt is still to come.
    """
    now = now or timezone.now()
    of = of.exclude(training_failure__retry_at__gt=now)
    asked = of.filter(training_attempt__requested_at__isnull=False)
    active = Detector.objects.active().filter(substation=OuterRef("pk"))
    old = of.filter(
        Q(Exists(active.filter(created_at__lte=now - timedelta(days=settings.RETRAIN_DAYS)))) | Q(pk__in=drift)
    )
    young = active.exclude(tier=Detector.Tier.OWN).filter(
        created_at__lte=now - timedelta(days=MIN_TRAINING_DAYS), trained_until__lt=F("trained_from") + YOUNG
    )
    outdated = active.filter(trained_from__lt=OuterRef("learn_from"))
    return TrainingDemand(
        frozenset(asked.values_list("pk", flat=True)),
        _with_new_data(of.filter(~Exists(active) | Exists(young) | Exists(outdated))),
        _with_new_data(old),
    )


def drifted(group: NeighbourGroup) -> set[int]:
    """Substations whose ordinary rows of the last week are abnormal to their model far more often than they should be.

    A row counts if it was scored, is above the threshold, and belongs to no planned work and no known episode, those
    left aside that were false alarms: there what is ordinary has changed.
    """
    newest = Reading.objects.filter(substation__in=group.ids).aggregate(Max("at"))["at__max"]
    if newest is None:
        return set()
    true = Detection.objects.not_withdrawn().of_readings().abnormal().exclude(verdict=Detection.Verdict.FALSE_ALARM)
    known = true.filter(substation=OuterRef("substation"), start__lte=OuterRef("at"))
    inside = known.filter(Q(end__isnull=True) | Q(end__gte=OuterRef("at")))
    work = PlannedWork.objects.filter(
        substation=OuterRef("substation"), start__lte=OuterRef("at"), end__gte=OuterRef("at")
    )
    recent = Score.objects.filter(substation__in=group.ids, at__gt=newest - DRIFT_OVER, status=Score.Validity.OK)
    rows = _counted(recent)
    odd = _counted(recent.filter(~Exists(inside), ~Exists(work), score__gt=1))
    return {pk for pk, count in rows.items() if count >= DRIFT_ROWS and odd.get(pk, 0) > DRIFT_SHARE * count}


def _counted(scores: ScoreQuerySet) -> dict[int, int]:
    return dict(scores.values_list("substation").annotate(rows=Count("at")).order_by())


def _with_new_data(substations: SubstationQuerySet) -> frozenset[int]:
    """Those with enough readings for a model, and clearly more than when they were last considered."""
    oldest = Reading.objects.filter(substation=OuterRef("pk")).order_by("at").values("at")[:1]
    reach = substations.reporting().annotate(first_at=Subquery(oldest))
    return frozenset(
        pk
        for pk, first, last, tried, since in reach.values_list(
            "pk", "first_at", "latest_at", "training_attempt__newest_at", "learn_from"
        )
        if last - max(first, since or first) >= timedelta(days=MIN_TRAINING_DAYS)
        and (tried is None or last - tried >= TRY_AGAIN_AFTER)
    )


def claimed(*, now: datetime | None = None) -> set[int]:
    """The substations that name the neighbour groups which workers are training."""
    held = TrainingAttempt.objects.filter(claimed_until__gte=now or timezone.now())
    return set(held.values_list("substation", flat=True))


def is_claimed(group: NeighbourGroup, *, now: datetime | None = None) -> bool:
    """Whether a worker is training this group."""
    return group.substations[0].pk in claimed(now=now)


def claim(group: NeighbourGroup, *, now: datetime | None = None) -> uuid.UUID | None:
    """Reserve a group's training: the lease's token, None when another worker holds it."""
    key = group.substations[0].pk
    TrainingAttempt.objects.get_or_create(substation_id=key)
    return TrainingAttempt.objects.filter(substation=key).claim(now=now or timezone.now())


def interrupted(*, now: datetime | None = None) -> set[int]:
    """The substations that name the groups whose worker has died over the training: its claim ran out."""
    died = TrainingAttempt.objects.filter(claimed_until__lt=now or timezone.now())
    return set(died.values_list("substation", flat=True))


def release(token: uuid.UUID, considered: list[int]) -> None:
    """End the claim and remember up to which reading each substation was considered."""
    newest = Reading.objects.filter(substation__in=considered).values_list("substation").annotate(last=Max("at"))
    for pk, newest_at in newest:
        TrainingAttempt.objects.update_or_create(substation_id=pk, defaults={"newest_at": newest_at})
    TrainingAttempt.objects.filter(substation__in=considered).update(requested_at=None)
    TrainingAttempt.objects.release(token)


def request(substation_id: int, *, now: datetime | None = None) -> None:
    """Ask for a training at the next opportunity, also where the last one failed a moment ago."""
    TrainingFailure.objects.filter(substation=substation_id).update(retry_at=now or timezone.now())
    TrainingAttempt.objects.update_or_create(
        substation_id=substation_id, defaults={"requested_at": now or timezone.now()}
    )
