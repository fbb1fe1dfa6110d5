"""What is recommended for substations, where something is: a place for whoever works it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from losses.sums_of_money import Money
from substations.models import Substation


@dataclass(frozen=True, slots=True)
class ReportRecommendation:
    """action: one sentence. cost, saving: once, and a year. payback_years: None is not known."""

    substation_code: str
    action: str
    cost: Money | None = None
    saving: Money | None = None
    payback_years: float | None = None


def recommendations_for(substations: Iterable[Substation]) -> list[ReportRecommendation]:
    """The recommendations that are stored for some substations, those with the shortest payback first; may be none."""
    return []
