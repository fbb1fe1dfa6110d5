"""Substations that should report and do not: an episode of its own kind, which ends when readings return.

What is said of a substation's losses stays meanwhile: nothing is over because nobody measures it any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mlcore.explanations import english
from mlcore.models import Cause, Detection
from substations.models import Reading, Substation
from substations.querysets import SubstationQuerySet

MISSING = Detection.Kind.DATA_MISSING


def follow_silence(now: datetime) -> int:
    """Begin and end the episodes of missing data; how many changed.

    Only substations whose readings came fresh are expected to go on: of an uploaded archive nobody waits for more.
    """
    ongoing = {each.substation_id: each for each in Detection.objects.ongoing().filter(kind=MISSING)}
    changed = 0
    for substation in expected().with_latest_reading_at():
        newest: datetime | None = getattr(substation, "latest_at", None)
        episode = ongoing.get(substation.pk)
        is_silent = newest is not None and now - newest > substation.silent_after
        if is_silent and newest and episode is None:
            changed += _begin(substation, newest)
        elif episode and not is_silent:
            changed += _end(episode, now)
    return changed


def expected() -> SubstationQuerySet:
    """Substations whose readings came fresh once."""
    return Substation.objects.filter(live_at__isnull=False)


@transaction.atomic
def _begin(substation: Substation, newest: datetime) -> bool:
    """An episode from when the next reading was due; one that was over by mistake goes on."""
    interval = timedelta(seconds=substation.reading_interval_s)
    start = newest + interval
    figures = {"interval_s": float(substation.reading_interval_s), "grace_s": float(substation.grace_s)}
    reason = english(Cause.DATA_MISSING, figures)
    detection, is_new = Detection.objects.select_for_update().get_or_create(
        substation=substation,
        kind=MISSING,
        cause=Cause.DATA_MISSING,
        start=start,
        defaults={
            "severity": Detection.Severity.WARNING,
            "peak": start,
            "score": 1.0,
            "confidence": 1.0,
            "reason": reason,
            "evidence": {"code": Cause.DATA_MISSING.value, "figures": figures},
        },
    )
    return is_new or _update(detection, end=None, withdrawn_at=None)


@transaction.atomic
def _end(episode: Detection, now: datetime) -> bool:
    """It ends with the first reading after it; late readings may have filled it altogether."""
    first = Reading.objects.for_substation(episode.substation_id).filter(at__gte=episode.start).order_by("at").first()
    return _update(episode, end=max(first.at if first else now, episode.start))


def _update(detection: Detection, **fields: datetime | None) -> bool:
    rows = Detection.objects.filter(pk=detection.pk, revision=detection.revision)
    return rows.update(revision=detection.revision + 1, changed_at=timezone.now(), **fields) == 1
