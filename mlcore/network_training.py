"""Training the networks of a fleet: the backbone that comes with the product, calm weeks, and faults put into them.

TensorFlow is needed here, and only to go beyond the backbone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.autoencoders import Slots, network_inputs, slots_of
from mlcore.backbone import supplied_backbone
from mlcore.diagnosis.analysis import StepStatus, summary
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD
from mlcore.diagnosis.judgement import Judgement, findings, judge, parameters_of
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.network_evidence import EVIDENCE_NAMES
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.rolling import window_any
from mlcore.diagnosis.scores import score
from mlcore.diagnosis.terms import DAY_S, MIN_TRAINING_DAYS
from mlcore.engine.cause_network import KEPT_BACK, CauseNetwork
from mlcore.engine.reconstruction import Float32
from mlcore.injection.record import extra_loss_pct, injected, labels_of
from substations.electrical.power import BoolArray, FloatArray

logger = logging.getLogger(__name__)

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
    slots, thresholds = slots_of(judged.fleet), judged.parameters.thresholds
    # Those of the judgement are damped inside the training range; what comes in later is not.
    scores = score(judged.departures, thresholds, WHOLE_RECORD)
    values, context = network_inputs(judged.departures, scores, thresholds.usual_loss_kw, slots, WHOLE_RECORD)
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
    fleet: Fleet, models: Mapping[str, SubstationModel], train: BoolArray, *, seed: int = 0, refine: bool = True
) -> dict[str, CauseNetwork]:
    """A network for every substation with a model and enough calm rows among the marked ones.

    It starts from the backbone that comes with the product and goes on with the substation's own calm weeks, and with
    a copy of them that has faults in it. Without TensorFlow, where it is not to be refined, and where a copy of its own
    does no better on what was kept back, the backbone stays. Empty where no substation has a calm window: the
    regression carries on.
    """
    if not models:
        return {}
    judged = judge(fleet, models, parameters_of(fleet, models))
    calm = calm_steps(judged, models) & np.broadcast_to(train, fleet.values.shape[:2])
    known = [number for number, code in enumerate(fleet.codes) if code in models]
    least = OWN_DAYS * DAY_S // slots_of(fleet).interval_s
    network = new_network(refine_updates=REFINE_UPDATES, own_rate=OWN_RATE, own_least=least, seed=seed)
    network.start_from(supplied_backbone().weights)
    if not (refine and has_tensorflow()):
        network.own_updates = network.refine_updates = 0
    clean = _lesson(judged, calm)
    usable = network.usable_windows(clean.values, rows=clean.calm)
    known = [number for number in known if usable[number]]
    if not known:
        logger.info("No network was trained: no substation has a calm window.")
        return {}
    with_faults, labels = _injected_lesson(judged, calm, models, seed)
    _fit(network, clean, with_faults, labels, known)
    return {fleet.codes[row]: network.only([number]) for number, row in enumerate(known)}


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
