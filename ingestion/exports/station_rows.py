"""The rows of one substation while they are composed: what is known of them, and how a column is put in its channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.measured import Ask, Measured
from ingestion.exports.stations import StationRecord
from ingestion.problems import FloatArray
from ingestion.timestamps import TimeArray
from substations.channels import CHANNEL_INDEX

_SAME_SHARE = 0.005  # the last digit of a class 0.5 meter


@dataclass(slots=True)
class Context:
    """What else is known of one substation's rows: times in ascending order, answers, preamble, the way to ask."""

    at: TimeArray
    answers: ExportAnswers
    preamble: Sequence[Sequence[str]]
    energy: str
    interval_s: int
    ask: Ask
    record: StationRecord | None = None


def put(values: FloatArray, channel: str, column: Measured, numbers: FloatArray | None = None) -> None:
    position = CHANNEL_INDEX[channel]
    given = column.values if numbers is None else numbers
    values[:, position] = np.where(np.isnan(values[:, position]), given, values[:, position])
    column.used_for = channel


def put_once(values: FloatArray, channel: str, column: Measured, context: Context) -> None:
    """Take the first column of a channel; a later one that says something else is a question."""
    taken = values[:, CHANNEL_INDEX[channel]]
    if not np.isfinite(taken).any():
        put(values, channel, column)
        return
    both = np.isfinite(taken) & np.isfinite(column.values)
    if both.any() and not np.allclose(taken[both], column.values[both], rtol=_SAME_SHARE):
        text = f"“{column.meaning.header}” and another column seem to be the same quantity. Which one counts?"
        context.ask("mapping", text, column.meaning.header)
    column.why = column.why or "another column is taken for this"


def mean_volts(values: FloatArray) -> FloatArray:
    mean: FloatArray = values[:, CHANNEL_INDEX["voltage_avg_v"]]
    lines = values[:, [CHANNEL_INDEX[f"voltage_l{p}_v"] for p in (12, 23, 31)]]
    count = np.isfinite(lines).sum(axis=1)
    of_lines = np.where(count > 0, np.nansum(lines, axis=1) / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(mean), of_lines, mean)


def mean_amps(values: FloatArray) -> FloatArray:
    mean: FloatArray = values[:, CHANNEL_INDEX["current_avg_a"]]
    phases = values[:, [CHANNEL_INDEX[f"current_l{n}_a"] for n in (1, 2, 3)]]
    count = np.isfinite(phases).sum(axis=1)
    of_phases = np.where(count > 0, np.nansum(phases, axis=1) / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(mean), of_phases, mean)
