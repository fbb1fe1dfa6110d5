"""Questions asked of alerts, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from django.db import models
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Greatest

from substations.models import Reading

if TYPE_CHECKING:
    from .models import Alert, AlertEvent  # noqa: F401 (named as text below)


OUT = ("out_of_service", "by_design")


class AlertQuerySet(models.QuerySet["Alert"]):
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
        return self.filter(closed_at__isnull=False)

    def newest_first(self) -> AlertQuerySet:
        """Those that are open by when they began, then the closed ones by when they were closed."""
        return self.order_by(F("closed_at").desc(nulls_first=True), "-raised_at", "-pk")

    def on_tab(self, tab: str) -> AlertQuerySet:
        """Open alerts of one tab of the list: ``shelved``, ``out_of_service``, else those that ask for somebody."""
        wanted = {"shelved": ("shelved",), "out_of_service": OUT}.get(tab, ("none",))
        return self.unresolved().filter(suppression__in=wanted)

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
        """How many are open and ask for somebody, how many of those are shown as critical and as warning, and how
        many are put aside."""
        asks = Q(suppression="none")
        return (
            self.unresolved()
            .with_shown_severity()
            .aggregate(
                active=Count("pk", filter=asks),
                critical=Count("pk", filter=asks & Q(shown_severity__gte=20)),
                warning=Count("pk", filter=asks & Q(shown_severity__lt=20)),
                shelved=Count("pk", filter=Q(suppression="shelved")),
                out_of_service=Count("pk", filter=Q(suppression__in=OUT)),
            )
        )


class AlertEventQuerySet(models.QuerySet["AlertEvent"]):
    """Append-only: the calls that would change or remove rows refuse."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("Alert events are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Alert events are never deleted.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Alert events are never changed.")
