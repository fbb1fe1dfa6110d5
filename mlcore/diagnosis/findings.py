"""What the diagnosis says: one finding per fault, with everything an alert page needs to explain it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Figures = Mapping[str, float | None]
Kind = Literal["loss", "meter", "unusual", "info"]
Severity = Literal["warning", "critical"]


@dataclass(frozen=True)
class Finding:
    """One fault on one substation.

    kind: loss (energy is wasted), meter (the instrument can't be believed), unusual (no cause fits), info (nothing is
    wrong).
    start_s: the moment the alarm was raised; onset_s: when the departure began, as far as the readings tell.
    end_s: when it was over, None while it lasts. peak_s: the step with the highest score.
    loss_…_kwh: extra loss against the expectation with its interval; loss_pct: of the local loss without it.
    score: highest score, 1.0 is the alarm threshold. confidence: 0 to 1.
    code: what to say, of which ``mlcore.explanations`` makes the sentence: the cause of a loss, a data-quality flag or
    a limit. figures: the numbers of that sentence with their units in their names, None where one is not known.
    spells: from when to when it was there, epoch seconds: more than one where it went and came back while the alarm's
    windows remembered it. The last one ends with the last reading that showed it, also while it lasts.
    evidence: JSON-able details (measured against expected, contributions, runner-up, severity).
    """

    substation: str
    kind: Kind
    cause: str
    start_s: int
    end_s: int | None
    peak_s: int
    severity: Severity
    loss_kwh: float
    loss_low_kwh: float
    loss_high_kwh: float
    loss_pct: float
    score: float
    confidence: float
    code: str
    onset_s: int
    figures: Figures = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    spells: tuple[tuple[int, int], ...] = ()


def finite(value: float) -> float | None:
    """A figure, or None where it is not known: JSON has no NaN and no infinity."""
    return float(value) if math.isfinite(value) else None
