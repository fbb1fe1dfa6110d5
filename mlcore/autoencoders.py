"""The autoencoders over the residuals of the diagnosis: training them, and what they say of a step.

What is left of a reading after everything that physics and the neighbours explain should look like noise. The
autoencoder learns how that noise usually moves, over all quantities and hours of the day, and says when it does not.
TensorFlow is needed to train, not to score.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlcore.diagnosis.analysis import Analysis, StepStatus
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD, History
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.residuals import RESIDUAL_NAMES
from mlcore.diagnosis.rolling import window_any, window_mean
from mlcore.diagnosis.terms import HOURS_PER_MONTH, MIN_TRAINING_DAYS, QUARTER_HOUR_S
from mlcore.diagnosis.whole_record import analyse
from mlcore.engine.gru_autoencoder import GruAutoencoder
from substations.electrical.power import BoolArray, FloatArray

logger = logging.getLogger(__name__)

SLOT_S = QUARTER_HOUR_S
"""Readings that come more often are averaged to this before the autoencoder sees them."""
WINDOW_H = 4.0
MIN_WINDOW, MAX_WINDOW = 8, 24
"""Chosen: a window of four hours holds the beginning of a fault; fewer steps hold no shape, more cost time alone."""
LATENT = 2
"""Narrow: calm residuals hold little but noise, and a wide bottleneck would pass a lasting fault on as well."""
CLIP = 15.0
"""Chosen: in spreads, several times a clear fault; beyond it a reading is not more abnormal, only wilder."""
# Residuals are whitened already: no linear model comes first, and each counts in units of its own usual error. Tuned
# with the diagnosis; the defaults of the engine are for data that nobody has prepared.
SETTINGS: dict[str, Any] = {
    "explained": None,
    "scoring": "usual error",
    "holdout": 0.2,
    "epochs": None,
    "threshold_share": 0.97,
    "threshold_factor": 1.5,
}
OWN_DAYS = MIN_TRAINING_DAYS
"""Calm days, beside those kept back, from which a substation gets an autoencoder of its own instead of the fleet's."""
ABNORMAL_SCORE = 0.8
EXCLUDED_AROUND_H = 3.0
"""Chosen: what comes near an alarm, and the hours around it that a window may still hold, are not learned as normal."""
MIN_UNUSUAL_LOSS_PCT = 5.0
"""Unusual behaviour is worth an alert from this much extra loss on; a holiday is unusual too, and costs nothing."""


@dataclass(frozen=True)
class Slots:
    """Steps of a fleet at which the autoencoder looks: the last of every slot.

    steps: [slot] index of the step. steps_each: how many there are in a slot. interval_s: length of a slot.
    """

    steps: IntArray
    steps_each: int
    interval_s: int


def slots_of(fleet: Fleet) -> Slots:
    """Slots on the clock, so that training and scoring cut the time alike wherever a record begins."""
    steps_each = max(1, SLOT_S // fleet.interval_s)
    number = fleet.at_s // fleet.interval_s
    return Slots(np.flatnonzero(number % steps_each == steps_each - 1), steps_each, steps_each * fleet.interval_s)


def window_steps(interval_s: int) -> int:
    """Length of the autoencoder's window for slots of this length."""
    return int(np.clip(round(WINDOW_H * 3600 / interval_s), MIN_WINDOW, MAX_WINDOW))


def train_autoencoders(
    fleet: Fleet, models: Mapping[str, SubstationModel], train: BoolArray, *, seed: int = 0
) -> dict[str, GruAutoencoder]:
    """An autoencoder for every substation with a model and enough calm rows among the marked ones.

    Empty where TensorFlow is not installed, or where no substation has a calm window: the regression carries on.
    """
    if not models:
        return {}
    analysis = analyse(fleet, models)
    slots = slots_of(fleet)
    averaged, calendar = _features(fleet, analysis.residuals, slots.steps_each, WHOLE_RECORD)
    values, context = np.moveaxis(averaged[:, :, slots.steps], 1, 2), calendar[:, slots.steps].T
    rows = (_calm(fleet, analysis) & train)[:, slots.steps]
    autoencoder = GruAutoencoder(
        **SETTINGS,
        window_steps=window_steps(slots.interval_s),
        latent=LATENT,
        clip=CLIP,
        own_least=OWN_DAYS * 86_400 // slots.interval_s,
        seed=seed,
    )
    usable = autoencoder.usable_windows(values, rows=rows)
    known = [number for number, code in enumerate(fleet.codes) if code in models and usable[number]]
    if not known:
        logger.info("No autoencoder was trained: no substation has a calm window.")
        return {}
    try:
        autoencoder.fit(values[known], context=context, rows=rows[known])
    except ImportError:
        logger.info("TensorFlow is not installed: substations are judged without an autoencoder.")
        return {}
    except ValueError as error:
        logger.info("No autoencoder was trained: %s", error)
        return {}
    judged = np.isfinite(autoencoder.heldout_error_)  # without a window kept back there is no limit to trust
    return {fleet.codes[k]: autoencoder.only([i]) for i, k in enumerate(known) if judged[i]}


@dataclass(frozen=True)
class AutoencoderStack:
    """The autoencoders of a fleet, stacked once: (rows of the fleet, autoencoders of these rows)."""

    stacks: tuple[tuple[list[int], GruAutoencoder], ...]

    @classmethod
    def of(cls, codes: Sequence[str], autoencoders: Mapping[str, GruAutoencoder]) -> AutoencoderStack:
        groups = _alike([code for code in codes if code in autoencoders], autoencoders)
        row = {code: number for number, code in enumerate(codes)}
        return cls(
            tuple(
                ([row[code] for code in group], GruAutoencoder.stack([autoencoders[code] for code in group]))
                for group in groups
            )
        )

    def score(self, fleet: Fleet, residuals: FloatArray, history: History) -> AutoencoderScores | None:
        """What the autoencoders say of each step, given residuals [substation, time, residual]; None without any.

        The score is that of the newest complete slot over the autoencoder's threshold: 1.0 is where unusual begins.
        """
        if not self.stacks:
            return None
        slots = slots_of(fleet)
        values, context = _features(fleet, residuals, slots.steps_each, history)
        reach = slots.steps_each * (max(autoencoder.window_steps for _, autoencoder in self.stacks) - 1)
        values, earlier = history.of("values").before(values, reach)
        context, _ = history.of("context").before(context, reach)
        latest = history.of("latest")
        before = latest.last(residuals[:, :, 0], np.nan)
        scores = np.repeat(before, residuals.shape[1], axis=1)
        if len(slots.steps):
            ends = slots.steps + earlier
            columns = np.concatenate([np.arange(ends[0], -1, -slots.steps_each)[:0:-1], ends])
            for rows, autoencoder in self.stacks:
                known = np.moveaxis(values[rows][:, :, columns], 1, 2)
                relative = autoencoder.score(known, context=context[:, columns].T) / autoencoder.threshold_[:, None]
                scores[rows] = _on_every_step(relative[:, -len(slots.steps) :], slots, scores[rows])
        return AutoencoderScores(latest.keep(scores))


def worth_saying(findings: list[Finding]) -> list[Finding]:
    """The findings without unusual behaviour that costs next to nothing or goes on during another finding."""
    named = [finding for finding in findings if finding.kind != "unusual"]
    return [
        finding
        for finding in findings
        if finding.kind != "unusual"
        or (finding.loss_pct >= MIN_UNUSUAL_LOSS_PCT and not any(_overlap(finding, other) for other in named))
    ]


def _overlap(one: Finding, other: Finding) -> bool:
    ends = [math.inf if finding.end_s is None else finding.end_s for finding in (one, other)]
    return one.substation == other.substation and one.onset_s < ends[1] and other.onset_s < ends[0]


def facts_of(autoencoder: GruAutoencoder, interval_s: int) -> dict[str, float | int | str]:
    """What the autoencoder of one substation is worth, for its model card."""
    per_month = float(autoencoder.exceeded_share_[0]) * HOURS_PER_MONTH * 3600 / max(interval_s, SLOT_S)
    return {
        "network_windows": int(autoencoder.windows_[0]),
        "network_window_steps": autoencoder.window_steps,
        "network_heldout_error": float(autoencoder.heldout_error_[0]),
        "network_threshold": float(autoencoder.threshold_[0]),
        "network_unusual_slots_per_month": per_month,
        "network_channels": ", ".join(RESIDUAL_NAMES),
    }


def _features(fleet: Fleet, residuals: FloatArray, steps_each: int, history: History) -> tuple[FloatArray, FloatArray]:
    """Residuals [substation, residual, time] as means of ``steps_each`` steps; [feature, time] hour and weekend."""
    by_step = np.moveaxis(residuals, 1, 2)
    averaged = window_mean(by_step, steps_each, history.of("slot_mean")) if steps_each > 1 else by_step
    angle = 2.0 * np.pi * fleet.hour / 24.0
    return averaged, np.stack([np.sin(angle), np.cos(angle), fleet.weekend.astype(np.float64)])


def _calm(fleet: Fleet, analysis: Analysis) -> BoolArray:
    """[substation, time] believable steps away from everything that looks or is called abnormal."""
    around = fleet.steps(EXCLUDED_AROUND_H)
    wild = np.nan_to_num(analysis.score) > ABNORMAL_SCORE
    for finding in analysis.findings:
        until = finding.end_s if finding.end_s is not None else int(fleet.at_s[-1]) + 1
        wild[fleet.codes.index(finding.substation), (fleet.at_s >= finding.onset_s) & (fleet.at_s < until)] = True
    ahead = window_any(wild[:, ::-1], around, NO_PAST)[:, ::-1]
    near = window_any(wild, around, NO_PAST) | ahead
    return np.asarray((analysis.status == StepStatus.OK) & ~near)


def _alike(codes: list[str], autoencoders: Mapping[str, GruAutoencoder]) -> list[list[str]]:
    """Codes whose autoencoders can be stacked."""
    groups: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        groups[repr(autoencoders[code].settings())].append(code)
    return list(groups.values())


def _on_every_step(scores: FloatArray, slots: Slots, before: FloatArray) -> FloatArray:
    """Scores [substation, slot] on the steps from the end of their slot to that of the next; ``before`` until then."""
    latest = np.searchsorted(slots.steps, np.arange(before.shape[1]), side="right") - 1
    return np.where(latest >= 0, scores[:, np.maximum(latest, 0)], before)
