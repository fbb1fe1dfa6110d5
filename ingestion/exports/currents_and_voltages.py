"""Currents and voltages of one substation: which column is which phase, which pair, and which mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.exports.magnitudes import typical
from ingestion.exports.measured import Measured
from ingestion.exports.station_rows import Context, put, put_once
from ingestion.problems import FloatArray
from substations.channels import CHANNEL_INDEX

_MEAN_WITHIN = 0.2  # chosen: means of means differ less; a neutral, a sum or a peak more


def put_currents(columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    mine = _not_zero([c for c in columns if c.kind == "I"])
    for column in mine:
        if column.said:
            put(values, column.said, column)
    mine = [c for c in mine if not c.said]
    for column in sorted(mine, key=lambda c: not c.has("avg")):
        if column.meaning.phase in ("1", "2", "3"):
            put_once(values, f"current_l{column.meaning.phase}_a", column, context)
        elif column.meaning.phase == "":
            if _is_sum(column, mine):
                column.why = "a sum of the phases"
            else:
                put_once(values, "current_avg_a", column, context)
    _check_mean(values, ("current_l1_a", "current_l2_a", "current_l3_a"), "current_avg_a", columns, context)


def _check_mean(
    values: FloatArray, phases: Sequence[str], mean: str, columns: Sequence[Measured], context: Context
) -> None:
    """Ask where a column that is taken for the mean of three phases is far from it."""
    column = next((c for c in columns if c.used_for == mean and not c.said), None)
    filled = np.isfinite(values[:, [CHANNEL_INDEX[name] for name in phases]]).any(axis=0).sum()
    if column is not None and filled == len(phases) - 1:
        header = column.meaning.header
        context.ask("mapping", f"Two of three phases are named. Is “{header}” the third, or the mean?", header)
    of_phases = values[:, [CHANNEL_INDEX[name] for name in phases]].mean(axis=1)
    taken = values[:, CHANNEL_INDEX[mean]]
    both = np.isfinite(of_phases) & np.isfinite(taken) & (of_phases != 0)
    alike = {c.known for c in columns if c.used_for in (*phases, mean)}
    if column is None or not both.any() or len(alike) > 1:
        return
    ratio = float(np.median(taken[both] / of_phases[both]))
    if abs(ratio - 1) > _MEAN_WITHIN:
        header = column.meaning.header
        context.ask("mapping", f"“{header}” is not the mean of the three phases beside it. What is it?", header)


def _is_sum(column: Measured, currents: Sequence[Measured]) -> bool:
    """True for a total of the phases' currents, by its name or by its numbers: SunSpec's A is one without a name."""
    phases = [c.values for c in currents if c.meaning.phase in ("1", "2", "3")]
    if not phases or column.has("avg"):
        return False
    total = np.sum(phases, axis=0)
    both = np.isfinite(total) & np.isfinite(column.values) & (total != 0)
    if column.has("total") and not (len(phases) == 3 and both.any() and _is_mean(column.values[both], total[both])):
        return True
    return len(phases) == 3 and bool(both.any()) and np.allclose(column.values[both], total[both], rtol=0.02)


def _is_mean(values: FloatArray, total: FloatArray) -> bool:
    """True for a current of all phases that is their mean: "Corriente III"."""
    return abs(float(np.median(3 * values / total)) - 1) < _MEAN_WITHIN


def _not_zero(columns: Sequence[Measured]) -> list[Measured]:
    """Without columns of zeros that name no unit: a count of events, or a channel that is not wired."""
    kept = []
    for column in columns:
        if column.known or column.said or typical(column.values) is not None:
            kept.append(column)
        else:
            column.why = "no unit and only zeros"
    return kept


def put_voltages(columns: Sequence[Measured], values: FloatArray, context: Context) -> bool | None:
    """Voltages as they stand; True if they are between lines, False to neutral, None if that is not said."""
    mine = _not_zero([c for c in columns if c.kind == "U"])
    for column in mine:
        if column.said:
            put(values, column.said, column)
    pairs = [c for c in mine if c.meaning.phase.startswith("l") and not c.said]
    for column in pairs:
        put_once(values, f"voltage_{column.meaning.phase}_v", column, context)
    named = [c for c in mine if c.said]
    mean = [c for c in mine if c.meaning.phase == "" and not c.said and not c.has("ln", "neutral")]
    single = [c for c in mine if c.meaning.phase in ("1", "2", "3")]
    neutral = [c for c in mine if c.has("ln") and c.meaning.phase == ""]
    if pairs or named:
        for column in mean[:1]:
            put_once(values, "voltage_avg_v", column, context)
        _check_mean(values, ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v"), "voltage_avg_v", mine, context)
        for column in (*single, *neutral):
            column.why = column.why or "the voltages between lines count"
        return True
    if mean and not (single and not any(c.has("ll") for c in mean)):
        put_once(values, "voltage_avg_v", mean[0], context)
        return True if mean[0].has("ll") else None
    phases = {c.meaning.phase: c for c in reversed(single)}
    if phases or neutral:
        used = list(phases.values()) or neutral[:1]
        numbers = np.mean([c.values for c in used], axis=0)
        for column in used:
            put(values, "voltage_avg_v", column, numbers)
            column.sureness, column.why = "likely", "the mean of the phase voltages × √3"
        return False if any(c.has("ln") for c in used) or neutral else None
    return None
