"""A fleet judged as its readings come in: the findings of the whole record, for the price of the new steps.

Every step is judged once, with what the windows remember of the steps before it. Whole histories are kept of
substations where an alarm is on, or was lately: only there an episode has to be assessed again from its onset on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import judgement
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import Array, HistoryError, HistoryStore
from mlcore.diagnosis.judgement import Judgement, ScoreByAutoencoder
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.parameters import Parameters
from mlcore.diagnosis.tracked_history import arrays_of, followed, of_substation, restored, shortened

TRACKED_AFTER_H = 30.0
"""A substation is tracked until no alarm was on for longer than any takes to clear (24 h of a meter), with margin."""


@dataclass
class TrackedSubstation:
    """A substation whose history is kept. quiet_steps: how long no alarm has been on."""

    history: Judgement
    quiet_steps: int = 0


@dataclass(frozen=True)
class KeptHistory:
    """A tracked substation taken apart: its row in the fleet and the arrays of its history."""

    row: int
    quiet_steps: int
    arrays: list[Array]


class IncrementalScorer:
    """The state of a fleet between two looks at it.

    models: by code. spare_steps: steps that may be judged again because readings came late.
    judged_until_s: end of the newest judged step, None before the first.
    active: codes of the substations where an alarm was on in the newest steps. tracked: by code.
    """

    def __init__(
        self,
        models: Mapping[str, SubstationModel],
        autoencoder: ScoreByAutoencoder | None = None,
        spare_steps: int = 8,
    ) -> None:
        self.models = models
        self.autoencoder = autoencoder
        self.history = HistoryStore(spare_steps)
        self.judged_until_s: int | None = None
        self.active: set[str] = set()
        self.tracked: dict[str, TrackedSubstation] = {}
        self._parameters: Parameters | None = None
        self._to_restore: tuple[KeptHistory, ...] = ()

    def advance(self, fleet: Fleet) -> Judgement:
        """Judge the steps of ``fleet``, which follow or overlap those judged before.

        The first call has to bring ``judgement.CONTEXT_HOURS`` of readings. Raises HistoryError where the steps do
        not follow, or reach back further than ``spare_steps``: then a new scorer has to be started.
        """
        again = 0 if self.judged_until_s is None else (self.judged_until_s - int(fleet.at_s[0])) // fleet.interval_s
        self._rewind(again)
        if self._parameters is None:
            self._parameters = judgement.parameters_of(fleet, self.models)
        with self.history.advancing(len(fleet.at_s)) as history:
            judged = judgement.judge(fleet, self.models, self._parameters, self.autoencoder, history)
        self.judged_until_s = int(fleet.at_s[-1]) + fleet.interval_s
        self.active = {fleet.codes[row] for row in np.flatnonzero(judged.alarms.anything.any(axis=1))}
        self._restore_tracked(judged, again)
        self._extend_tracked(judged)
        return judged

    def tracked_apart(self, codes: Sequence[str], max_bytes: int) -> tuple[KeptHistory, ...]:
        """The tracked substations of a fleet for another scorer to go on from: the shortest histories, up to a size."""
        apart = [
            KeptHistory(row, self.tracked[code].quiet_steps, arrays_of(self.tracked[code].history))
            for row, code in enumerate(codes)
            if code in self.tracked
        ]
        sizes = sorted((sum(array.nbytes for array in each.arrays), each.row) for each in apart)
        total = np.cumsum([size for size, _ in sizes])
        fitting = {row for (_, row), upto in zip(sizes, total, strict=True) if upto <= max_bytes}
        return tuple(each for each in apart if each.row in fitting)

    def resume(self, history: HistoryStore, judged_until_s: int, tracked: tuple[KeptHistory, ...]) -> None:
        """Go on from what another scorer of the same fleet and models remembered."""
        self.history, self.judged_until_s, self._to_restore = history, judged_until_s, tracked

    @property
    def newly_active(self) -> set[str]:
        """Substations where an alarm is on that nobody tracks yet: ``track`` them with their history."""
        return self.active - self.tracked.keys()

    def track(self, judged: Judgement, codes: set[str]) -> None:
        """Keep the history of substations; ``judged`` ends where the scorer does."""
        fleet = judged.fleet
        if int(fleet.at_s[-1]) + fleet.interval_s != self.judged_until_s:
            raise HistoryError(f"The history ends at {fleet.at_s[-1]}, the scorer at {self.judged_until_s}.")
        for code in codes:
            self.tracked[code] = TrackedSubstation(of_substation(judged, fleet.codes.index(code)))

    def findings(self) -> list[Finding]:
        """Findings on the tracked substations, over their whole history."""
        return [finding for each in self.tracked.values() for finding in judgement.findings(each.history, self.models)]

    def _rewind(self, steps: int) -> None:
        if steps < 0:
            raise HistoryError(f"{-steps} steps are missing between what was judged and the new readings.")
        self.history.rewind(steps)
        for substation in self.tracked.values():
            substation.history = shortened(substation.history, steps)
            substation.quiet_steps = max(substation.quiet_steps - steps, 0)

    def _restore_tracked(self, judged: Judgement, again: int) -> None:
        """The histories that another scorer kept, without the steps judged again; one of another form is left out."""
        for kept in self._to_restore:
            history = restored(of_substation(judged, kept.row), kept.arrays)
            if history is not None:
                quiet_steps = max(kept.quiet_steps - again, 0)
                self.tracked[judged.fleet.codes[kept.row]] = TrackedSubstation(shortened(history, again), quiet_steps)
        self._to_restore = ()

    def _extend_tracked(self, judged: Judgement) -> None:
        fleet = judged.fleet
        rows = {code: row for row, code in enumerate(fleet.codes)}
        for code, substation in list(self.tracked.items()):
            substation.history = followed(substation.history, judged, rows[code])
            substation.quiet_steps = 0 if code in self.active else substation.quiet_steps + len(fleet.at_s)
            if substation.quiet_steps > fleet.steps(TRACKED_AFTER_H):
                del self.tracked[code]
