"""How far readings are on their way to alerts: learning, judging, raising; from the rows that still wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.review import has_unreviewed
from mlcore.models import Detector
from substations.models import PendingRange, Substation

LEARNING, JUDGING, RAISING, DONE = "learning", "judging", "raising", "done"
TRAINING_S = 3.0
"""Measured: training of one substation with its autoencoder, 45 days of quarter hours, one core (docs/engine.md)."""

SCORING_S = 0.5
"""Measured: a month of quarter hours of one substation, judged and stored."""

MIN_SHOWN_S = 5


@dataclass(frozen=True, slots=True)
class LearningProgress:
    """stage: learning, judging, raising or done. waiting: substations with readings that nobody has judged.

    untrained: how many of those have no model yet. seconds: about how long it takes, from what waits.
    """

    stage: str
    waiting: int
    untrained: int
    seconds: int


def learning_progress(ids: Sequence[int] | None = None) -> LearningProgress:
    """How far some substations are, or all of them. Three queries."""
    pending = PendingRange.objects.filter(substation__scoring_failure__isnull=True)
    if ids is not None:
        pending = pending.filter(substation__in=ids)
    waiting = set(pending.values_list("substation", flat=True).distinct())
    trained = set(Detector.objects.active().filter(substation__in=waiting).values_list("substation", flat=True))
    untrained = len(waiting - trained)
    seconds = round(untrained * TRAINING_S + len(waiting) * SCORING_S)
    stage = LEARNING if untrained else JUDGING if waiting else RAISING if has_unreviewed() else DONE
    return LearningProgress(stage, len(waiting), untrained, max(seconds, MIN_SHOWN_S))


def has_readings() -> bool:
    """Whether anybody has reported at all."""
    return Substation.objects.filter(received_at__isnull=False).exists()
