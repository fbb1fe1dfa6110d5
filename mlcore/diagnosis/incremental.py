"""A fleet judged as its readings come in: the findings of the whole record, for the price of the new steps.

Every step is judged once, with what the windows remember of the steps before it. Whole histories are kept of
substations where something stands alone: only there an episode has to be assessed again from its onset on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from mlcore.diagnosis import judgement
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.data_quality_flags import Learnt
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import HistoryError, Memory
from mlcore.diagnosis.judgement import Judged
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.tracked_history import followed, of_substation, shortened
from substations.electrical.power import FloatArray

WATCHED_AFTER_H = 30.0
"""A substation is watched until nothing has stood for longer than any alarm takes to clear."""

Opinion = Callable[[Fleet, FloatArray], AutoencoderScores | None]


@dataclass
class Watched:
    """A substation where something stands. quiet_steps: how long nothing has."""

    history: Judged
    quiet_steps: int = 0


@dataclass
class Stream:
    """The state of a fleet between two looks at it.

    models: by code. opinion: the autoencoders' scores of a fleet and its residual channels. spare: steps that may be
    judged again because readings came late. judged_until_s: end of the newest judged step, None before the first.
    """

    models: Mapping[str, SubstationModel]
    opinion: Opinion | None = None
    spare: int = 8
    judged_until_s: int | None = None
    watched: dict[str, Watched] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.memory = Memory(self.spare)
        self.learnt: Learnt | None = None
        self.stirred: set[str] = set()

    def advance(self, fleet: Fleet) -> Judged:
        """Judge the steps of ``fleet``, which follow or overlap those judged before.

        The first call has to bring ``judgement.CONTEXT_HOURS`` of readings. Raises HistoryError where the steps do
        not follow, or reach back further than ``spare``: then a new stream has to be started.
        """
        if self.judged_until_s is not None:
            self._rewind((self.judged_until_s - int(fleet.at_s[0])) // fleet.interval_s)
        if self.learnt is None:
            self.learnt = judgement.learnt_of(fleet, self.models)
        opinion = self.opinion
        with self.memory:
            judged = judgement.judge(
                fleet, self.models, self.learnt, None if opinion is None else lambda found: opinion(fleet, found)
            )
        self.judged_until_s = int(fleet.at_s[-1]) + fleet.interval_s
        self.stirred = {fleet.codes[row] for row in np.flatnonzero(judged.standing.anything.any(axis=1))}
        self._follow(judged)
        return judged

    @property
    def strangers(self) -> set[str]:
        """Substations where something stands that nobody watches yet: ``watch`` them with their history."""
        return self.stirred - self.watched.keys()

    def watch(self, judged: Judged, codes: set[str]) -> None:
        """Keep the history of substations; ``judged`` ends where the stream does."""
        fleet = judged.prepared.fleet
        if int(fleet.at_s[-1]) + fleet.interval_s != self.judged_until_s:
            raise HistoryError(f"The history ends at {fleet.at_s[-1]}, the stream at {self.judged_until_s}.")
        for code in codes:
            self.watched[code] = Watched(of_substation(judged, fleet.codes.index(code)))

    def findings(self) -> list[Finding]:
        """Findings on the watched substations, over their whole history."""
        return [finding for each in self.watched.values() for finding in judgement.findings(each.history, self.models)]

    def _rewind(self, steps: int) -> None:
        if steps < 0:
            raise HistoryError(f"{-steps} steps are missing between what was judged and the new readings.")
        self.memory.rewind(steps)
        for each in self.watched.values():
            each.history = shortened(each.history, steps)
            each.quiet_steps = max(each.quiet_steps - steps, 0)

    def _follow(self, judged: Judged) -> None:
        fleet = judged.prepared.fleet
        rows = {code: row for row, code in enumerate(fleet.codes)}
        for code, each in list(self.watched.items()):
            each.history = followed(each.history, judged, rows[code])
            each.quiet_steps = 0 if code in self.stirred else each.quiet_steps + len(fleet.at_s)
            if each.quiet_steps > fleet.steps(WATCHED_AFTER_H):
                del self.watched[code]
