"""Signs of reactive power and power factor: by words, conventions, kvar; asked where nothing tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.exports import conventions
from ingestion.exports.measured import Composed, Measured
from ingestion.exports.powers import POWERS
from ingestion.exports.station_rows import Context, put
from ingestion.problems import FloatArray
from substations.channels import CHANNEL_INDEX


def put_powers(powers: dict[str, Composed], columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    active = powers["P"].values if "P" in powers else None
    reactive = powers["Q"].values if "Q" in powers else None
    lead = _put_factor(columns, values, active, reactive, context)
    if reactive is not None:
        parts = powers["Q"].parts
        sided = any(p.has("lag", "lead", "q1", "q4", "import", "export") or p.sign_said for p in parts)
        if not sided or (lead is not None and np.any(lead != 0)):
            reactive, question = conventions.reactive_sign(
                reactive, active, lead if lead is not None and np.any(lead != 0) else None
            )
            if question and not sided:
                context.ask(
                    question,
                    f"“{parts[0].meaning.header}” is negative while power is drawn: leading, or turned round?",
                    parts[0].meaning.header,
                    ("lagging_positive", "leading_positive"),
                )
        if active is not None and lead is not None:
            reactive = np.where(np.isnan(reactive), _by_factor(values, active, lead), reactive)
    elif lead is not None and np.any(lead != 0) and ("P" in powers or "S" in powers):
        factor = np.abs(values[:, CHANNEL_INDEX["power_factor"]])
        reactive = _by_factor(values, active if active is not None else powers["S"].values * factor, lead)
    for kind, numbers in (("P", active), ("Q", reactive)):
        if numbers is not None:
            values[:, CHANNEL_INDEX[POWERS[kind]]] = numbers
    if "S" in powers:
        values[:, CHANNEL_INDEX["apparent_power_kva"]] = np.abs(powers["S"].values)


def _by_factor(values: FloatArray, active: FloatArray, lead: FloatArray) -> FloatArray:
    """kvar of P and a power factor that says lagging or leading."""
    factor = values[:, CHANNEL_INDEX["power_factor"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(active) * np.sqrt(np.maximum(1 / factor**2 - 1, 0))
        return np.where((lead != 0) & np.isfinite(size), lead * size, np.nan)


def _put_factor(
    columns: Sequence[Measured],
    values: FloatArray,
    active: FloatArray | None,
    reactive: FloatArray | None,
    context: Context,
) -> FloatArray | None:
    mine = [c for c in columns if c.kind == "PF" and (c.said or c.meaning.phase == "")]
    sided = [c for c in mine if c.has("lag", "lead") and not c.said]
    for column in sided:
        column.why = "one of two directions; it follows from active and reactive power"
    mine = sorted((c for c in mine if c not in sided), key=lambda c: (not c.said, not c.has("total"), c.has("partial")))
    if not mine:
        return None
    beside = [c for c in columns if c.kind == "PF" and c.meaning.phase and not c.said]
    for other in (*mine[1:], *beside):
        other.why = other.why or f"“{mine[0].meaning.header}” is taken for this"
    column = mine[0]
    scale = 1.0 if column.said else column.fraction
    words: FloatArray = np.zeros(len(column.values)) if column.lead is None else column.lead
    read = conventions.factor_reading(column.values * scale, words, active, reactive, context.answers.convention)
    if read.question:
        context.ask(read.question, read.why, column.meaning.header, ("iec", "ieee", "leading_over_one"))
    reverse = np.zeros(len(values), bool) if active is None else active < 0
    put(values, "power_factor", column, np.where(reverse, -read.magnitude, read.magnitude))
    column.factor = scale
    return read.lead
