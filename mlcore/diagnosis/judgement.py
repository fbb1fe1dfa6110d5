"""The diagnosis from readings to findings: ``fit`` learns, ``analyse`` judges.

>>> models = fit(fleet, fleet.at_s < train_end_s)
>>> for finding in analyse(fleet, models, start_s=train_end_s).findings:
...     print(finding.substation, finding.cause, finding.figures)

Nothing looks ahead: a step is judged by itself and the ``CONTEXT_HOURS`` before it. To analyse new readings, give
those of the last CONTEXT_HOURS before them too, or, where a finding is still open, from CONTEXT_HOURS before its
onset on; the answer is then the same as for the whole record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.bands import Band, bands
from mlcore.diagnosis.data_quality_flags import Learnt
from mlcore.diagnosis.expectations import RESIDUAL_NAMES, stacked_residuals
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fixed_limits import limit_alarm_masks, limit_findings
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.learning import MIN_TRAINING_H, Prepared, blank, gather, learn, prepare, usable_hours
from mlcore.diagnosis.loss_findings import loss_alarm_masks, loss_findings
from mlcore.diagnosis.meter_findings import meter_alarm_masks, meter_findings
from mlcore.diagnosis.model import SubstationModel, Warming, stacked
from mlcore.diagnosis.rolling import sum_since
from mlcore.diagnosis.scores import CHANNELS, Evidence, Scores, score
from mlcore.diagnosis.signals import measure
from mlcore.diagnosis.unusual_findings import unusual_alarm_masks, unusual_findings
from substations.electrical.power import BoolArray, FloatArray

__all__ = ["CHANNELS", "CONTEXT_HOURS", "Analysis", "Fleet", "Status", "analyse", "fit", "warming_up"]

AutoencoderOf = Callable[[FloatArray], AutoencoderScores | None]

CONTEXT_HOURS = 96
"""Longest memory of a step: the 24 h window over residuals that rest on flags (12 h) and oil (30 h), with margin."""


SETTLING_H = 24.0
"""A record's first windows are short and its oil has no history: nothing is raised from them."""

WITHIN_TRAINING = 0.75


class Status(IntEnum):
    """What a step is worth."""

    OK = 0
    WARMING = 1
    DE_ENERGISED = 2
    BAD_DATA = 3
    ABSENT = 4


@dataclass(frozen=True)
class Analysis:
    """Findings, and for storage and charts what they were made from, [substation, time] from ``start_s`` on.

    score: highest channel score, 1.0 is the alarm threshold; worst_indicator: its index in CHANNELS, −1 for none.
    scores: [substation, time, channel]. status: values of ``Status``.
    bands: expectation and normal band per quantity; see ``diagnosis.bands``.
    local_loss_kw: transformer and share of the feeders; extra_loss_kw: against the expectation for this load;
    avoidable_loss_kw: what the target power factor would save.
    residuals: [substation, time, residual channel] in the order of residual_names, for a network to learn from.
    warming: substations without a model, and how far they are.
    network_score: the network's own score where there is one, 1.0 is its threshold.
    """

    codes: tuple[str, ...]
    at_s: IntArray
    findings: list[Finding]
    score: FloatArray
    worst_indicator: npt.NDArray[np.int8]
    scores: FloatArray
    status: npt.NDArray[np.int8]
    bands: dict[str, Band]
    local_loss_kw: FloatArray
    extra_loss_kw: FloatArray
    avoidable_loss_kw: FloatArray
    residuals: FloatArray
    residual_names: tuple[str, ...]
    warming: dict[str, Warming]
    network_score: FloatArray | None = None

    @property
    def expected_reactive_kvar(self) -> FloatArray:
        """[substation, time] reactive power expected for this load, hour and voltage."""
        return self.bands["reactive_power_kvar"].expected

    @property
    def expected_power_factor(self) -> FloatArray:
        """[substation, time] displacement power factor at the expected reactive power."""
        return self.bands["power_factor"].expected


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
    network: AutoencoderScores | AutoencoderOf | None = None,
) -> Analysis:
    """Judge every step from ``start_s`` on (default: all of them).

    Substations without a model get findings about their instruments, and of wide fixed limits. ``network``: its
    scores, or a function that makes them from the residual channels.
    """
    judged = judge(fleet, models, learnt_of(fleet, models), network)
    first = 0 if start_s is None else int(np.searchsorted(fleet.at_s, start_s))
    found = findings(judged, models)
    lasting = [f for f in found if start_s is None or f.end_s is None or f.end_s > start_s]
    return summary(judged, lasting, models, first)


@dataclass(frozen=True)
class Judged:
    """What every step of a fleet is worth, before alarms and episodes. ``learnt``: what it was judged by."""

    prepared: Prepared
    learnt: Learnt
    found: Evidence
    scores: Scores
    normal: dict[str, Band]
    network: AutoencoderScores | None
    standing: AlarmMasks


@dataclass(frozen=True)
class AlarmMasks:
    """Where alarms stand: losses [substation, time, channel], meters and their scores [substation, time, flag],
    anything [substation, time]: where that is nowhere True, ``findings`` has nothing to say."""

    losses: BoolArray
    meters: BoolArray
    meter_scores: FloatArray
    anything: BoolArray


def learnt_of(fleet: Fleet, models: Mapping[str, SubstationModel]) -> Learnt:
    """The learnt quantities of a fleet, stacked; those of nobody where no substation has a model."""
    return stacked(models, fleet.codes, fleet.interval_s) or blank(fleet)


def judge(
    fleet: Fleet,
    models: Mapping[str, SubstationModel],
    learnt: Learnt,
    network: AutoencoderScores | AutoencoderOf | None = None,
) -> Judged:
    """1. instruments; 2. expectations and residuals; 3. the network's opinion; 4. scores and bands; 5. alarm states."""
    prepared = prepare(fleet, measure(fleet), learnt)
    found = gather(prepared, learnt)
    opinion = network(stacked_residuals(found.residuals)) if callable(network) else network
    scores = _sensitive(score(found, learnt), models, fleet)
    standing = _alarm_masks(prepared, found, scores, opinion, models)
    return Judged(prepared, learnt, found, scores, bands(found, learnt), opinion, standing)


def findings(judged: Judged, models: Mapping[str, SubstationModel]) -> list[Finding]:
    """Alarms as findings, in order of time: causes, losses and figures."""
    prepared, found, network, standing = judged.prepared, judged.found, judged.network, judged.standing
    losses = loss_findings(found, judged.learnt, judged.scores, standing.losses, judged.normal, network)
    losses += limit_findings(found, prepared.usable, models)
    meters = meter_findings(prepared.fleet, prepared.signals, standing.meters, standing.meter_scores)
    extra = unusual_findings(found, network, [*losses, *meters]) if network is not None else []
    return sorted((*losses, *meters, *extra), key=lambda f: (f.start_s, f.substation, f.kind, f.cause))


def _alarm_masks(
    prepared: Prepared,
    found: Evidence,
    scores: Scores,
    network: AutoencoderScores | None,
    models: Mapping[str, SubstationModel],
) -> AlarmMasks:
    losses = loss_alarm_masks(found, scores)
    meters, meter_scores = meter_alarm_masks(prepared.fleet, prepared.flags)
    anything = losses.any(axis=-1) | meters.any(axis=-1) | limit_alarm_masks(found, prepared.usable, models)
    if network is not None:
        anything |= unusual_alarm_masks(found, network)
    return AlarmMasks(losses, meters, meter_scores, np.asarray(anything))


def summary(judged: Judged, findings: list[Finding], models: Mapping[str, SubstationModel], first: int = 0) -> Analysis:
    """What is stored and drawn of the steps from a number on."""
    prepared, found, scores = judged.prepared, judged.found, judged.scores
    values = scores.all_windows[:, first:]
    filled = np.where(np.isfinite(values), values, -np.inf)
    highest = filled.max(axis=-1)
    known = np.isfinite(highest)
    return Analysis(
        codes=prepared.fleet.codes,
        at_s=prepared.fleet.at_s[first:],
        findings=findings,
        score=np.where(known, highest, np.nan),
        worst_indicator=np.where(known, filled.argmax(axis=-1), -1).astype(np.int8),
        scores=values,
        status=_status(prepared, models)[:, first:],
        bands={name: band.since(first) for name, band in judged.normal.items()},
        local_loss_kw=found.operation.local_kw[:, first:],
        extra_loss_kw=found.rates.total()[:, first:],
        avoidable_loss_kw=found.rates.avoidable[:, first:],
        residuals=stacked_residuals(found.residuals)[:, first:],
        residual_names=RESIDUAL_NAMES,
        warming=_warming(prepared, models),
        network_score=None if judged.network is None else judged.network.score[:, first:],
    )


def _sensitive(scores: Scores, models: Mapping[str, SubstationModel], fleet: Fleet) -> Scores:
    """Scores with each substation's own sensitivity; none while a record has hardly begun.

    Training looked at its own range already and left out what was wrong: there only what stands out counts.
    """
    known_by = [models.get(code) for code in fleet.codes]
    own, since_s, until_s = (
        np.array([[otherwise if model is None else getattr(model, name)] for model in known_by])
        for name, otherwise in (("sensitivity", 1.0), ("trained_from_s", 0), ("trained_until_s", 0))
    )
    trained = (fleet.at_s >= since_s) & (fleet.at_s < until_s)
    factor: FloatArray = own * np.where(trained, WITHIN_TRAINING, 1.0)
    known = sum_since(np.isfinite(scores.together).astype(np.float64), np.zeros(factor.shape, dtype=bool))
    factor[known <= fleet.steps(SETTLING_H)] = np.nan
    wide = factor[:, :, None]
    return Scores(wide * scores.all_windows, wide * scores.short_windows, scores.together)


def _status(prepared: Prepared, models: Mapping[str, SubstationModel]) -> npt.NDArray[np.int8]:
    flags = prepared.flags
    cold = np.array([[code not in models] for code in prepared.fleet.codes])
    conditions = [
        flags.absent & ~prepared.signals.beyond_physics,
        flags.power,
        flags.dead,
        np.broadcast_to(cold, flags.dead.shape),
    ]
    names = [Status.ABSENT, Status.BAD_DATA, Status.DE_ENERGISED, Status.WARMING]
    return np.select(conditions, [int(name) for name in names], int(Status.OK)).astype(np.int8)


def _warming(prepared: Prepared, models: Mapping[str, SubstationModel]) -> dict[str, Warming]:
    hours = usable_hours(prepared, np.ones_like(prepared.flags.dead))
    return {
        code: Warming(min(int(hours[k]), MIN_TRAINING_H), MIN_TRAINING_H)
        for k, code in enumerate(prepared.fleet.codes)
        if code not in models
    }
