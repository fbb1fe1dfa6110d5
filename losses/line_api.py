"""The REST API of lines: what each lost and carried."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from losses.line_overview import LineLoss, line_losses_of
from losses.loss_scope import LossScope
from losses.models import LineDay
from losses.report_period import ReportPeriod

PARAMETERS = [
    OpenApiParameter("site", str, description="Only lines that feed substations of a site."),
    OpenApiParameter("substation", str, description="Only lines that feed a substation, by its code."),
    OpenApiParameter("from", str, description="First month, like 2026-01."),
    OpenApiParameter("to", str, description="Last month; the newest that is known without it."),
]


class LineLossSerializer(serializers.Serializer[LineLoss]):
    """One line; null is not known. ``loss_share``: of what was carried."""

    from_substation = serializers.CharField(
        source="link.source.code", default=None, allow_null=True, help_text="Null is the grid supply."
    )
    to_substation = serializers.CharField(source="link.target.code")
    loss_kwh = serializers.FloatField(allow_null=True)
    carried_kwh = serializers.FloatField(allow_null=True)
    loss_share = serializers.FloatField(source="share", allow_null=True)
    coverage = serializers.FloatField(help_text="Known share of the hours of the period.")


class LineLossViewSet(viewsets.GenericViewSet[Any]):
    """What each line lost and carried in whole months, the largest loss first."""

    queryset = LineDay.objects.all()
    serializer_class = LineLossSerializer
    pagination_class = None
    filter_backends = ()
    query_parameters = ("site", "substation", "from", "to")

    @extend_schema(parameters=PARAMETERS, responses=LineLossSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Up to the newest day of which a line is known."""
        newest = LineDay.objects.aggregate(newest=Max("day"))["newest"] or timezone.localdate()
        period = ReportPeriod.parse(request.query_params, newest)
        if period.error:
            raise ValidationError(period.error)
        try:
            scope = LossScope.parse(request.query_params)
        except Http404 as error:
            raise ValidationError(str(error)) from error
        return Response(self.get_serializer(line_losses_of(scope, period), many=True).data)
