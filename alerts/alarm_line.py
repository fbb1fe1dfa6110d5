"""The permanent line of alarms on every page: what is worst, how many ask for somebody, and what is newest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from mlcore.models import Detection

from . import floods
from .models import Alert, AlertEvent, SystemAlarm

# chosen: what was announced longer ago is standing; it is counted and does not sound any more.
HEARD_FOR = timedelta(hours=24)
CRITICAL = Detection.Severity.CRITICAL


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """critical, warning: open alerts that nobody has acknowledged. ``…_announced``: number of the newest event that
    announced one of them (0: none), by which a browser knows what it has sounded for. newest: the alert of the newer.
    system: alarms of the system itself that nobody has acknowledged; they do not sound.
    """

    critical: int
    warning: int
    acknowledged: int
    shelved: int
    suppressed: int
    out_of_service: int
    critical_announced: int
    warning_announced: int
    is_flood: bool
    newest: Alert | None
    newest_at: datetime | None
    system: Sequence[SystemAlarm]
    as_of: datetime

    @property
    def warnings(self) -> int:
        """What is counted as a warning: alarms of the system itself stand beside those of the grid."""
        return self.warning + len(self.system)

    @property
    def asking(self) -> int:
        return self.critical + self.warnings

    @property
    def worst(self) -> str:
        """The state that the line shows: of what nobody has acknowledged, else ``normal``."""
        if self.critical:
            return "critical"
        return "warning" if self.warnings else "normal"


def read(*, now: datetime) -> AlarmLine:
    """The line as it is now. Five queries, and one more near a flood."""
    heard = _announced(now)
    newest_pk = max(heard["critical"] or 0, heard["warning"] or 0)
    announced = AlertEvent.objects.select_related("alert__substation").filter(pk=newest_pk).first()
    return AlarmLine(
        **_counts(),
        critical_announced=heard["critical"] or 0,
        warning_announced=heard["warning"] or 0,
        is_flood=floods.current(now=now) is not None,
        newest=announced.alert if announced else None,
        newest_at=announced.at if announced else None,
        system=list(SystemAlarm.objects.unresolved().filter(acknowledged_at__isnull=True)),
        as_of=now,
    )


def asking_now() -> dict[str, int]:
    """How many ask for somebody, ``critical`` and ``warnings``, for pages that have no line. Two queries."""
    counts, system = _counts(), SystemAlarm.objects.unresolved().filter(acknowledged_at__isnull=True).count()
    return {"critical": counts["critical"], "warnings": counts["warning"] + system}


def _counts() -> dict[str, int]:
    asks = Q(suppression="none", acknowledged=False)
    return (
        Alert.objects.unresolved()
        .with_shown_severity()
        .aggregate(
            critical=Count("pk", filter=asks & Q(shown_severity__gte=CRITICAL)),
            warning=Count("pk", filter=asks & Q(shown_severity__lt=CRITICAL)),
            acknowledged=Count("pk", filter=Q(suppression="none", acknowledged=True)),
            shelved=Count("pk", filter=Q(suppression="shelved")),
            suppressed=Count("pk", filter=Q(suppression="by_design")),
            out_of_service=Count("pk", filter=Q(suppression="out_of_service")),
        )
    )


def _announced(now: datetime) -> dict[str, int]:
    """Newest announcement of a critical and of a warning that nobody has acknowledged."""
    asks = Q(alert__closed_at__isnull=True, alert__acknowledged=False, alert__suppression="none")
    return AlertEvent.objects.announcements(now - HEARD_FOR, now).aggregate(
        critical=Max("pk", filter=asks & Q(alert__severity_peak__gte=CRITICAL)),
        warning=Max("pk", filter=asks & Q(alert__severity_peak__lt=CRITICAL)),
    )
