"""From a code and figures to the sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.utils import translation

from mlcore.models import Cause

from .generation_sentence import generation_sentence
from .limit_sentences import LIMITS, limit_sentence, unusual_sentence
from .loss_sentences import loss_sentence
from .meter_sentences import METER_SENTENCES, meter_sentence
from .silence_sentence import silence_sentence
from .wording import PLAIN, Figures, Wording


def explain(code: str, figures: Figures, wording: Wording = PLAIN) -> str:
    """The sentence of a finding in the reader's language. code: a cause, a data-quality flag or a limit.

    A figure that is no number is not known.
    """
    figures = {name: value for name, value in figures.items() if _is_known(value)}
    if code in METER_SENTENCES:
        return meter_sentence(code, figures, wording)
    if code in LIMITS:
        return limit_sentence(code, figures, wording)
    if code == "generation":
        return generation_sentence(figures, wording)
    if code == "unusual_behaviour":
        return unusual_sentence(figures, wording)
    if code == Cause.DATA_MISSING:
        return silence_sentence(figures, wording)
    return loss_sentence(code, figures, wording)


def _is_known(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def english(code: str, figures: Figures) -> str:
    """The sentence as it is stored beside code and figures, whoever stores it: for searching, and to fall back on."""
    with translation.override(None):
        return explain(code, figures)


def said_by(stored: Mapping[str, Any], fall_back: str, wording: Wording = PLAIN) -> str:
    """The sentence of stored evidence; the text that was stored with it where it is older than the codes.

    A code that this version does not know, of a later one or of none, falls back as well.
    """
    if not isinstance(stored.get("figures"), Mapping) or not stored.get("code"):
        return fall_back
    try:
        return explain(stored["code"], stored["figures"], wording)
    except KeyError:
        return fall_back
