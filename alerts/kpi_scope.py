"""What the figures of alarms are asked of: a period, a site, a substation, a cause; and what they are compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core import site_rights
from core.formatting import share
from mlcore.models import Cause
from substations.models import Substation

from . import alarm_days
from .kpi_figures import AlarmFigures, Alarms, figures
from .kpi_targets import JudgedFigure, judged, seconds
from .models import AlarmDay

BY = {"substation": _("Substation"), "site": _("Site"), "cause": _("Cause")}
# chosen: what a reader takes in; the export holds all.
MAX_GROUPS = 20
MAX_ACTORS = 10
MAX_PARTS_OF_ANSWER = 200
"""Chosen: groups and bad actors that one answer of the API names, those with most alarms."""

DEFAULT_PERIOD = timedelta(days=30)
"""What the targets are judged over."""


class KpiScopeForm(forms.Form):
    """The parts of the URL beside the range; nothing that is sent is an error but another value than those offered."""

    site = forms.CharField(label=_("Site"), required=False, widget=forms.TextInput(attrs={"class": "input"}))
    substation = forms.CharField(
        label=_("Substation"), required=False, widget=forms.TextInput(attrs={"class": "input", "size": 12})
    )
    cause = forms.ChoiceField(
        label=_("Cause"),
        required=False,
        choices=[("", _("Any")), *Cause.choices],
        widget=forms.Select(attrs={"class": "select"}),
    )
    by = forms.ChoiceField(
        label=_("Compare by"),
        required=False,
        choices=list(BY.items()),
        widget=forms.Select(attrs={"class": "select"}),
    )


@dataclass(frozen=True, slots=True)
class KpiGroup:
    """One part of what was asked for: its name and its figures."""

    name: str
    found: AlarmFigures

    @property
    def acknowledged_in(self) -> str:
        """Median, of the severity that was announced more often."""
        both = (self.found.acknowledge_critical, self.found.acknowledge_warning)
        return seconds(max(both, key=lambda each: each.count).p50_s)

    @property
    def closed_in(self) -> str:
        return seconds(self.found.close.p50_s)


@dataclass(frozen=True, slots=True)
class ActorLine:
    substation: str
    cause: str
    label: str
    count: int
    cumulative: float

    @property
    def bar(self) -> str:
        """For SVG in any language."""
        return f"{100 * self.cumulative:.1f}"

    @property
    def percent(self) -> str:
        return share(self.cumulative)


@dataclass(frozen=True, slots=True)
class KpiAnswer:
    """pending: days that are still to be worked out; first: the oldest alarm there is any record of."""

    start: datetime
    end: datetime
    found: AlarmFigures
    lines: list[JudgedFigure]
    groups: list[KpiGroup]
    actors: list[ActorLine]
    by: str
    pending: int
    days_known: float


def read(
    start: datetime | None,
    end: datetime,
    scope: Mapping[str, str],
    *,
    groups: int | None = MAX_GROUPS,
    actors: int | None = MAX_ACTORS,
) -> KpiAnswer | None:
    """The figures; None where no alarm is on record. Four queries, or three where nothing is on record.

    scope: ``site``, ``substation``, ``cause`` and ``by``, each may be missing. groups, actors: how many at most; None
    for all.
    """
    first = AlarmDay.objects.order_by("day").values_list("day", flat=True).first()
    pending = AlarmDay.objects.filter(is_pending=True).count()
    if first is None:
        return None
    recorded_from = alarm_days.bounds(first)[0]
    start = min(start or recorded_from, end - timedelta(minutes=10))
    names = {pk: (code, site) for pk, code, site in Substation.objects.values_list("pk", "code", "site")}
    alarms = _chosen(alarm_days.read(start, end), scope, names)
    period = start.timestamp(), end.timestamp()
    found, by = figures(alarms, *period), scope.get("by") or "substation"
    days_known = (end - max(start, recorded_from)).total_seconds() / 86_400
    return KpiAnswer(
        start=start,
        end=end,
        found=found,
        lines=judged(found, days_known),
        groups=_groups(alarms, by, names, period, groups),
        actors=_actors(found, names, actors),
        by=by,
        pending=pending,
        days_known=max(0.0, days_known),
    )


Names = Mapping[int, tuple[str, str]]


def _chosen(alarms: Alarms, scope: Mapping[str, str], names: Names) -> Alarms:
    code, site = (scope.get(name, "").strip().casefold() for name in ("substation", "site"))
    if code or site or site_rights.current() is not None:  # the days are those of the whole plant
        wanted = [
            pk
            for pk, (its_code, its_site) in names.items()
            if code in ("", its_code.casefold()) and site in ("", its_site.casefold())
        ]
        alarms = alarms[np.isin(alarms["substation"], wanted)]
    if cause := scope.get("cause"):
        alarms = alarms[alarms["cause"] == alarm_days.CAUSES.index(cause)]
    return alarms


def _groups(alarms: Alarms, by: str, names: Names, period: tuple[float, float], at_most: int | None) -> list[KpiGroup]:
    """The part with most alarms first."""
    if by == "cause":
        keys = alarms["cause"]
        label: Any = _cause
    else:
        keys, label = alarms["substation"], lambda pk: names.get(int(pk), (f"#{pk}", ""))[0]
        if by == "site":
            sites = sorted({site for _code, site in names.values()})
            number = {pk: sites.index(site) for pk, (_code, site) in names.items()}
            keys = np.array([number.get(int(pk), -1) for pk in keys], dtype=np.int64)
            label = partial(_site_name, sites)
    parts, part_of, counts = np.unique(keys, return_inverse=True, return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:at_most]
    found = [KpiGroup(str(label(parts[part])), figures(alarms[part_of == part], *period)) for part in largest]
    return sorted(found, key=lambda group: (-group.found.count, group.name))


def _actors(found: AlarmFigures, names: Names, at_most: int | None) -> list[ActorLine]:
    return [
        ActorLine(
            names.get(each.substation, (f"#{each.substation}", ""))[0],
            alarm_days.CAUSES[each.cause],
            _cause(each.cause),
            each.count,
            each.cumulative,
        )
        for each in found.bad_actors[:at_most]
    ]


def _cause(number: int) -> str:
    return str(Cause(alarm_days.CAUSES[number]).label)


def _site_name(sites: Sequence[str], at: int) -> str:
    return (sites[at] if at >= 0 else "") or _now("No site")
