"""Floods of alarms: is there one now, and its open alerts by feeder and cause. Nothing is dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.models import Detection
from substations.models import Substation

from .common_causes import Feeder
from .feeder_networks import read_network
from .flood_state import INTERVAL, LOOK_BACK, Flood, flood_at
from .models import Alert, AlertEvent

# chosen: two lines of codes.
SHOWN = 24


def current(*, now: datetime) -> Flood | None:
    """The flood that goes on now, from the announcements of the last day; these are read only where one may go on."""
    limits = {"starts_above": settings.ALERT_FLOOD_STARTS_ABOVE, "ends_below": settings.ALERT_FLOOD_ENDS_BELOW}
    if AlertEvent.objects.announcements(now - INTERVAL, now).count() < limits["ends_below"]:
        return None
    times = AlertEvent.objects.announcements(now - LOOK_BACK, now).values_list("at", flat=True)
    return flood_at(now, list(times), **limits)


class OpenRow(NamedTuple):
    """What grouping asks of an open alert: of thousands, no more is read."""

    pk: int
    substation: int
    cause: str
    severity: int
    is_acknowledged: bool
    began: datetime
    suppressed_by: int | None


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """Open alerts of one feeder and cause. shown: the first of them by the clock of the readings, in that order."""

    feeder: str
    shown: Sequence[Alert]
    count: int
    unacknowledged: int
    severity: int

    @property
    def first(self) -> Alert:
        """What came first: the likeliest cause of the others."""
        return self.shown[0]

    @property
    def is_critical(self) -> bool:
        return self.severity >= Detection.Severity.CRITICAL

    @property
    def severity_name(self) -> str:
        return "critical" if self.is_critical else "warning"


def groups(limit: int) -> list[AlertGroup]:
    """Several of one feeder and cause, and what one alert silences with that one: critical groups first, then large
    ones, then those that began first. What stands alone is no group."""
    network = read_network()
    rows = _open_rows()
    places = {row.pk: row.substation for row in rows}
    members: defaultdict[tuple[Feeder, str], list[OpenRow]] = defaultdict(list)
    for row in rows:
        place = places.get(row.suppressed_by or row.pk, row.substation)
        members[network.feeder(place) or f"#{place}", row.cause].append(row)
    several = [(feeder, own) for (feeder, _cause), own in members.items() if len(own) > 1]
    chosen = sorted(several, key=lambda group: _urgency(group[1]))[:limit]
    alerts = Alert.objects.select_related("substation").in_bulk([row.pk for _f, own in chosen for row in own[:SHOWN]])
    codes = dict(Substation.objects.values_list("pk", "code"))
    return [
        AlertGroup(
            feeder=_feeder_name(feeder, codes),
            shown=[alerts[row.pk] for row in own[:SHOWN] if row.pk in alerts],
            count=len(own),
            unacknowledged=sum(not row.is_acknowledged for row in own),
            severity=max(row.severity for row in own),
        )
        for feeder, own in chosen
    ]


def _open_rows() -> list[OpenRow]:
    """Open alerts that are not put aside, those included that another one silences; what came first in front."""
    found = Alert.objects.unresolved().filter(suppression__in=("none", "by_design")).with_shown_severity()
    names = ("pk", "substation", "cause", "shown_severity", "acknowledged", "raised_at", "suppressed_by")
    return [OpenRow(*row) for row in found.order_by("raised_at", "pk").values_list(*names)]


def _urgency(rows: Sequence[OpenRow]) -> tuple[int, int, datetime, int]:
    return -max(row.severity for row in rows), -len(rows), rows[0].began, rows[0].pk


def _feeder_name(feeder: Feeder, codes: dict[int, str]) -> str:
    """As an operator reads it: the supplying substations, the site, or the substation that shares none."""
    if isinstance(feeder, tuple):
        return _("fed by %(codes)s") % {"codes": ", ".join(codes[each] for each in feeder)}
    return codes[int(feeder[1:])] if feeder.startswith("#") else feeder
