"""What to check first: the plant's own guidance, else the built-in advice for the cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlcore.explanations import checks_of

from .guidance_models import AlertGuidance
from .models import Alert


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """steps: likeliest first. own: the guidance that they are from; None where they are built in."""

    steps: Sequence[str]
    own: AlertGuidance | None


def advice_of(alert: Alert) -> FirstSteps:
    found = max(AlertGuidance.objects.fitting(alert), key=_specific, default=None)
    return FirstSteps([str(step) for step in checks_of(alert.cause)] if found is None else found.steps, found)


def _specific(guidance: AlertGuidance) -> tuple[bool, bool, bool, bool]:
    return bool(guidance.cause), bool(guidance.kind), guidance.substation_id is not None, bool(guidance.site)
