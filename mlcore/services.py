"""What the rest of the system asks of learning and detecting."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from core.leases import LeaseLost, kept
from core.retries import DATABASE_AWAY, log_failure
from core.saved_fields import save_fields
from mlcore.fleet.groups import NeighbourGroup, neighbour_groups
from mlcore.scoring.health import scoring_health
from mlcore.scoring.pending import batches_waiting, score_pending
from mlcore.scoring.scorers import keep_checkpoints
from mlcore.scoring.silence import follow_silence
from mlcore.training.feedback import learn_verdict
from mlcore.training.fit import train
from mlcore.training.schedule import claim, claimed, demand, due, interrupted, release
from mlcore.training.sensitivity_runs import is_wanted as sensitivity_is_wanted
from mlcore.training.sensitivity_runs import work_out_requested as work_out_sensitivity
from substations.models import Substation

from .models import Detector, TrainingAttempt, TrainingFailure

logger = logging.getLogger(__name__)
__all__ = [
    "batches_waiting",
    "follow_silence",
    "keep_checkpoints",
    "learn_verdict",
    "score_pending",
    "scoring_health",
    "sensitivity_is_wanted",
    "train_all",
    "train_due",
    "training_is_due",
    "work_out_sensitivity",
]


class TrainingInterrupted(Exception):
    """The worker that trained a group has died over it."""


def train_all(*, until: datetime | None = None, refine: bool = True) -> list[Detector]:
    """Train every group now, from readings until a time or else by the ordinary rule; for commands.

    A group that cannot be trained is left out: why is logged and stored (``TrainingFailure``). refine: as in ``train``.
    """
    stored: list[Detector] = []
    for group in neighbour_groups():
        with _failing_alone(group) as concerned:
            concerned += group.ids
            stored += train(group, until=until, refine=refine)
    return stored


def training_is_due() -> bool:
    """Whether a group should be trained that nobody is training. Asked every few seconds: mostly nobody is due."""
    wanted = demand(Substation.objects.all())
    if not wanted.everyone:
        return False
    held = claimed()
    return any(wanted.of(group) and group.substations[0].pk not in held for group in neighbour_groups())


def train_due() -> list[Detector]:
    """Train every group that is due and that no other worker is training; the new versions.

    A group that cannot be trained stops no other one: why is stored, and it is tried again later.
    """
    _settle_intervals()
    stored: list[Detector] = []
    died_over = interrupted()
    # First the others: what takes a worker's life once may do it again.
    for group in sorted(neighbour_groups(), key=lambda group: group.substations[0].pk in died_over):
        with _failing_alone(group) as concerned:
            stored += _train_if_due(group, concerned, was_interrupted=group.substations[0].pk in died_over)
    return stored


def _train_if_due(group: NeighbourGroup, concerned: list[int], *, was_interrupted: bool) -> list[Detector]:
    """Train a group under a lease that is renewed meanwhile. concerned: becomes who is trained."""
    if not (wanted := due(group, look_for_drift=True)) or not (token := claim(group)):
        return []
    concerned += wanted
    considered: list[int] = []
    try:
        with kept(TrainingAttempt.objects.all(), token):
            concerned[:] = due(group, look_for_drift=True)  # another worker may have trained it before the claim
            if was_interrupted:
                _note_interruption(concerned)
            stored = train(group, only=concerned, token=token) if concerned else []
        considered = concerned
    finally:
        release(token, considered)
    return stored


def _note_interruption(concerned: list[int]) -> None:
    """Say that a worker has died over a training, which goes on now; where something failed before, after a wait."""
    error = TrainingInterrupted("The worker was stopped or ran out of memory during the training.")
    if TrainingFailure.objects.filter(pk__in=concerned).exists():
        raise error
    TrainingFailure.objects.record(dict.fromkeys(concerned, error))


@contextmanager
def _failing_alone(group: NeighbourGroup) -> Iterator[list[int]]:
    """Keep a failure to the group it belongs to: it is stored of the substations that the work adds to the list."""
    concerned: list[int] = []
    try:
        yield concerned
    except DATABASE_AWAY:
        raise
    except LeaseLost:
        logger.warning("The claim on the group of %s ran out; its models are dropped.", group.substations[0].code)
    except Exception as error:  # whatever it is, the other groups have nothing to do with it
        log_failure(logger, f"The group of {group.substations[0].code} cannot be trained", error)
        TrainingFailure.objects.record(dict.fromkeys(concerned or group.ids, error))
    else:
        TrainingFailure.objects.succeeded(concerned)


def _settle_intervals() -> None:
    """Before a first training, take the reading interval from the readings where the declared one is clearly wrong.

    A model learns steps of that length: with a wrong one half the steps would be missing, or half the readings unused.
    """
    for substation in Substation.objects.reporting().exclude(detectors__isnull=False):
        measured, declared = substation.measured_interval_s(), substation.reading_interval_s
        if measured and abs(measured - declared) > 0.2 * declared:
            logger.info("%s reads every %d s, not every %d s as declared.", substation.code, measured, declared)
            save_fields(substation, reading_interval_s=measured)
