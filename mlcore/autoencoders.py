"""What the networks of a fleet see of the diagnosis, and what they say of a step.

What is left of a reading after everything that physics and the neighbours explain should look like noise. A network has
learned how that noise usually moves, over all quantities and hours of the day, and what faults look like. numpy alone
is needed here; ``network_training`` is where they learn.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.history import History
from mlcore.diagnosis.network_evidence import evidence
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.residuals import RESIDUAL_NAMES, stacked_residuals
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.scores import Scores
from mlcore.diagnosis.terms import HOURS_PER_MONTH, QUARTER_HOUR_S
from mlcore.engine.cause_network import CauseNetwork
from mlcore.engine.reconstruction import Float32
from substations.electrical.power import FloatArray

SLOT_S = QUARTER_HOUR_S
"""Readings that come more often are averaged to this before the autoencoder sees them."""
MIN_UNUSUAL_LOSS_PCT = 5.0
"""Unusual behaviour is worth an alert from this much extra loss on; a holiday is unusual too, and costs nothing."""

INFORMATION = "network_information_pct"
"""Name of the figure on a model card that says how much a network knows of causes."""


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
        values, context = network_inputs(departures, scores, usual_loss_kw, slots, history)
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
    information = float(autoencoder.information_pct_[0])
    is_known = not math.isnan(information)
    return {
        "network_windows": int(autoencoder.windows_[0]),
        "network_window_steps": autoencoder.window_steps,
        "network_heldout_error": float(autoencoder.heldout_error_[0]),
        "network_threshold": float(autoencoder.threshold_[0]),
        "network_unusual_slots_per_month": per_month,
        "network_channels": ", ".join(RESIDUAL_NAMES),
        **({INFORMATION: information} if is_known else {}),
    }


def has_a_say(autoencoder: CauseNetwork) -> bool:
    """Whether it knows more of the causes kept back than their shares; True where none was kept back to tell by."""
    return not float(autoencoder.information_pct_[0]) <= 0.0


def network_inputs(
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
