"""What the rest of the system asks of learning and detecting."""

from __future__ import annotations

from collections.abc import Sequence

from .models import Detection, Detector
from .scoring import score_pending
from .shards import shards
from .training import due, train

__all__ = ["learn_verdict", "score_pending", "train_due"]


def learn_verdict(detection_ids: Sequence[int], *, is_false: bool) -> None:
    """Keep what an operator found out: a false alarm shows normal behaviour, so later training learns from it."""
    verdict = Detection.Verdict.FALSE_ALARM if is_false else Detection.Verdict.CONFIRMED
    Detection.objects.filter(pk__in=detection_ids).update(verdict=verdict)


def train_due() -> list[Detector]:
    """Train every shard that is due; the new versions."""
    return [detector for shard in shards() if due(shard) for detector in train(shard)]
