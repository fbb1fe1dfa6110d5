"""The seam to a learnt network: what it may add to the physics, and nothing of how it works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.incidents import Incident
from substations.electrical.power import BoolArray, FloatArray

CONFIRMING_HOURS = 3.0


@dataclass(frozen=True)
class AutoencoderScores:
    """A network's opinion on the same steps as the fleet's, [substation, time]; NaN where it has none.

    score: 1.0 is its own threshold for "unusual"; higher is more abnormal.
    """

    score: FloatArray


def confirms(network: AutoencoderScores | None, incident: Incident, steps: int) -> bool | None:
    """Did the network see something unusual between the onset and shortly after the alarm? None: no opinion."""
    if network is None:
        return None
    series = network.score[
        incident.episode.substation, incident.onset : max(incident.stop, incident.episode.raised + steps)
    ]
    known = series[np.isfinite(series)]
    return bool((known > 1.0).any()) if known.size else None


def unexplained(network: AutoencoderScores, explained: BoolArray) -> FloatArray:
    """The network's score where nothing else explains the readings; NaN elsewhere."""
    return np.where(explained, np.nan, network.score)
