"""The page of the staff: what is kept for how long, how much there is, and what its limit frees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .models import PruningState
from .retention_kinds import RetentionKind, kinds


@dataclass(frozen=True, slots=True)
class RetentionRow:
    """One kind; ``state`` is None before its first run."""

    kind: RetentionKind
    state: PruningState | None

    @property
    def reckoned_days(self) -> float:
        """The days that ``would_free`` was counted with."""
        return self.kind.days or self.kind.suggested_days


def retention_rows() -> Sequence[RetentionRow]:
    states = {state.kind: state for state in PruningState.objects.all()}
    return [RetentionRow(kind, states.get(kind.name)) for kind in kinds()]
