"""What is stored of each judged reading."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mlcore.diagnosis.analysis import Analysis, StepStatus
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.fleet.groups import NeighbourGroup

from .context import moment


def score_rows(group: NeighbourGroup, analysis: Analysis, since_s: int) -> list[tuple[Any, ...]]:
    """One tuple per present reading from a time on, in the order of ``bulk.COLUMNS``."""
    first = int(np.searchsorted(analysis.at_s, since_s))
    row, step = np.nonzero(analysis.status[:, first:] != StepStatus.ABSENT)
    step += first
    times, ids = [moment(second) for second in analysis.at_s], list(group.ids)
    names = np.array([*INDICATORS, ""])  # −1 is the last one: no indicator
    power_factor, autoencoder = analysis.bands["power_factor"], analysis.autoencoder_score
    return list(
        zip(
            [ids[number] for number in row],
            [times[number] for number in step],
            _plain(analysis.score[row, step]),
            names[analysis.worst_indicator[row, step]].tolist(),
            analysis.status[row, step].tolist(),
            [None] * len(row) if autoencoder is None else _plain(autoencoder[row, step]),
            *(
                _plain(column[row, step])
                for column in (
                    analysis.expected_reactive_kvar,
                    power_factor.expected,
                    power_factor.low,
                    power_factor.high,
                    analysis.local_loss_kw,
                    analysis.extra_loss_kw,
                    analysis.avoidable_loss_kw,
                )
            ),
            strict=True,
        )
    )


def _plain(values: Any) -> list[float | None]:
    """Python floats, None for what is not finite: a database has no NaN."""
    return [value if math.isfinite(value) else None for value in values.tolist()]
