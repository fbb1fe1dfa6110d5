"""The REST API of energies and losses by the hour, the day and the month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import TruncMonth
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from losses.models import DailyRollup, HourlyRollup
from losses.public_figures import COLUMNS, figures
from losses.querysets import FIELDS, SUMS
from losses.report_period import ReportPeriod, month_of, shifted
from substations.api import ReadingPagination, moment_of

SUBSTATION = OpenApiParameter("substation", str, description="Code of a substation.")
SINCE = OpenApiParameter("since", OpenApiTypes.DATETIME, description="ISO 8601 with offset, inclusive.")
UNTIL = OpenApiParameter("until", OpenApiTypes.DATETIME, description="ISO 8601 with offset, inclusive.")
FIRST = OpenApiParameter("first", OpenApiTypes.DATE, description="First day, by the substation's clock.")
LAST = OpenApiParameter("last", OpenApiTypes.DATE, description="Last day, by the substation's clock.")


class LossFiguresSerializer(serializers.Serializer[Any]):
    """Energies, losses and power factors; null is not known. ``is_assumed``: the nameplate was assumed."""

    substation = serializers.CharField()
    displacement_power_factor = serializers.FloatField(allow_null=True)
    is_assumed = serializers.BooleanField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        numbers = {name: serializers.FloatField(allow_null=True) for name in COLUMNS}
        return super().get_fields() | numbers

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        shown = instance | figures(instance, instance["hours"])
        return {str(name): shown[name] for name in self.get_fields()}


class HourlyLossSerializer(LossFiguresSerializer):
    at = serializers.DateTimeField(help_text="Start of the hour.")


class DailyLossSerializer(LossFiguresSerializer):
    day = serializers.DateField()


class MonthlyLossSerializer(LossFiguresSerializer):
    month = serializers.DateField(help_text="First day of the month.")


class LossFiguresViewSet(viewsets.GenericViewSet[Any]):
    """A page of figures, oldest first, by substation."""

    pagination_class = ReadingPagination
    filter_backends = ()

    def page_of(self, rows: QuerySet[Any, Any], request: Request) -> Response:
        if code := request.GET.get("substation"):
            rows = rows.filter(substation__code=code)
        found = [
            row | {"substation": row["substation__code"], "hours": self.hours(row)} for row in self.paginated(rows)
        ]
        return self.get_paginated_response(self.get_serializer(found, many=True).data)

    def paginated(self, rows: QuerySet[Any, Any]) -> list[dict[str, Any]]:
        return list(self.paginate_queryset(rows) or ())

    def hours(self, row: dict[str, Any]) -> float:
        """How long the stretch is that a row is of."""
        raise NotImplementedError


class HourlyLossViewSet(LossFiguresViewSet):
    """Energy and losses of each hour of which anything is known."""

    queryset = HourlyRollup.objects.order_by("substation_id", "at")
    serializer_class = HourlyLossSerializer
    query_parameters = ("substation", "since", "until")

    @extend_schema(parameters=[SUBSTATION, SINCE, UNTIL])
    def list(self, request: Request) -> Response:
        """Query by substation and range."""
        found = self.get_queryset()
        if "since" in request.GET:
            found = found.filter(at__gte=moment_of(request, "since"))
        if "until" in request.GET:
            found = found.filter(at__lte=moment_of(request, "until"))
        return self.page_of(found.values("substation__code", "at", *FIELDS), request)

    def hours(self, row: dict[str, Any]) -> float:
        return 1.0


class DailyLossViewSet(LossFiguresViewSet):
    """Energy and losses of each day of which anything is known."""

    queryset = DailyRollup.objects.order_by("substation_id", "day")
    serializer_class = DailyLossSerializer
    query_parameters = ("substation", "first", "last")

    @extend_schema(parameters=[SUBSTATION, FIRST, LAST])
    def list(self, request: Request) -> Response:
        """Query by substation and days."""
        found = _of_days(self.get_queryset(), request)
        return self.page_of(found.values("substation__code", "day", *FIELDS), request)

    def hours(self, row: dict[str, Any]) -> float:
        return 24.0


class MonthlyLossViewSet(LossFiguresViewSet):
    """Energy and losses of each month: the sums of its days."""

    queryset = DailyRollup.objects.all()
    serializer_class = MonthlyLossSerializer
    query_parameters = ("substation", "first", "last")

    @extend_schema(parameters=[SUBSTATION, FIRST, LAST])
    def list(self, request: Request) -> Response:
        """Query by substation and days; a month that is cut by them has the days inside."""
        by_month = _of_days(self.get_queryset(), request).annotate(month=TruncMonth("day"))
        rows = by_month.values("substation__code", "substation_id", "month").annotate(**SUMS)
        return self.page_of(rows.order_by("substation_id", "month"), request)

    def hours(self, row: dict[str, Any]) -> float:
        return ReportPeriod(row["month"], date.fromordinal(shifted(month_of(row["month"]), 1).toordinal() - 1)).hours


def _of_days(found: QuerySet[DailyRollup], request: Request) -> QuerySet[DailyRollup]:
    for name, lookup in (("first", "day__gte"), ("last", "day__lte")):
        if name in request.GET:
            found = found.filter(**{lookup: _day(request, name)})
    return found


def _day(request: Request, name: str) -> date:
    text = request.GET[name]
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  (a day of every clock)
    except ValueError:
        raise ValidationError({name: [f"Received “{text[:40]}”; expected a day like 2026-03-01."]}) from None
