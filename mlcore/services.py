"""What the rest of the system asks of learning and detecting."""

from __future__ import annotations

from .models import Detector
from .scoring import score_pending
from .shards import shards
from .training import due, train

__all__ = ["score_pending", "train_due"]


def train_due() -> list[Detector]:
    """Train every shard that is due; the new versions."""
    return [detector for shard in shards() if due(shard) for detector in train(shard)]
