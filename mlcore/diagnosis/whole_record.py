"""The diagnosis of a whole record: ``fit`` learns, ``analyse`` judges.

>>> models = fit(fleet, fleet.at_s < train_end_s)
>>> for finding in analyse(fleet, models, start_s=train_end_s).findings:
...     print(finding.substation, finding.cause, finding.loss_kwh)

To analyse new readings, give those of the last CONTEXT_HOURS before them too, or, where a finding is still open, from
CONTEXT_HOURS before its onset on; the answer is then the same as for the whole record.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlcore.diagnosis.analysis import Analysis, summary
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.judgement import ScoreByAutoencoder, findings, judge, parameters_of
from mlcore.diagnosis.learning import learn
from mlcore.diagnosis.model import SubstationModel, Warming
from substations.electrical.power import BoolArray


def fit(
    fleet: Fleet, train: BoolArray, *, sensitivity: float = 1.0, false_alarms_per_month: float | None = None
) -> dict[str, SubstationModel]:
    """Learn one model per substation from the steps marked in ``train`` ([time] or [substation, time]).

    ``sensitivity`` multiplies all scores; ``false_alarms_per_month`` (per substation) sets it from what normal
    training steps would have raised. A substation with too little data gets no model; ``warming_up`` says
    how far it is. Raises ValueError where ``train`` does not fit the fleet.
    """
    wanted = (len(fleet.codes), len(fleet.at_s))
    if train.shape not in (wanted, wanted[1:]):
        raise ValueError(f"train must have the shape {wanted[1:]} or {wanted}; received {train.shape}.")
    if not 0.1 <= sensitivity <= 10.0:
        raise ValueError(f"sensitivity must be between 0.1 and 10; received {sensitivity}.")
    return learn(fleet, train, sensitivity, false_alarms_per_month)[0]


def warming_up(fleet: Fleet, train: BoolArray) -> dict[str, Warming]:
    """Substations that ``fit`` gives no model: believable hours they have, and how many are needed."""
    return learn(fleet, train, 1.0)[1]


def analyse(
    fleet: Fleet,
    models: Mapping[str, SubstationModel],
    *,
    start_s: int | None = None,
    autoencoder: ScoreByAutoencoder | None = None,
) -> Analysis:
    """Judge every step from ``start_s`` on (default: all of them).

    Substations without a model get findings about their instruments, and of wide fixed limits.
    """
    judgement = judge(fleet, models, parameters_of(fleet, models), autoencoder)
    first = 0 if start_s is None else int(np.searchsorted(fleet.at_s, start_s))
    lasting = [f for f in findings(judgement, models) if start_s is None or f.end_s is None or f.end_s > start_s]
    return summary(judgement, lasting, models, first)
