"""What is stored and drawn of judged steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from mlcore.diagnosis.bands import Band
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import IntArray
from mlcore.diagnosis.judgement import Judgement
from mlcore.diagnosis.learning import MIN_TRAINING_H, usable_hours
from mlcore.diagnosis.model import SubstationModel, Warming
from mlcore.diagnosis.residuals import stacked_residuals
from substations.electrical.power import FloatArray


class StepStatus(IntEnum):
    """What a step is worth."""

    OK = 0
    WARMING = 1
    DE_ENERGISED = 2
    BAD_DATA = 3
    ABSENT = 4


@dataclass(frozen=True)
class Analysis:
    """Findings, and for storage and charts what they were made from, [substation, time] from ``start_s`` on.

    score: highest indicator score, 1.0 is the alarm threshold; worst_indicator: its index in INDICATORS, −1 for none.
    scores: [substation, time, indicator]. status: values of ``StepStatus``.
    bands: expectation and normal band per quantity; see ``diagnosis.bands``.
    local_loss_kw: transformer and share of the feeders; extra_loss_kw: against the expectation for this load;
    avoidable_loss_kw: what the target power factor would save.
    residuals: [substation, time, residual] in the order of RESIDUAL_NAMES, for an autoencoder to learn from.
    warming: substations without a model, and how far they are.
    autoencoder_score: the autoencoder's own score where there is one, 1.0 is its threshold.
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
    warming: dict[str, Warming]
    autoencoder_score: FloatArray | None = None

    @property
    def expected_reactive_kvar(self) -> FloatArray:
        """[substation, time] reactive power expected for this load, hour and voltage."""
        return self.bands["reactive_power_kvar"].expected

    @property
    def expected_power_factor(self) -> FloatArray:
        """[substation, time] displacement power factor at the expected reactive power."""
        return self.bands["power_factor"].expected


def summary(
    judgement: Judgement, findings: list[Finding], models: Mapping[str, SubstationModel], first: int = 0
) -> Analysis:
    """What is stored and drawn of the steps from a number on."""
    departures, autoencoder = judgement.departures, judgement.autoencoder
    scores = judgement.scores.all_windows[:, first:]
    filled = np.where(np.isfinite(scores), scores, -np.inf)
    highest = filled.max(axis=-1)
    known = np.isfinite(highest)
    return Analysis(
        codes=judgement.fleet.codes,
        at_s=judgement.fleet.at_s[first:],
        findings=findings,
        score=np.where(known, highest, np.nan),
        worst_indicator=np.where(known, filled.argmax(axis=-1), -1).astype(np.int8),
        scores=scores,
        status=_status(judgement, models)[:, first:],
        bands={name: band.since(first) for name, band in judgement.bands.items()},
        local_loss_kw=departures.operation.local_kw[:, first:],
        extra_loss_kw=departures.rates.total()[:, first:],
        avoidable_loss_kw=departures.rates.avoidable[:, first:],
        residuals=stacked_residuals(departures.residuals)[:, first:],
        warming=_warming(judgement, models),
        autoencoder_score=None if autoencoder is None else autoencoder.score[:, first:],
    )


def _status(judgement: Judgement, models: Mapping[str, SubstationModel]) -> npt.NDArray[np.int8]:
    flags = judgement.flags
    cold = np.array([[code not in models] for code in judgement.fleet.codes])
    absent = flags.absent & ~judgement.signals.beyond_physics
    conditions = [absent, flags.power, flags.dead, np.broadcast_to(cold, flags.dead.shape)]
    statuses = [StepStatus.ABSENT, StepStatus.BAD_DATA, StepStatus.DE_ENERGISED, StepStatus.WARMING]
    return np.select(conditions, [int(status) for status in statuses], int(StepStatus.OK)).astype(np.int8)


def _warming(judgement: Judgement, models: Mapping[str, SubstationModel]) -> dict[str, Warming]:
    hours = usable_hours(judgement.fleet, judgement.usable, np.ones_like(judgement.flags.dead))
    return {
        code: Warming(min(int(hours[row]), MIN_TRAINING_H), MIN_TRAINING_H)
        for row, code in enumerate(judgement.fleet.codes)
        if code not in models
    }
