"""The engine on recordings that are no substation's: F1 of its models with one setting for all of them.

The protocol is that of the public water-loop benchmarks: each recording by itself, its first 400 rows are normal and
all that is learned from, every row is judged, and hits, false alarms and misses are added up over all recordings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.water_loop import NORMAL_ROWS, WaterRecording, water_recordings
from mlcore.engine import GruAutoencoder, PrincipalComponents, Reconstruction
from mlcore.engine.metrics import Confusion

MODELS: dict[str, Callable[[], Reconstruction]] = {
    "default": GruAutoencoder,
    "components": PrincipalComponents,
    "network_alone": lambda: GruAutoencoder(explained=None),
}


def bench_water(seed: int, files: int = 34) -> dict[str, Any]:
    """F1, false alarms and misses in rows, and seconds of each model on the recordings of one seed."""
    recordings = water_recordings(seed, files)
    rows = sum(len(recording.values) for recording in recordings)
    figures: dict[str, Any] = {
        "seed": seed,
        "recordings": files,
        "rows": rows,
        "abnormal_share": sum(int(recording.abnormal.sum()) for recording in recordings) / rows,
    }
    for name, make in MODELS.items():
        started = time.perf_counter()
        found, used = judged(recordings, make)
        figures |= {
            f"{name}_f1": found.f1,
            f"{name}_false_alarm_rows": found.false_alarms,
            f"{name}_missed_rows": found.misses,
            f"{name}_s": time.perf_counter() - started,
        }
        if name == "default":
            figures["network_used_in"] = used
    return figures


def judged(recordings: Sequence[WaterRecording], make: Callable[[], Reconstruction]) -> tuple[Confusion, int]:
    """What a model flags in all recordings, a fresh model for each, and in how many its network is used."""
    hits = false_alarms = misses = used = 0
    for recording in recordings:
        model = make().fit(recording.values[None, :NORMAL_ROWS])
        flagged = flags(model, recording.values)
        hits += int((flagged & recording.abnormal).sum())
        false_alarms += int((flagged & ~recording.abnormal).sum())
        misses += int((~flagged & recording.abnormal).sum())
        used += isinstance(model, GruAutoencoder) and bool(model.network_used_[0])
    return Confusion(hits, false_alarms, misses), used


def flags(model: Reconstruction, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """[row] above the threshold; rows before the first full window are not."""
    return np.asarray(np.nan_to_num(model.score(values[None])[0]) > model.threshold_[0])
