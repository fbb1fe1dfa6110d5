"""Which tier judges a substation, and why: fixed limits, the regression, the fleet's network, its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, Min
from django.utils.translation import gettext as _

from mlcore.autoencoders import INFORMATION
from mlcore.diagnosis.terms import MIN_TRAINING_DAYS
from mlcore.models import Detector
from substations.models import Reading, Substation

Tier = Detector.Tier


@dataclass(frozen=True, slots=True)
class Step:
    """One tier: ``is_here`` marks the one that judges, ``is_reached`` those up to it."""

    label: str
    is_here: bool
    is_reached: bool


@dataclass(frozen=True, slots=True)
class ModelTiers:
    """All tiers, lowest first, and why the substation stands where it stands."""

    steps: list[Step]
    why: str


def model_tiers(substation: Substation, active: Detector | None) -> ModelTiers:
    """Where a substation stands, from stored rows alone."""
    usable = active if active is not None and not active.broken_reason else None
    here = Tier(usable.tier) if usable else Tier.LIMITS
    tiers = list(Tier)
    reached = tiers.index(here)
    steps = [Step(str(tier.label), tier is here, number <= reached) for number, tier in enumerate(tiers)]
    return ModelTiers(steps, _why_limits(substation, active) if usable is None else _why(usable))


def _why(detector: Detector) -> str:
    if detector.tier == Tier.OWN:
        return _(
            "Its own network, trained on its normal days and on faults put into them, does best on holdout readings."
        )
    if detector.tier == Tier.FLEET:
        return _(
            "It uses the shared fleet network: it has too few normal days for a network of its own, or its own network "
            "performed no better on holdout readings."
        )
    if detector.tier == Tier.BACKBONE:
        return _(
            "It uses the supplied network, adjusted to its normal days: TensorFlow was not installed where it was "
            "trained, it has too few normal days, or training did no better on holdout readings."
        )
    if detector.metrics.get(INFORMATION, 1.0) <= 0.0:
        return _(
            "Its network has no say: on holdout readings it named causes no better than chance. Physics alone decides; "
            "the next training tries again."
        )
    return _("It has no network: too few normal periods, or it was trained by an earlier version. Train it again.")


def _why_limits(substation: Substation, broken: Detector | None) -> str:
    if broken is not None:
        why = _("Version %(number)d is invalid and no older version is valid. Fixed limits apply meanwhile.")
        newer = substation.detectors.filter(version__gt=broken.version, broken_reason="").without_artifact().first()
        what = _("Version %(newer)d is valid: activate it, or train again.") if newer else _("Train it again.")
        return f"{why} {what}" % {"number": broken.version, "newer": newer.version if newer else 0}
    days = _days_of(substation)
    if days < timedelta(days=MIN_TRAINING_DAYS):
        return _("No model yet: %(have).1f of %(need)d days of readings received. Fixed limits apply meanwhile.") % {
            "have": days / timedelta(days=1),
            "need": MIN_TRAINING_DAYS,
        }
    return _(
        "No model yet: fewer than %(need)d days of its readings are valid and show load, or its training is still to "
        "come. Fixed limits apply meanwhile."
    ) % {"need": MIN_TRAINING_DAYS}


def _days_of(substation: Substation) -> timedelta:
    reach = Reading.objects.for_substation(substation).aggregate(first=Min("at"), last=Max("at"))
    return reach["last"] - reach["first"] if reach["first"] else timedelta(0)
