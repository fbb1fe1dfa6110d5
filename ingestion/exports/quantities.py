"""The columns of one substation → its channels, row by row: composed, scaled by physics, signs resolved."""

from __future__ import annotations

import numpy as np

from ingestion.exports.contradictions import ask_for_contradictions
from ingestion.exports.currents_and_voltages import put_currents, put_voltages
from ingestion.exports.measured import Measured
from ingestion.exports.other_quantities import put_others
from ingestion.exports.power_signs import put_powers
from ingestion.exports.powers import measured_powers, quadrants_or_phases, settle_by_powers
from ingestion.exports.prefixes import apply_scales, scales_of
from ingestion.exports.station_rows import Context
from ingestion.exports.usable_columns import usable
from ingestion.problems import FloatArray
from ingestion.timestamps import TimeArray
from substations.channels import CHANNELS


def quantities(columns: list[Measured], context: Context) -> FloatArray:
    """Values [row, channel] of one substation; NaN where nothing is known. Columns learn what they are used for."""
    values = np.full((len(context.at), len(CHANNELS)), np.nan)
    context.interval_s = context.answers.interval_s or context.interval_s or _interval_s(context.at)
    kept = usable(_with_values([c for c in columns if c.kind]))
    quadrants_or_phases(kept)
    powers = measured_powers(kept, context)
    settle_by_powers(powers)
    put_currents(kept, values, context)
    between = put_voltages(kept, values, context)
    scales = scales_of(powers, kept, values, between, context)
    apply_scales(scales, powers, kept, values, context)
    put_powers(powers, kept, values, context)
    put_others(kept, values, context)
    ask_for_contradictions(values, context.ask)
    return values


def _with_values(columns: list[Measured]) -> list[Measured]:
    """Without columns that this substation leaves empty where another of the kind and phase is filled."""
    filled = {(c.kind, c.meaning.phase) for c in columns if np.isfinite(c.values).any()}
    return [c for c in columns if c.said or np.isfinite(c.values).any() or (c.kind, c.meaning.phase) not in filled]


def _interval_s(at: TimeArray) -> int:
    steps = np.diff(np.unique(at)).astype(np.int64)
    return round(float(np.median(steps)) / 1e6) if len(steps) else 0
