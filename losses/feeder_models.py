"""What the meter at the head of a feeder says: the energy that was sent into it, by the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteQuerySet, SiteScope
from substations.models import Link

MAX_SUPPLIED_KWH = 1e9
"""Chosen: a day of 40 GW. A register's reading in place of a difference is often more."""


def _whole_feeders(scope: SiteScope) -> Q:
    """Of feeders that are given from end to end: less what is given, the rest would be somebody else's."""
    given = set(scope.substations().values_list("pk", flat=True))
    links = list(Link._base_manager.all())
    return Q(link__in=[link.pk for link in links if link.target_id in given and behind(link, links) <= given])


def behind(first: Link, links: Iterable[Link]) -> set[int]:
    """Substations (primary keys) that are supplied through a link: from its end on along closed links."""
    onward: dict[int, list[int]] = defaultdict(list)
    for link in links:
        if link.source_id and link.status == Link.Status.CLOSED and link.pk != first.pk:
            onward[link.source_id].append(link.target_id)
    found, waiting = {first.target_id}, [first.target_id]
    while waiting:
        fresh = set(onward[waiting.pop()]) - found
        found |= fresh
        waiting += fresh
    return found


class FeederSupply(models.Model):
    """Energy of one day, by the clock of the feeder's substations. A feeder is named by the first link that it has."""

    link = models.ForeignKey(Link, models.CASCADE, related_name="supplies", db_index=False, verbose_name=_("feeder"))
    day = models.DateField(_("day"))
    supplied_kwh = models.FloatField(
        _("supplied (kWh)"),
        validators=[MinValueValidator(0), MaxValueValidator(MAX_SUPPLIED_KWH)],
    )

    objects = SiteQuerySet["FeederSupply"].as_manager()
    site_path = staticmethod(_whole_feeders)

    class Meta:
        ordering = ["link", "-day"]
        verbose_name = _("supply of a feeder")
        verbose_name_plural = _("supplies of feeders")
        constraints = [models.UniqueConstraint(fields=["link", "day"], name="one_supply_of_a_feeder_and_day")]

    def __str__(self) -> str:
        return f"{self.link} {self.day}: {self.supplied_kwh:g} kWh"
