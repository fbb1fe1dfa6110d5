"""How bad a loss is: by its share of the substation's own loss, and by whether it is worth a visit at all."""

from __future__ import annotations

from substations.electrical.nameplate import Nameplate

CRITICAL_PCT = 15.0
"""Given: an episode is critical from 15 % extra loss on."""

WORTH_RATED_HOURS = 0.5
"""Chosen: what a transformer loses in half an hour at rated load is not worth a visit."""

MIN_RATED_LOSS_KW = 3.3
"""What about 200 kVA lose at rated load: smaller substations are judged as if they were that large."""


def worth_kwh(plate: Nameplate) -> float:
    """Energy below which an episode is no more than a warning, whatever its share."""
    return WORTH_RATED_HOURS * rated_loss_kw(plate)


def rated_loss_kw(plate: Nameplate) -> float:
    """What the transformer loses at rated load, or one of about 200 kVA where that is more."""
    return max((plate.no_load_loss_w + plate.load_loss_w) / 1000.0, MIN_RATED_LOSS_KW)


def expected_kwh(loss_kwh: float, hours: float, is_open: bool) -> float:
    """Energy of an episode; of one that goes on, at least what a day of it will cost."""
    return max(loss_kwh, 24.0 * loss_kwh / hours) if is_open and hours > 0 else loss_kwh


def is_critical(share_pct: float, energy_kwh: float, plate: Nameplate) -> bool:
    """True from 15 % extra loss over the local loss without it, if that is an energy worth a visit."""
    return share_pct >= CRITICAL_PCT and energy_kwh >= worth_kwh(plate)
