"""The seam to a learnt network: what it may add to the physics, and nothing of how it works."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis.expectations import Residuals
from mlcore.diagnosis.incidents import Incident
from substations.electrical.power import BoolArray, FloatArray

CONFIRMING_HOURS = 3.0


@dataclass(frozen=True)
class NetworkScores:
    """A network's opinion on the same steps as the fleet's, [substation, time]; NaN where it has none.

    score: 1.0 is its own threshold for "unusual"; higher is more abnormal.
    reactive_scaled: its residual of the reactive channel in the units of ``Residuals.reactive_scaled``; where it
    is finite it replaces that statistic. Thresholds for it come from ``pipeline.recalibrate``.
    """

    score: FloatArray
    reactive_scaled: FloatArray | None = None


def with_network(residuals: Residuals, network: NetworkScores | None) -> Residuals:
    """The residuals with the network's reactive statistic where there is one."""
    if network is None or network.reactive_scaled is None:
        return residuals
    known = np.isfinite(network.reactive_scaled) & np.isfinite(residuals.reactive_scaled)
    scaled = np.where(known, network.reactive_scaled, residuals.reactive_scaled)
    return replace(residuals, reactive_scaled=scaled)


def confirms(network: NetworkScores | None, incident: Incident, steps: int) -> bool | None:
    """Did the network see something unusual between the onset and shortly after the alarm? None: no opinion."""
    if network is None:
        return None
    series = network.score[
        incident.episode.substation, incident.onset : max(incident.stop, incident.episode.raised + steps)
    ]
    known = series[np.isfinite(series)]
    return bool((known > 1.0).any()) if known.size else None


def unexplained(network: NetworkScores, explained: BoolArray) -> FloatArray:
    """The network's score where nothing else explains the readings; NaN elsewhere."""
    return np.where(explained, np.nan, network.score)
