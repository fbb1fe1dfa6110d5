"""One judgement, from readings to alarms: ``judge`` has the stages in their order, ``findings`` explains the alarms.

Nothing looks ahead: a step is judged by itself and the ``CONTEXT_HOURS`` before it. ``docs/diagnosis.md`` has the
stages with their inputs, outputs and units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.bands import Band, bands
from mlcore.diagnosis.data_quality_flags import QualityFlags, flag_data_quality, usable_reactive
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.expectations import Usable, usable_steps
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fixed_limits import limit_alarm_masks, limit_findings
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.generation_findings import generation_findings, generation_masks
from mlcore.diagnosis.history import WHOLE_RECORD, History
from mlcore.diagnosis.learning import nothing_learned
from mlcore.diagnosis.loss_findings import loss_alarm_masks, loss_findings
from mlcore.diagnosis.loss_rates import loss_rates
from mlcore.diagnosis.meter_findings import meter_alarm_masks, meter_findings
from mlcore.diagnosis.model import SubstationModel, stacked
from mlcore.diagnosis.network_say import weighed
from mlcore.diagnosis.parameters import Parameters
from mlcore.diagnosis.power_flow import power_flow
from mlcore.diagnosis.residuals import compare
from mlcore.diagnosis.rolling import sum_since
from mlcore.diagnosis.scores import Scores, score
from mlcore.diagnosis.signals import Signals, measure
from mlcore.diagnosis.unusual_findings import unusual_alarm_masks, unusual_findings
from substations.electrical.power import BoolArray, FloatArray

ScoreByAutoencoder = Callable[[Departures, Scores, FloatArray, History], AutoencoderScores | None]
"""Makes a network's scores of what was measured, of the scores of the physics, and of the usual loss in kW."""


@dataclass(frozen=True)
class AlarmMasks:
    """Where alarms are on.

    losses: [substation, time, indicator]. meters and meter_scores: [substation, time, quality flag].
    anything: [substation, time]; where that is nowhere True, ``findings`` has nothing to say.
    """

    losses: BoolArray
    meters: BoolArray
    meter_scores: FloatArray
    anything: BoolArray


@dataclass(frozen=True)
class Judgement:
    """What every step of a fleet is worth. parameters: what it was judged by."""

    fleet: Fleet
    signals: Signals
    flags: QualityFlags
    usable: Usable
    departures: Departures
    parameters: Parameters
    scores: Scores
    bands: dict[str, Band]
    autoencoder: AutoencoderScores | None
    alarms: AlarmMasks


def parameters_of(fleet: Fleet, models: Mapping[str, SubstationModel]) -> Parameters:
    """What was learned about a fleet; nothing where no substation has a model."""
    return stacked(models, fleet.codes, fleet.interval_s) or nothing_learned(fleet)


def judge(
    fleet: Fleet,
    models: Mapping[str, SubstationModel],
    parameters: Parameters,
    autoencoder: ScoreByAutoencoder | None = None,
    history: History = WHOLE_RECORD,
) -> Judgement:
    """Judge every step of a fleet, given what came before them."""
    signals = measure(fleet)
    flags = flag_data_quality(fleet, signals, parameters.quality, history.within("flags"))
    usable = usable_steps(signals, flags)
    reactive = usable_reactive(signals, flags)
    operation = power_flow(fleet, signals, reactive, flags, history.within("power_flow"))
    residuals = compare(fleet, signals, operation, usable, parameters.expectations, history.within("residuals"))
    rates = loss_rates(fleet, signals, operation, residuals, parameters.expectations)
    departures = Departures(fleet, signals, operation, residuals, rates)
    scores = score(departures, parameters.thresholds, history.within("scores"))
    usual_kw, own = parameters.thresholds.usual_loss_kw, history.within("autoencoder")
    seen = autoencoder(departures, scores, usual_kw, own) if autoencoder else None
    if seen is not None and seen.log_odds is not None:
        scores = weighed(scores, seen.log_odds, departures)
    scores = _sensitive(scores, models, fleet, history)
    normal = bands(departures, parameters.thresholds)
    alarms = _alarm_masks(departures, flags, usable, scores, seen, models, history.within("alarms"))
    return Judgement(fleet, signals, flags, usable, departures, parameters, scores, normal, seen, alarms)


def findings(judgement: Judgement, models: Mapping[str, SubstationModel]) -> list[Finding]:
    """Alarms as findings, in order of time: causes and losses."""
    departures, alarms, autoencoder = judgement.departures, judgement.alarms, judgement.autoencoder
    losses = loss_findings(
        departures, judgement.parameters, judgement.scores, alarms.losses, judgement.bands, autoencoder
    )
    losses += limit_findings(departures, judgement.usable, models)
    meters = meter_findings(judgement.fleet, judgement.signals, alarms.meters, alarms.meter_scores)
    notes = generation_findings(departures)
    unusual = unusual_findings(departures, autoencoder, [*losses, *meters]) if autoencoder is not None else []
    return sorted((*losses, *meters, *unusual, *notes), key=lambda f: (f.start_s, f.substation, f.kind, f.cause))


def _alarm_masks(
    departures: Departures,
    flags: QualityFlags,
    usable: Usable,
    scores: Scores,
    autoencoder: AutoencoderScores | None,
    models: Mapping[str, SubstationModel],
    history: History,
) -> AlarmMasks:
    losses = loss_alarm_masks(departures, scores, history.within("losses"))
    meters, meter_scores = meter_alarm_masks(departures.fleet, flags, history.within("meters"))
    limits = limit_alarm_masks(departures, usable, models, history.within("limits"))
    notes, _ = generation_masks(departures, history.within("generation"))
    anything = losses.any(axis=-1) | meters.any(axis=-1) | limits | notes
    if autoencoder is not None:
        anything |= unusual_alarm_masks(departures, autoencoder, history.within("unusual"))
    return AlarmMasks(losses, meters, meter_scores, np.asarray(anything))


def _sensitive(scores: Scores, models: Mapping[str, SubstationModel], fleet: Fleet, history: History) -> Scores:
    """Scores with each substation's own sensitivity; none while a record has hardly begun.

    Training looked at its own range already and left out what was wrong: there only what stands out counts.
    """
    models_by_row = [models.get(code) for code in fleet.codes]
    own, since_s, until_s = (
        np.array([[otherwise if model is None else getattr(model, name)] for model in models_by_row])
        for name, otherwise in (("sensitivity", 1.0), ("trained_from_s", 0), ("trained_until_s", 0))
    )
    trained = (fleet.at_s >= since_s) & (fleet.at_s < until_s)
    factor: FloatArray = own * np.where(trained, tuning.WITHIN_TRAINING, 1.0)
    never = np.zeros(factor.shape, dtype=bool)
    known_steps = sum_since(np.isfinite(scores.step_covariance).astype(np.float64), never, history.of("known_steps"))
    factor[known_steps <= fleet.steps(tuning.SETTLING_H)] = np.nan
    wide = factor[:, :, None]
    return Scores(wide * scores.all_windows, wide * scores.short_windows, scores.step_covariance)
