"""The made-up fleet judged once by models of its own calm days, for tests of single stages of the diagnosis."""

from __future__ import annotations

from functools import lru_cache

from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.judgement import Judgement, judge, parameters_of
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.whole_record import fit

from .made_fleet import Load, made_fleet, training

FIRST_H, LAST_H = 19 * 24.0, 21 * 24.0
CHANGED = 1


def more_kvar(load: Load) -> None:
    """The second substation needs 0.16 of its rating more for two days, as without its capacitors."""
    load.reactive[CHANGED, load.between(FIRST_H, LAST_H)] += 0.16


@lru_cache(maxsize=1)
def calm() -> tuple[Fleet, dict[str, SubstationModel]]:
    fleet = made_fleet(wired=False)
    return fleet, fit(fleet, training(fleet))


@lru_cache(maxsize=2)
def judged(*, is_changed: bool = False) -> Judgement:
    """Without feeders, so that a transformer's loss can be worked out by hand."""
    _, models = calm()
    fleet = made_fleet(more_kvar if is_changed else None, wired=False)
    return judge(fleet, models, parameters_of(fleet, models))
