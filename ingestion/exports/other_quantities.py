"""Frequency, temperature of the oil, and distortion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingestion.exports.magnitudes import typical
from ingestion.exports.measured import Measured
from ingestion.exports.station_rows import Context, put, put_once
from ingestion.problems import FloatArray
from substations.channels import CHANNEL_INDEX

_HOT_OIL = 95.0  # IEC 60076-7: top oil at rated load is at 40 °C + 60 K at most; throughout a file it is °F
_OF_TRANSFORMER = re.compile(r"(?i)transform|trafo|\bx?fmr\b|\btr?x?\d*\b")


def put_others(columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    for column in columns:
        if column.kind == "F":
            put_once(values, "frequency_hz", column, context)
            values[:, CHANNEL_INDEX["frequency_hz"]] *= _frequency_scale(values[:, CHANNEL_INDEX["frequency_hz"]])
    _put_temperature([c for c in columns if c.kind == "T"], values, context)
    distortions = [c for c in columns if c.kind.startswith("THD") and (c.said or c.meaning.phase)]
    largest = max((float(np.nanmax(c.values)) for c in distortions if np.isfinite(c.values).any()), default=0.0)
    for column in distortions:
        if column.kind == "THD" and column.meaning.phase in ("1", "2", "3") and not column.said:
            text = f"Is “{column.meaning.header}” the distortion of a current or of a voltage?"
            context.ask("mapping", text, column.meaning.header)
            continue
        side = "current" if column.kind == "THDI" else "voltage"
        channel = column.said or f"thd_{side}_{'l' if side == 'current' else ''}{column.meaning.phase}_pct"
        if channel not in CHANNEL_INDEX:
            column.why = "of a phase to neutral; the channels are between lines"
            continue
        scale = 1.0
        if not column.known and largest <= 1.5:
            scale = 100.0
            column.sureness, column.why = "likely", "a ratio: a distortion below 1.5 % in every row is not credible"
            if largest > 0.6:
                context.ask(
                    "unit",
                    f"Is “{column.meaning.header}” a ratio or in per cent?",
                    column.meaning.header,
                    ("%", "per unit"),
                )
        column.factor = scale
        put_once(values, channel, replace(column, values=column.values * scale), context)
        column.used_for = channel


def _frequency_scale(values: FloatArray) -> float:
    """Hundredths and thousandths of hertz are told by 50 and 60."""
    middle = typical(values)
    if middle is None or 40 <= middle <= 70:
        return 1.0
    return next((scale for scale in (0.1, 0.01, 0.001) if 40 <= middle * scale <= 70), 1.0)


def _put_temperature(columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    for column in columns:
        if column.said:
            put(values, column.said, column)
        elif column.has("ambient", "winding"):
            column.why = "an ambient or winding temperature is not the oil's"
        elif column.has("oil") or (_OF_TRANSFORMER.search(column.meaning.header) and len(columns) == 1):
            put_once(values, "oil_temperature_c", column, context)
            if not column.known and (typical(column.values) or 0) > _HOT_OIL:
                context.ask(
                    "unit", f"Is “{column.meaning.header}” in °C or in °F?", column.meaning.header, ("°C", "°F")
                )
        elif len(columns) == 1:
            context.ask(
                "mapping",
                f"Is “{column.meaning.header}” the temperature of the transformer's oil?",
                column.meaning.header,
                ("oil_temperature_c", ""),
            )
        else:
            column.why = "it is not said to be the oil's"
