"""Questions asked of alerts, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from core.site_rights import SiteQuerySet
from substations.models import Reading

if TYPE_CHECKING:
    from .guidance_models import AlertGuidance  # noqa: F401 (named as text below)
    from .models import Alert, AlertEvent  # noqa: F401 (likewise)


SUPPRESSION_OF_TAB = {"shelved": "shelved", "out_of_service": "out_of_service", "suppressed": "by_design"}


class AlertQuerySet(SiteQuerySet["Alert"]):
    def with_newest_reading(self) -> AlertQuerySet:
        """Annotate ``newest_reading_at``, of the alert's substation."""
        newest = Reading.objects.filter(substation=OuterRef("substation")).order_by("-at").values("at")[:1]
        return self.annotate(newest_reading_at=Subquery(newest))

    def unresolved(self) -> AlertQuerySet:
        return self.filter(closed_at__isnull=True)

    def unresolved_or_watched(self) -> AlertQuerySet:
        """Those that are open, and those resolved while present that are still to be looked at again."""
        return self.filter(Q(closed_at__isnull=True) | Q(verify_at__isnull=False))

    def in_history(self) -> AlertQuerySet:
        """Closed ones, without what was over before anybody was told of it."""
        return self.shown().filter(closed_at__isnull=False)

    def shown(self) -> AlertQuerySet:
        """Open and closed ones, without those that are counted only."""
        return self.exclude(closure="fleeting")

    def fleeting(self) -> AlertQuerySet:
        """Over within the on-delay: counted, not shown."""
        return self.filter(closure="fleeting")

    def stale(self, now: datetime) -> AlertQuerySet:
        """Active for longer than ``ALERT_STALE_HOURS`` and not put aside: resolve, shelve or plan work."""
        since = now - timedelta(hours=settings.ALERT_STALE_HOURS)
        return self.unresolved().filter(condition="active", suppression="none", raised_at__lte=since)

    def to_re_alarm(self, now: datetime) -> AlertQuerySet:
        """Still active long after somebody acknowledged them, so that they are raised again."""
        due = Q(pk__in=[])
        for severity, hours in (
            (Q(severity_now__gte=20), settings.ALERT_RE_ALARM_CRITICAL_HOURS),
            (Q(severity_now__lt=20), settings.ALERT_RE_ALARM_WARNING_HOURS),
        ):
            if hours > 0:
                due |= severity & Q(acknowledged_at__lte=now - timedelta(hours=hours))
        return self.unresolved().filter(due, condition="active", suppression="none", acknowledged=True)

    def to_expire(self, now: datetime) -> AlertQuerySet:
        """Warnings that cleared and that nobody acknowledged for ``ALERT_EXPIRE_DAYS``; never one that was critical."""
        if settings.ALERT_EXPIRE_DAYS <= 0:
            return self.none()
        old = now - timedelta(days=settings.ALERT_EXPIRE_DAYS)
        cleared = self.unresolved().filter(condition="cleared", suppression="none", acknowledged=False)
        return cleared.filter(severity_peak__lt=20, cleared_at__lte=old, detected_at__lte=old)

    def newest_first(self) -> AlertQuerySet:
        """Those that are open by when they began, then the closed ones by when they were closed."""
        return self.order_by(F("closed_at").desc(nulls_first=True), "-raised_at", "-pk")

    def on_tab(self, tab: str) -> AlertQuerySet:
        """Open alerts of one tab of the list: ``stale``, ``suppressed``, ``shelved``, ``out_of_service``, else those
        that ask for somebody."""
        if tab == "stale":
            return self.stale(timezone.now())
        return self.unresolved().filter(suppression=SUPPRESSION_OF_TAB.get(tab, "none"))

    def raised_between(self, start: datetime | None, end: datetime | None) -> AlertQuerySet:
        """Raised with ``start <= raised_at <= end``; an open side is None."""
        bounded = self.filter(raised_at__gte=start) if start else self.all()
        return bounded.filter(raised_at__lte=end) if end else bounded

    def with_shown_severity(self) -> AlertQuerySet:
        """Annotate ``shown_severity``, the database's form of ``Alert.severity``."""
        return self.annotate(
            shown_severity=Case(
                When(acknowledged=True, then=F("severity_now")),
                default=Greatest("severity_now", "severity_peak"),
                output_field=IntegerField(),
            )
        )

    def most_urgent_first(self) -> AlertQuerySet:
        """Unacknowledged first (active, then cleared), then acknowledged, what is suppressed last; inside by severity,
        newest first."""
        urgent: AlertQuerySet = self.with_shown_severity().order_by(
            Case(
                When(~Q(suppression="none"), then=Value(3)),
                When(Q(acknowledged=False, condition="active"), then=Value(0)),
                When(acknowledged=False, then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            ),
            F("shown_severity").desc(),
            "-raised_at",
            "-pk",
        )
        return urgent

    def dearest_first(self) -> AlertQuerySet:
        """By what they add to the bill if they are left; those of which that is not known last."""
        return self.order_by(F("penalty__left").desc(nulls_last=True), "-raised_at", "-pk")

    def counts(self) -> dict[str, int]:
        """How many are open and ask for somebody, how many of those are shown as critical and as warning, how many
        have been active for too long, and how many are suppressed, by each way."""
        asks = Q(suppression="none")
        long_ago = timezone.now() - timedelta(hours=settings.ALERT_STALE_HOURS)
        return (
            self.unresolved()
            .with_shown_severity()
            .aggregate(
                active=Count("pk", filter=asks),
                critical=Count("pk", filter=asks & Q(shown_severity__gte=20)),
                warning=Count("pk", filter=asks & Q(shown_severity__lt=20)),
                shelved=Count("pk", filter=Q(suppression="shelved")),
                out_of_service=Count("pk", filter=Q(suppression="out_of_service")),
                suppressed=Count("pk", filter=Q(suppression="by_design")),
                stale=Count("pk", filter=asks & Q(condition="active", raised_at__lte=long_ago)),
            )
        )


class AlertGuidanceQuerySet(SiteQuerySet["AlertGuidance"]):
    def fitting(self, alert: Alert) -> AlertGuidanceQuerySet:
        """All that holds for an alert, general and specific."""
        where = Q(substation=alert.substation_id) | Q(substation__isnull=True, site__in=("", alert.substation.site))
        return self.filter(where, kind__in=("", alert.kind), cause__in=("", alert.cause))


class AlertEventQuerySet(SiteQuerySet["AlertEvent"]):
    """Append-only: the calls that would change or remove rows refuse."""

    def announcements(self, since: datetime, until: datetime) -> AlertEventQuerySet:
        """Those that asked for somebody with ``since < at <= until``, by the server's clock."""
        return self.filter(announces=True, at__gt=since, at__lte=until)

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("Alert events are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Alert events are never deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Alert events are never changed.")
