"""How what the network says is joined to the scores of the physics.

A score is multiplied by 1.41 at most and divided by 1.41 at most. So the network raises what physics alone would not,
from 0.71 of its threshold on; it vetoes what costs little, up to 1.41 of the threshold; beyond that nothing can silence
an alarm.
Causes, energies and sentences stay those of the physics.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlcore.diagnosis.causes import CAPACITOR, LOW_PF_LOAD, OVERLOAD
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.scores import Scores
from substations.electrical.power import FloatArray

NETWORK_CAUSES = (
    CAPACITOR, LOW_PF_LOAD, OVERLOAD, "phase_imbalance", "harmonic_injection", "tap_voltage", "cooling_failure",
)  # fmt: skip
"""Outputs of the head, in the order of its weights."""

CAUSES_OF_INDICATOR = {
    "reactive": (CAPACITOR, LOW_PF_LOAD),
    "motor": (CAPACITOR, LOW_PF_LOAD),
    "distortion": ("harmonic_injection",),
    "imbalance": ("phase_imbalance",),
    "voltage": ("tap_voltage",),
    "oil_temperature": ("cooling_failure",),
    "overload": (OVERLOAD,),
}
NEUTRAL_ODDS, ODDS_PER_DOUBLING, MAX_DOUBLINGS = 2.5, 3.5, 0.5
"""Tuned, see docs/accuracy.md: log-odds at which a score stays as it is, how many more of them would double it, and how
far it may go, as a power of two."""


def weighed(scores: Scores, log_odds: FloatArray, departures: Departures) -> Scores:
    """Scores of all windows × 2^((log-odds − 2.5) / 3.5), at most 2^0.5, at least 2^−0.5; unchanged where it is silent.

    log_odds: [substation, time, cause] in the order of NETWORK_CAUSES, NaN where the network says nothing.
    """
    return replace(scores, all_windows=scores.all_windows * say(log_odds, departures))


def say(log_odds: FloatArray, departures: Departures) -> FloatArray:
    """[substation, time, indicator] the factor on each score, 0.71 to 1.41; 1 where the network says nothing."""
    doublings = np.clip((log_odds - NEUTRAL_ODDS) / ODDS_PER_DOUBLING, -MAX_DOUBLINGS, MAX_DOUBLINGS)
    factor = np.exp2(np.nan_to_num(doublings))
    columns = [
        np.max(factor[..., [NETWORK_CAUSES.index(cause) for cause in CAUSES_OF_INDICATOR[name]]], axis=-1)
        for name in INDICATORS
    ]
    # It was never shown a bank that feeds kvar back: what it does not know it does not veto.
    leading = departures.residuals.reactive < 0.0
    columns[0] = np.where(leading, np.maximum(columns[0], 1.0), columns[0])
    return np.asarray(np.stack(columns, axis=-1))
