"""What the network adds: the same models with it, without it, and with its say moved to the wrong hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from benchmarks.evaluation import detections
from benchmarks.event_score import ScoreReport, score
from benchmarks.labelled_set import Benchmark, read_benchmark
from mlcore.detector import TrainedDetector, score_by_autoencoder, train_fleet
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.history import History
from mlcore.diagnosis.judgement import ScoreByAutoencoder
from mlcore.diagnosis.scores import Scores
from mlcore.diagnosis.whole_record import analyse
from substations.electrical.power import FloatArray

WITH, WITHOUT, RANDOM = "with network", "without", "with random scores"
VARIANTS = (WITH, WITHOUT, RANDOM)


@dataclass(frozen=True)
class Ablation:
    """Reports of one set by variant."""

    name: str
    reports: dict[str, ScoreReport]


@dataclass(frozen=True)
class PairedDifference:
    """Mean over the sets of a figure with the network less that of another variant, and its standard error."""

    mean: float
    standard_error: float


def ablation(folder: Path) -> Ablation:
    """Train once before ``train_end``, judge the record three times; in memory, without a database."""
    benchmark = read_benchmark(folder)
    trained = train_fleet(benchmark.fleet, benchmark.fleet.at_s < benchmark.train_end_s)
    says = score_by_autoencoder(benchmark.fleet.codes, trained)
    variants: dict[str, ScoreByAutoencoder | None] = {WITH: says, WITHOUT: None, RANDOM: says and _at_wrong_hours(says)}
    return Ablation(benchmark.name, {name: _report(benchmark, trained, each) for name, each in variants.items()})


def paired(results: list[Ablation], other: str, figure: str) -> PairedDifference:
    """The network against another variant over all sets that have the figure in both."""
    pairs = [(getattr(each.reports[WITH], figure), getattr(each.reports[other], figure)) for each in results]
    differences = [one - two for one, two in pairs if one is not None and two is not None]
    error = stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else float("nan")
    return PairedDifference(fmean(differences) if differences else float("nan"), error)


def _at_wrong_hours(says: ScoreByAutoencoder) -> ScoreByAutoencoder:
    """The same say, of each substation as of another moment: as often sure of itself, and never about what is there."""

    def moved(
        departures: Departures, scores: Scores, usual_kw: FloatArray, history: History
    ) -> AutoencoderScores | None:
        found = says(departures, scores, usual_kw, history)
        if found is None or found.log_odds is None:
            return found
        steps = found.score.shape[1]
        rng = np.random.default_rng(0)
        by = rng.integers(steps // 4, max(3 * steps // 4, steps // 4 + 1), len(found.score))
        odds = np.stack([np.roll(row, int(shift), axis=0) for row, shift in zip(found.log_odds, by, strict=True)])
        return replace(found, log_odds=odds)

    return moved


def _report(
    benchmark: Benchmark, trained: Mapping[str, TrainedDetector], says: ScoreByAutoencoder | None
) -> ScoreReport:
    models = {code: detector.model for code, detector in trained.items()}
    found = detections(analyse(benchmark.fleet, models, autoencoder=says).findings, benchmark.end_s)
    return score(
        benchmark.events,
        [each for each in found if each.end_s > benchmark.train_end_s],
        start_s=benchmark.train_end_s,
        end_s=benchmark.end_s,
        substations=len(benchmark.fleet.codes),
    )
