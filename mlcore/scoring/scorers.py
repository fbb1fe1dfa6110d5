"""The scorers that this process keeps, one of each batch that it judges, and their states in checkpoints."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.fleet.groups import ScoringBatch
from mlcore.models import Detector

from . import checkpoints, ownership, running_workers
from .context import moment

logger = logging.getLogger(__name__)


@dataclass
class BatchScorer:
    """The scorer of a batch with what does not change from one reading to the next.

    basis: what the scorer rests on; another basis needs another scorer. fleet: codes, nameplates and topology.
    kept_until_s: up to when it is in a checkpoint; kept_at: when that was written (monotonic clock, s).
    """

    basis: Any
    scorer: IncrementalScorer
    fleet: Fleet
    detectors: dict[str, Detector]
    kept_until_s: int | None = None
    kept_at: float = 0.0

    @property
    def judged_until(self) -> datetime | None:
        until_s = self.scorer.judged_until_s
        return None if until_s is None else moment(until_s)

    def state(self, until_s: int) -> checkpoints.Checkpoint:
        """What another process needs to go on from here."""
        scorer, fleet = self.scorer, self.fleet
        tracked = scorer.tracked_apart(fleet.codes, checkpoints.MAX_TRACKED_BYTES)
        return checkpoints.Checkpoint(ownership.this_process(), until_s, scorer.history, fleet.nameplates, tracked)


class ScorerRegistry:
    """The scorers that this process keeps, by the substations of their batches. No two share a substation."""

    def __init__(self) -> None:
        self._scorers: dict[tuple[int, ...], BatchScorer] = {}

    @property
    def kept(self) -> list[BatchScorer]:
        """All of them."""
        return list(self._scorers.values())

    def by_age(self) -> list[tuple[tuple[int, ...], BatchScorer]]:
        """All with the substations of their batches, the ones first that were kept longest ago."""
        return sorted(self._scorers.items(), key=lambda each: each[1].kept_at)

    def take(self, batch: ScoringBatch) -> BatchScorer | None:
        """The scorer of a batch, out of the registry: whoever fails with it does not put it back.

        Those of batches that this one has taken substations from go too: nobody will ask for them again.
        """
        taken = self._scorers.pop(batch.ids, None)
        for ids in [ids for ids in self._scorers if not set(ids).isdisjoint(batch.ids)]:
            del self._scorers[ids]
        return taken

    def put(self, batch: ScoringBatch, scorer: BatchScorer) -> None:
        self._scorers[batch.ids] = scorer

    def clear(self) -> None:
        """Forget all of them, as a new process does."""
        self._scorers.clear()


SCORERS = ScorerRegistry()
"""Those of this process."""


def keep_checkpoints(scorers: ScorerRegistry = SCORERS) -> None:
    """Write the states of scorers that changed since long, the oldest first, for half a second at most."""
    running_workers.note_running(ownership.this_process())
    began = time.monotonic()
    for ids, each in scorers.by_age():
        now, until_s = time.monotonic(), each.scorer.judged_until_s
        if now - began > checkpoints.BUDGET_S or (each.kept_at and now - each.kept_at < checkpoints.EVERY_S):
            break
        if until_s is not None and until_s != each.kept_until_s:
            try:
                checkpoints.write(ids, each.basis, each.state(until_s))
            except OSError as error:
                logger.warning("The state of a scorer cannot be kept: %s", error)
                break
            each.kept_until_s = until_s
        each.kept_at = time.monotonic()
    checkpoints.remove_old()
    running_workers.forget_old()
