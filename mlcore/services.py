"""What the rest of the system asks of learning and detecting."""

from __future__ import annotations

import logging
from datetime import datetime

from mlcore.fleet.groups import neighbour_groups
from mlcore.scoring.health import scoring_health
from mlcore.scoring.pending import batches_waiting, score_pending
from mlcore.training.feedback import learn_verdict
from mlcore.training.fit import train
from mlcore.training.schedule import claim, claimed, demand, due, release
from substations.models import Substation

from .models import Detector

logger = logging.getLogger(__name__)
__all__ = [
    "batches_waiting",
    "learn_verdict",
    "score_pending",
    "scoring_health",
    "train_all",
    "train_due",
    "training_is_due",
]


def train_all(*, until: datetime | None = None) -> list[Detector]:
    """Train every group now, from readings until a time or else by the ordinary rule; for commands."""
    return [detector for group in neighbour_groups() for detector in train(group, until=until)]


def training_is_due() -> bool:
    """Whether a group should be trained that nobody is training. Asked every few seconds: mostly nobody is due."""
    found = demand(Substation.objects.all())
    if not found.everyone:
        return False
    held = claimed()
    return any(found.of(group) and group.substations[0].pk not in held for group in neighbour_groups())


def train_due() -> list[Detector]:
    """Train every group that is due and that no other worker is training; the new versions."""
    _settle_intervals()
    stored: list[Detector] = []
    for group in neighbour_groups():
        if not due(group, look_for_drift=True) or not (token := claim(group)):
            continue
        wanted = due(group, look_for_drift=True)  # another worker may have trained it before the claim
        considered: list[int] = []
        try:
            stored += train(group, only=wanted) if wanted else []
            considered = wanted
        finally:
            release(token, considered)
    return stored


def _settle_intervals() -> None:
    """Before a first training, take the reading interval from the readings where the declared one is clearly wrong.

    A model learns steps of that length: with a wrong one half the steps would be missing, or half the readings unused.
    """
    for substation in Substation.objects.reporting().exclude(detectors__isnull=False):
        measured, declared = substation.measured_interval_s(), substation.reading_interval_s
        if measured and abs(measured - declared) > 0.2 * declared:
            logger.info("%s reads every %d s, not every %d s as declared.", substation.code, measured, declared)
            Substation.objects.filter(pk=substation.pk).update(reading_interval_s=measured)
