"""Power factor and reactive power as conventions write them → a magnitude, and kvar with lagging positive."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ingestion.problems import BoolArray, FloatArray

_LEAD = re.compile(
    r"(?i)^\s*(lead(ing)?|ld|c|cap\.?|capac\w*|kap\.?|kapaz\w*|cp|adelant\w*|av|ahead|容|容性|वर्ती)\s*\.?$"
)
_LAG = re.compile(r"(?i)^\s*(lag(ging)?|lg|l|i|ind\.?|induc?k?t\w*|retard\w*|ar|感|感性)\s*\.?$")
# Written as a fraction, where leading may be 2 − PF; in per cent, where it may be 200 − PF; in thousandths.
_FACTOR_SCALES = ((1.0, 2.05), (0.01, 205.0), (0.001, 1050.0))
_ONE_SIGN = 0.98  # share of rows; a few crossings do not tell the convention
_OVER_ONE = 1.02  # a meter's rounding; above, the number counts leading as 2 − PF


@dataclass(frozen=True, slots=True)
class FactorReading:
    """``magnitude`` 0 to 1; ``lead`` −1 leading, +1 lagging, 0 not said; ``question`` what must be asked."""

    magnitude: FloatArray
    lead: FloatArray
    question: str = ""
    why: str = ""


def lag_lead_of(tail: str) -> float:
    """+1 for a word that says lagging, −1 for leading, 0 for none."""
    return -1.0 if _LEAD.match(tail) else 1.0 if _LAG.match(tail) else 0.0


def factor_scale(values: FloatArray) -> float:
    """The factor that brings a power factor to 1: it may be written in per cent or in thousandths."""
    known = np.abs(values[np.isfinite(values)])
    if not len(known):
        return 1.0
    usual = float(np.median(known))  # a single wrong cell must not change all the others
    return next((scale for scale, most in _FACTOR_SCALES if usual <= most), 1e-4)


def factor_reading(
    values: FloatArray, words: FloatArray, active: FloatArray | None, reactive: FloatArray | None, convention: str
) -> FactorReading:
    """A power factor with its sign resolved: by words, by the convention answered, by kvar, or asked."""
    magnitude = np.abs(values)
    over = (magnitude > _OVER_ONE) & (magnitude <= 2.0)
    lead = words.copy()
    question = why = ""
    if over.any():
        over = (magnitude > 1.0) & (magnitude <= 2.0)  # where leading is written so, 1.01 is no rounding
        magnitude = np.where(over, 2.0 - magnitude, magnitude)
        lead = np.where(over, -1.0, np.where(np.isfinite(values), 1.0, lead))
        if not convention and not _agrees(lead, reactive):
            question, why = "power_factor_convention", "Power factors above 1: is 1.08 a leading 0.92?"
    importing = np.ones(len(values), bool) if active is None else active > 0
    negative = (values < 0) & importing
    if negative.any() and not over.any():
        if convention in ("iec", "ieee"):
            turn = 1.0 if convention == "ieee" else -1.0
            signed = np.where(values < 0, turn, -turn) if convention == "ieee" else np.where(negative, -1.0, 1.0)
            lead = np.where(np.isfinite(values) & (words == 0), signed, words)
        elif reactive is None:
            question, why = (
                "power_factor_convention",
                "Power factors are negative while power is drawn: lagging or leading?",
            )
    magnitude = np.where(magnitude <= _OVER_ONE, np.minimum(magnitude, 1.0), np.nan)
    return FactorReading(magnitude, lead, question, why)


def _agrees(lead: FloatArray, reactive: FloatArray | None) -> bool:
    if reactive is None:
        return False
    known = np.isfinite(reactive) & (reactive != 0) & (lead != 0)
    return bool(known.any()) and float(np.mean(np.sign(reactive[known]) == lead[known])) > 0.9


def reactive_sign(reactive: FloatArray, active: FloatArray | None, lead: FloatArray | None) -> tuple[FloatArray, str]:
    """kvar with the sign that words of the power factor say; a question where negative kvar may be either."""
    if lead is not None:
        known = np.isfinite(reactive) & (reactive != 0) & (lead != 0)
        if known.any():
            agrees = float(np.mean(np.sign(reactive[known]) == lead[known]))
            if agrees > 0.9:
                return reactive, ""
            if not np.any(reactive < 0):
                return np.where(lead < 0, -np.abs(reactive), reactive), ""
            return (-reactive, "") if agrees < 0.1 else (reactive, "sign")
    drawn: BoolArray = np.isfinite(reactive) & (reactive != 0) & (True if active is None else ~(active < 0))
    if drawn.sum() and float(np.mean(reactive[drawn] < 0)) > 0.6:
        return reactive, "sign"
    return reactive, ""
