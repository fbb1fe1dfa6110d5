"""Floods of alarms: is there one now, and its open alerts by feeder and cause. Nothing is dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.models import Detection
from substations.models import Substation

from .common_causes import Feeder
from .flood_state import LOOK_BACK, Flood, flood_at
from .models import Alert, AlertEvent
from .querysets import AlertQuerySet
from .suppression import read_network

# chosen: two lines of codes.
SHOWN = 24


def current(*, now: datetime) -> Flood | None:
    """The flood that goes on now, from the announcements of the last day."""
    times = AlertEvent.objects.announcements(now - LOOK_BACK, now).values_list("at", flat=True)
    limits = {"starts_above": settings.ALERT_FLOOD_STARTS_ABOVE, "ends_below": settings.ALERT_FLOOD_ENDS_BELOW}
    return flood_at(now, list(times), **limits)


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Open alerts of one feeder and cause, the first by the clock of the readings in front."""

    feeder: str
    cause: str
    alerts: Sequence[Alert]

    @property
    def first(self) -> Alert:
        """What came first: the likeliest cause of the others."""
        return self.alerts[0]

    @property
    def shown(self) -> Sequence[Alert]:
        """Those that a page names; the others are in the list below."""
        return self.alerts[:SHOWN]

    @property
    def severity(self) -> int:
        return max(alert.severity for alert in self.alerts)

    @property
    def is_critical(self) -> bool:
        return self.severity >= Detection.Severity.CRITICAL

    @property
    def severity_name(self) -> str:
        return "critical" if self.is_critical else "warning"

    @property
    def unacknowledged(self) -> int:
        return sum(not alert.acknowledged for alert in self.alerts)


def grouped_alerts() -> AlertQuerySet:
    """Open alerts that are not put aside, those included that another one silences."""
    fields = ("kind", "cause", "severity_now", "severity_peak", "acknowledged", "raised_at", "suppressed_by")
    open_ones = Alert.objects.unresolved().filter(suppression__in=("none", "by_design")).select_related("substation")
    return open_ones.only(*fields, "substation__code", "substation__time_zone")


def groups(alerts: Iterable[Alert]) -> list[AlertGroup]:
    """Several of one feeder and cause, and what one alert silences with that one: critical groups first, then large
    ones, then those that began first. What stands alone is no group."""
    network = read_network()
    alerts = list(alerts)
    places = {alert.pk: alert.substation_id for alert in alerts}
    members: defaultdict[tuple[Feeder, str], list[Alert]] = defaultdict(list)
    for alert in alerts:
        place = places.get(alert.suppressed_by_id or alert.pk, alert.substation_id)
        members[network.feeder(place) or f"#{place}", alert.cause].append(alert)
    codes = dict(Substation.objects.values_list("pk", "code"))
    found = [
        AlertGroup(_feeder_name(feeder, codes), own[0].get_cause_display(), sorted(own, key=_began))
        for (feeder, _cause), own in members.items()
        if len(own) > 1
    ]
    return sorted(found, key=lambda group: (-group.severity, -len(group.alerts), _began(group.first)))


def _began(alert: Alert) -> tuple[datetime, int]:
    return alert.raised_at, alert.pk


def _feeder_name(feeder: Feeder, codes: dict[int, str]) -> str:
    """As an operator reads it: the supplying substations, the site, or the substation that shares none."""
    if isinstance(feeder, tuple):
        return _("fed by %(codes)s") % {"codes": ", ".join(codes[each] for each in feeder)}
    return codes[int(feeder[1:])] if feeder.startswith("#") else feeder
