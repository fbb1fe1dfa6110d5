"""What would be found here: faults put into a substation's own record, and how many of them its models find.

The rules are those of the labelled sets: a fault counts if it costs at least ``WORTH_PCT`` of the local loss, and it is
found if a loss is raised on its substation that overlaps it, no earlier than an hour before it begins and no later than
twelve hours after it has come to its full size.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np

from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.judgement import Judgement, ScoreByAutoencoder, findings, judge
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.diagnosis.terms import HOUR_S
from mlcore.injection.fault_plan import SIZES, InjectedFault
from mlcore.injection.record import WORTH_PCT, extra_loss_pct, injected
from substations.electrical.power import BoolArray

SIZE_CLASSES = ("small", "medium", "large")
"""Thirds between the smallest and the largest size of a cause in ``fault_plan.SIZES``."""
MIN_FAULTS = 5
"""Chosen: of fewer, one more or less found moves the share by more than a fifth; that is too few to tell."""
MAX_DELAY_H, MAX_EARLY_H = 12.0, 1.0
"""The tolerances of the event score in the labelled sets."""
COPIES = 8
"""Chosen: of sixty days about 15 bank failures and 6 tap faults; the time it takes grows with their number."""


@dataclass(frozen=True, slots=True)
class FaultTrial:
    """One injected fault that was worth finding; ``delay_h`` from its start to the alarm, None where it was missed.

    found_by_physics: whether it is found without the network too.
    """

    cause: str
    size_class: str
    delay_h: float | None
    found_by_physics: bool = False


@dataclass(frozen=True, slots=True)
class FoundShare:
    """``found`` of ``injected`` faults."""

    injected: int
    found: int

    @property
    def is_too_few(self) -> bool:
        """Whether the share says nothing."""
        return self.injected < MIN_FAULTS

    @property
    def share(self) -> float | None:
        """0 to 1; None where there were too few to tell."""
        return None if self.is_too_few else self.found / self.injected


@dataclass(frozen=True, slots=True)
class CauseSensitivity:
    """Faults of one cause: how many were found, by size in the order of SIZE_CLASSES, and how late."""

    cause: str
    by_size: tuple[FoundShare, ...]
    median_delay_h: float | None

    @property
    def all_sizes(self) -> FoundShare:
        """The sizes together."""
        return FoundShare(sum(each.injected for each in self.by_size), sum(each.found for each in self.by_size))


@dataclass(frozen=True, slots=True)
class NetworkContribution:
    """What the network changes on one substation: faults found of those put in, and loss alarms in the record itself.

    Both with it and by the physics alone, on the same readings.
    """

    found: int
    found_by_physics: int
    alarms: int
    alarms_by_physics: int


@dataclass(frozen=True, slots=True)
class SubstationSensitivity:
    """What would be found on one substation, of ``copies`` copies of its record of ``days`` days.

    network: what its network adds; None where it has none, and in what was stored before this was known.
    """

    copies: int
    days: float
    expected_false_alarms_per_month: float
    causes: tuple[CauseSensitivity, ...]
    network: NetworkContribution | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-able; ``from_json`` gives back the same."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SubstationSensitivity:
        """What ``to_json`` wrote. ValueError where it is not that."""
        try:
            causes = tuple(
                CauseSensitivity(
                    str(each["cause"]),
                    tuple(FoundShare(int(size["injected"]), int(size["found"])) for size in each["by_size"]),
                    None if each["median_delay_h"] is None else float(each["median_delay_h"]),
                )
                for each in stored["causes"]
            )
            expected = float(stored["expected_false_alarms_per_month"])
            network = NetworkContribution(**stored["network"]) if stored.get("network") else None
            return cls(int(stored["copies"]), float(stored["days"]), expected, causes, network)
        except (KeyError, TypeError) as error:
            raise ValueError(f"Expected what a sensitivity was stored as; received {stored!r:.200}.") from error


def size_class(cause: str, size: float) -> str:
    """Which third of the sizes of its cause a fault belongs to; the upper bound of a third belongs to the next."""
    low, high = SIZES[cause]
    third = int(len(SIZE_CLASSES) * (size - low) / (high - low))
    return SIZE_CLASSES[min(max(third, 0), len(SIZE_CLASSES) - 1)]


def delay_h(fault: InjectedFault, losses: Sequence[Finding]) -> float | None:
    """Hours from the start of a fault to the first alarm that counts for it; ``losses`` of its substation alone."""
    latest_s = fault.start_s + (MAX_DELAY_H + fault.ramp_hours) * HOUR_S
    raised_s = [
        each.start_s
        for each in losses
        if each.start_s < fault.end_s
        and (each.end_s is None or each.end_s > fault.start_s)
        and fault.start_s - MAX_EARLY_H * HOUR_S <= each.start_s <= latest_s
    ]
    return max(0.0, (min(raised_s) - fault.start_s) / HOUR_S) if raised_s else None


def sensitivity(
    clean: Judgement,
    calm: BoolArray,
    models: Mapping[str, SubstationModel],
    networks: ScoreByAutoencoder | None,
    copies: int = COPIES,
    report_progress: Callable[[int], None] = lambda done: None,
) -> dict[str, SubstationSensitivity]:
    """What would be found, for every substation of a judged record that has a model.

    clean: the record judged as it is, with the same models and networks. calm: [substation, time] where faults may go.
    models: without their training range, in which scores are damped. report_progress: called with the copies done.
    """
    trials: dict[str, list[FaultTrial]] = defaultdict(list)
    for number in range(copies):
        for code, found in _trials(clean, calm, models, networks, seed=number).items():
            trials[code] += found
        report_progress(number + 1)
    days = len(clean.fleet.at_s) * clean.fleet.interval_s / (24.0 * HOUR_S)
    network = _contributions(clean, models, trials)
    return {
        code: SubstationSensitivity(
            copies, days, models[code].expected_false_alarms, counted(trials[code]), network.get(code)
        )
        for code in clean.fleet.codes
        if code in models
    }


def _contributions(
    clean: Judgement, models: Mapping[str, SubstationModel], trials: Mapping[str, list[FaultTrial]]
) -> dict[str, NetworkContribution]:
    """For every substation of which a network says something."""
    seen = clean.autoencoder
    if seen is None or seen.log_odds is None:
        return {}
    alarms, by_physics = (
        Counter({code: len(found) for code, found in _losses(each, models).items()})
        for each in (clean, judge(clean.fleet, models, clean.parameters))
    )
    heard = np.asarray(np.isfinite(seen.log_odds).any(axis=(1, 2)))
    return {
        code: NetworkContribution(
            sum(trial.delay_h is not None for trial in trials[code]),
            sum(trial.found_by_physics for trial in trials[code]),
            alarms[code],
            by_physics[code],
        )
        for row, code in enumerate(clean.fleet.codes)
        if code in models and heard[row]
    }


def counted(trials: Sequence[FaultTrial]) -> tuple[CauseSensitivity, ...]:
    """Trials as counts, every cause in the order of NETWORK_CAUSES; the median delay is None below MIN_FAULTS found."""
    rows = []
    for cause in NETWORK_CAUSES:
        own = [trial for trial in trials if trial.cause == cause]
        delays = [trial.delay_h for trial in own if trial.delay_h is not None]
        rows.append(
            CauseSensitivity(
                cause,
                tuple(_share([trial for trial in own if trial.size_class == each]) for each in SIZE_CLASSES),
                median(delays) if len(delays) >= MIN_FAULTS else None,
            )
        )
    return tuple(rows)


def _share(trials: Sequence[FaultTrial]) -> FoundShare:
    return FoundShare(len(trials), sum(trial.delay_h is not None for trial in trials))


def _trials(
    clean: Judgement,
    calm: BoolArray,
    models: Mapping[str, SubstationModel],
    networks: ScoreByAutoencoder | None,
    seed: int,
) -> dict[str, list[FaultTrial]]:
    """The faults of one copy that are worth finding, by substation."""
    record = injected(clean, calm, seed)
    changed = judge(record.fleet, models, clean.parameters, networks)
    losses = _losses(changed, models)
    by_physics = _losses(judge(record.fleet, models, clean.parameters), models) if networks else losses
    trials: dict[str, list[FaultTrial]] = defaultdict(list)
    for fault in record.faults:
        code = clean.fleet.codes[fault.substation]
        if extra_loss_pct(clean, changed, fault) >= WORTH_PCT:
            late_h, alone_h = (delay_h(fault, found[code]) for found in (losses, by_physics))
            trials[code].append(
                FaultTrial(fault.cause, size_class(fault.cause, fault.size), late_h, alone_h is not None)
            )
    return trials


def _losses(judged: Judgement, models: Mapping[str, SubstationModel]) -> dict[str, list[Finding]]:
    losses: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings(judged, models):
        if finding.kind == "loss":
            losses[finding.substation].append(finding)
    return losses
