"""What substations lost in a day above what was expected of them: energy, share and money."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, FloatField, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core.formatting import fixed
from losses.energy_prices import energy_prices
from losses.sums_of_money import Money, sums
from mlcore.models import Score

# What the figures cover: a day holds one cycle of the load.
DAY = timedelta(hours=24)
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class ExtraLoss:
    """loss_kwh: all that was lost; extra_kwh: of it, above what was expected at this load, below 0 under it.

    cost: of the extra loss, by currency; is_priced: whether each of the substations has a price.
    """

    loss_kwh: float = 0.0
    extra_kwh: float = 0.0
    cost: tuple[Money, ...] = ()
    is_priced: bool = False

    @property
    def share(self) -> float | None:
        """Extra loss over what was expected; None where nothing was."""
        expected = self.loss_kwh - self.extra_kwh
        return self.extra_kwh / expected if expected > 0 and math.isfinite(expected) else None

    @property
    def share_words(self) -> str:
        """The share in words; empty where it is not known. Not a template: a list has one in each row."""
        if self.share is None:
            return ""
        said = _("%(share)s below normal") if self.share < 0 else _("%(share)s above normal")
        return said % {"share": f"{fixed(100 * abs(self.share), 1)} %"}

    @property
    def cost_words(self) -> str:
        """What the extra loss cost, empty where that is not known."""
        amounts = ", ".join(str(each) for each in self.cost)
        return amounts if self.is_priced or not amounts else _("at least %(cost)s") % {"cost": amounts}


def extra_losses(ids: Collection[int], until: datetime) -> dict[int, ExtraLoss]:
    """Of each substation in the 24 h up to a time; those without a score in it are left out. Two queries."""
    rows = Score.objects.filter(substation__in=ids, at__gt=until - DAY, at__lte=until).order_by()
    hours = F("substation__reading_interval_s") / HOUR_S
    found = rows.values_list("substation_id").annotate(
        loss_kwh=Coalesce(Sum(F("loss_kw") * hours, output_field=FloatField()), 0.0),
        extra_kwh=Coalesce(Sum(F("extra_loss_kw") * hours, output_field=FloatField()), 0.0),
    )
    prices = energy_prices(ids)
    return {
        pk: ExtraLoss(loss_kwh, extra_kwh, (prices[pk].of(extra_kwh),) if pk in prices else (), pk in prices)
        for pk, loss_kwh, extra_kwh in found
    }


def total(losses: Iterable[ExtraLoss]) -> ExtraLoss:
    every = list(losses)
    return ExtraLoss(
        sum(each.loss_kwh for each in every),
        sum(each.extra_kwh for each in every),
        sums(money for each in every for money in each.cost),
        bool(every) and all(each.is_priced for each in every),
    )
