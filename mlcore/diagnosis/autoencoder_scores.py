"""The seam to an autoencoder: what it may add to the physics, and nothing of how it works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.incidents import Incident
from substations.electrical.power import BoolArray, FloatArray


@dataclass(frozen=True)
class AutoencoderScores:
    """A network's opinion on the same steps as the fleet's, [substation, time]; NaN where it has none.

    score: 1.0 is its own threshold for "unusual"; higher is more abnormal.
    log_odds: [substation, time, cause] in the order of NETWORK_CAUSES; None: it knows no causes.
    """

    score: FloatArray
    log_odds: FloatArray | None = None


def confirms(autoencoder: AutoencoderScores | None, incident: Incident, steps: int) -> bool | None:
    """Did the autoencoder see something unusual between the onset and shortly after the alarm? None: no opinion."""
    if autoencoder is None:
        return None
    series = autoencoder.score[
        incident.episode.substation, incident.onset : max(incident.stop, incident.episode.raised + steps)
    ]
    known = series[np.isfinite(series)]
    return bool((known > 1.0).any()) if known.size else None


def unexplained(autoencoder: AutoencoderScores, explained: BoolArray) -> FloatArray:
    """The autoencoder's score where nothing else explains the readings; NaN elsewhere."""
    return np.where(explained, np.nan, autoencoder.score)
