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
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.backbone import supplied_backbone
from mlcore.diagnosis.analysis import StepStatus, summary
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD, History
from mlcore.diagnosis.judgement import Judgement, findings, judge, parameters_of
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.network_evidence import EVIDENCE_NAMES, evidence
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.residuals import RESIDUAL_NAMES, stacked_residuals
from mlcore.diagnosis.rolling import window_any, window_mean
from mlcore.diagnosis.scores import Scores
from mlcore.diagnosis.terms import DAY_S, HOURS_PER_MONTH, MIN_TRAINING_DAYS, QUARTER_HOUR_S
from mlcore.engine.cause_network import KEPT_BACK, CauseNetwork
from mlcore.engine.reconstruction import Float32
from mlcore.injection.record import extra_loss_pct, injected, labels_of
from substations.electrical.power import BoolArray, FloatArray

logger = logging.getLogger(__name__)

SLOT_S = QUARTER_HOUR_S
"""Readings that come more often are averaged to this before the autoencoder sees them."""
WINDOW_SLOTS = 16
"""Chosen: four hours of quarter hours hold the beginning of a fault; with one length one backbone does for all."""
LATENT = 2
"""Narrow: calm residuals hold little but noise, and a wide bottleneck would pass a lasting fault on as well."""
CLIP = 15.0
"""Chosen: in spreads, several times a clear fault; beyond it a reading is not more abnormal, only wilder."""
OWN_DAYS = MIN_TRAINING_DAYS
"""Calm days, beside those kept back, from which a substation gets an autoencoder of its own instead of the fleet's."""
REFINE_UPDATES, OWN_RATE = 100, 5e-4
"""Tuned, see docs/accuracy.md: small steps. Faults put in by the project's own formulas are too easy a teacher: larger
steps learn to know them, and forget others."""
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


def new_network(**settings: Any) -> CauseNetwork:
    """A network as the product uses it, with nothing learned."""
    return CauseNetwork(
        window_steps=WINDOW_SLOTS,
        latent=LATENT,
        clip=CLIP,
        evidence=len(EVIDENCE_NAMES),
        causes=len(NETWORK_CAUSES),
        **settings,
    )


@dataclass(frozen=True)
class Lesson:
    """What a network learns from, at the slots of a record.

    values: [substation, slot, residual]. context: [substation, slot, feature], calendar and evidence.
    calm: [substation, slot] what looks normal. slots: where they lie in the record.
    """

    values: FloatArray
    context: Float32
    calm: BoolArray
    slots: Slots


def lesson_of(fleet: Fleet, models: Mapping[str, SubstationModel]) -> Lesson:
    """Residuals, evidence and calm slots of a record that was judged without a network."""
    judged = judge(fleet, models, parameters_of(fleet, models))
    return _lesson(judged, calm_steps(judged, models))


def _lesson(judged: Judgement, calm: BoolArray) -> Lesson:
    slots = slots_of(judged.fleet)
    usual_kw = judged.parameters.thresholds.usual_loss_kw
    values, context = _features(judged.departures, judged.scores, usual_kw, slots, WHOLE_RECORD)
    residuals, beside = np.moveaxis(values[:, :, slots.steps], 1, 2), np.moveaxis(context[:, :, slots.steps], 1, 2)
    return Lesson(residuals, beside, calm[:, slots.steps], slots)


def _injected_lesson(
    judged: Judgement, calm: BoolArray, models: Mapping[str, SubstationModel], seed: int
) -> tuple[Lesson, FloatArray]:
    """The same record with faults in it, and labels [substation, slot, cause] of what is there."""
    record = injected(judged, calm, seed)
    changed = judge(record.fleet, models, judged.parameters)
    worth_pct = [extra_loss_pct(judged, changed, fault) for fault in record.faults]
    lesson = _lesson(changed, calm)
    at_s = record.fleet.at_s[lesson.slots.steps]
    return lesson, labels_of(at_s, record.faults, worth_pct, lesson.calm)


def train_autoencoders(
    fleet: Fleet, models: Mapping[str, SubstationModel], train: BoolArray, *, seed: int = 0
) -> dict[str, CauseNetwork]:
    """A network for every substation with a model and enough calm rows among the marked ones.

    It starts from the backbone that comes with the product and goes on with the substation's own calm weeks, and with
    a copy of them that has faults in it. Without TensorFlow, and where a copy of its own does no better on what was
    kept back, the backbone stays. Empty where no substation has a calm window: the regression carries on.
    """
    if not models:
        return {}
    judged = judge(fleet, models, parameters_of(fleet, models))
    calm = calm_steps(judged, models) & np.broadcast_to(train, fleet.values.shape[:2])
    known = [number for number, code in enumerate(fleet.codes) if code in models]
    least = OWN_DAYS * DAY_S // slots_of(fleet).interval_s
    network = new_network(refine_updates=REFINE_UPDATES, own_rate=OWN_RATE, own_least=least, seed=seed)
    network.start_from(supplied_backbone().weights)
    if not has_tensorflow():
        network.own_updates = network.refine_updates = 0
    clean = _lesson(judged, calm)
    usable = network.usable_windows(clean.values, rows=clean.calm)
    known = [number for number in known if usable[number]]
    if not known:
        logger.info("No network was trained: no substation has a calm window.")
        return {}
    with_faults, labels = _injected_lesson(judged, calm, models, seed)
    try:
        _fit(network, clean, with_faults, labels, known)
    except ValueError as error:
        logger.info("No network was trained: %s", error)
        return {}
    able = np.isfinite(network.threshold_)
    return {fleet.codes[k]: network.only([i]) for i, k in enumerate(known) if able[i]}


def _fit(network: CauseNetwork, clean: Lesson, with_faults: Lesson, labels: FloatArray, known: list[int]) -> None:
    """Learn both records, one behind the other so that the same weeks of both are kept back."""
    period = round(1.0 / KEPT_BACK) * 4 * network.window_steps
    length = clean.calm.shape[1]
    gap = -(-(length + network.window_steps) // period) * period - length

    def joined(first: NDArray[Any], second: NDArray[Any], between: float) -> NDArray[Any]:
        empty = np.full((len(first), gap, *first.shape[2:]), between, dtype=first.dtype)
        return np.concatenate([first, empty, second], axis=1)[known]

    nothing = np.zeros_like(clean.calm)
    network.fit(
        joined(clean.values, with_faults.values, np.nan),
        context=joined(clean.context, with_faults.context, 0.0),
        rows=joined(clean.calm, nothing, 0.0).astype(bool),
        labels=joined(np.where(clean.calm[..., None], np.zeros_like(labels), np.nan), labels, np.nan),
    )


def has_tensorflow() -> bool:
    """Whether a network can be trained here; judging needs numpy alone."""
    return find_spec("tensorflow") is not None


@dataclass(frozen=True)
class AutoencoderStack:
    """The autoencoders of a fleet, stacked once: (rows of the fleet, autoencoders of these rows)."""

    stacks: tuple[tuple[list[int], CauseNetwork], ...]

    @classmethod
    def of(cls, codes: Sequence[str], autoencoders: Mapping[str, CauseNetwork]) -> AutoencoderStack:
        groups = _alike([code for code in codes if code in autoencoders], autoencoders)
        row = {code: number for number, code in enumerate(codes)}
        return cls(
            tuple(
                ([row[code] for code in group], CauseNetwork.stack([autoencoders[code] for code in group]))
                for group in groups
            )
        )

    def score(
        self, departures: Departures, scores: Scores, usual_loss_kw: FloatArray, history: History
    ) -> AutoencoderScores | None:
        """What the networks say of each step, of the newest complete slot; None without any.

        The score is over the network's threshold: 1.0 is where unusual begins.
        """
        if not self.stacks:
            return None
        fleet = departures.fleet
        slots = slots_of(fleet)
        values, context = _features(departures, scores, usual_loss_kw, slots, history)
        reach = slots.steps_each * (max(network.window_steps for _, network in self.stacks) - 1)
        values, earlier = history.of("values").before(values, reach)
        context, _ = history.of("context").before(context, reach)
        latest = history.of("latest")
        like = np.empty((len(fleet.codes), 1 + len(NETWORK_CAUSES), len(fleet.at_s)))
        said = np.repeat(latest.last(like, np.nan), len(fleet.at_s), axis=2)
        if len(slots.steps):
            ends = slots.steps + earlier
            columns = np.concatenate([np.arange(ends[0], -1, -slots.steps_each)[:0:-1], ends])
            for rows, network in self.stacks:
                known, beside = (np.moveaxis(each[rows][:, :, columns], 1, 2) for each in (values, context))
                relative = network.score(known, context=beside) / network.threshold_[:, None]
                odds = network.log_odds(known, context=beside)
                by_slot = np.moveaxis(np.concatenate([relative[..., None], odds], axis=-1), 2, 1)
                said[rows] = _on_every_step(by_slot[..., -len(slots.steps) :], slots, said[rows])
        said = latest.keep(said)
        return AutoencoderScores(said[:, 0], np.moveaxis(said[:, 1:], 1, 2))


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


def facts_of(autoencoder: CauseNetwork, interval_s: int) -> dict[str, float | int | str]:
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


def _features(
    departures: Departures, scores: Scores, usual_loss_kw: FloatArray, slots: Slots, history: History
) -> tuple[FloatArray, Float32]:
    """[substation, residual, time] means of a slot, and [substation, feature, time] calendar and evidence."""
    fleet, each = departures.fleet, slots.steps_each
    residuals = np.moveaxis(stacked_residuals(departures.residuals), 1, 2)
    averaged = window_mean(residuals, each, history.of("slot_mean")) if each > 1 else residuals
    angle = 2.0 * np.pi * fleet.hour / 24.0
    length = np.full(len(fleet.at_s), np.log(slots.interval_s / SLOT_S))
    calendar = np.stack([np.sin(angle), np.cos(angle), fleet.weekend.astype(np.float64), length]).astype(np.float32)
    seen = evidence(departures, scores, usual_loss_kw, each, history.within("evidence"))
    everywhere = np.broadcast_to(calendar, (len(seen), *calendar.shape))
    return averaged, np.concatenate([everywhere, seen], axis=1)


def calm_steps(judged: Judgement, models: Mapping[str, SubstationModel]) -> BoolArray:
    """[substation, time] believable steps away from everything that looks or is called abnormal."""
    fleet, analysis = judged.fleet, summary(judged, findings(judged, models), models)
    around = fleet.steps(EXCLUDED_AROUND_H)
    wild = np.nan_to_num(analysis.score) > ABNORMAL_SCORE
    for finding in analysis.findings:
        until = finding.end_s if finding.end_s is not None else int(fleet.at_s[-1]) + 1
        wild[fleet.codes.index(finding.substation), (fleet.at_s >= finding.onset_s) & (fleet.at_s < until)] = True
    ahead = window_any(wild[:, ::-1], around, NO_PAST)[:, ::-1]
    near = window_any(wild, around, NO_PAST) | ahead
    return np.asarray((analysis.status == StepStatus.OK) & ~near)


def _alike(codes: list[str], autoencoders: Mapping[str, CauseNetwork]) -> list[list[str]]:
    """Codes whose autoencoders can be stacked."""
    groups: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        groups[repr(autoencoders[code].settings())].append(code)
    return list(groups.values())


def _on_every_step(scores: FloatArray, slots: Slots, before: FloatArray) -> FloatArray:
    """Scores [substation, kind, slot] on the steps from the end of their slot on; ``before`` until the first."""
    latest = np.searchsorted(slots.steps, np.arange(before.shape[-1]), side="right") - 1
    return np.where(latest >= 0, scores[..., np.maximum(latest, 0)], before)
