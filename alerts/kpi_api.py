"""The figures of alarms through the API."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.time_range import FIRST, LAST
from substations.api import moment_of

from . import kpi_scope
from .kpi_scope import MAX_PARTS_OF_ANSWER as MAX_PARTS
from .models import Alert


class PercentilesSerializer(serializers.Serializer[Any]):
    """Seconds, of ``count`` durations."""

    count = serializers.IntegerField()
    p50_s = serializers.FloatField(allow_null=True)
    p95_s = serializers.FloatField(allow_null=True)


class AlarmFiguresSerializer(serializers.Serializer[Any]):
    """Of the announced alarms of a period; shares are of one, null where there is nothing to divide by."""

    count = serializers.IntegerField()
    raised = serializers.IntegerField()
    per_day = serializers.FloatField()
    peak_day = serializers.IntegerField()
    per_10_minutes = serializers.FloatField()
    peak_10_minutes = serializers.IntegerField()
    floods = serializers.IntegerField()
    flood_share = serializers.FloatField()
    chattering = serializers.IntegerField()
    fleeting = serializers.IntegerField()
    stale = serializers.IntegerField()
    critical_share = serializers.FloatField(allow_null=True)
    nuisance_share = serializers.FloatField(allow_null=True)
    reopen_share = serializers.FloatField(allow_null=True)
    worst_fifth_share = serializers.FloatField(allow_null=True)
    acknowledge_critical = PercentilesSerializer()
    acknowledge_warning = PercentilesSerializer()
    close = PercentilesSerializer()
    clear = PercentilesSerializer()


class VerdictSerializer(serializers.Serializer[Any]):
    """``verdict``: met, missed, act, unknown (too few to judge: ``detail`` says of what), or empty without a target."""

    key = serializers.CharField()
    verdict = serializers.CharField(allow_blank=True)
    target = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)


class KpiGroupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    figures = AlarmFiguresSerializer(source="found")


class BadActorSerializer(serializers.Serializer[Any]):
    substation = serializers.CharField()
    cause = serializers.CharField()
    count = serializers.IntegerField()
    cumulative = serializers.FloatField(help_text="Share of all alarms of this source and those before it.")


class AlarmKpiSerializer(serializers.Serializer[Any]):
    """``pending_days``: days that are still to be worked out, so that the figures may grow."""

    since = serializers.DateTimeField(source="start")
    until = serializers.DateTimeField(source="end")
    days_known = serializers.FloatField()
    pending_days = serializers.IntegerField(source="pending")
    figures = AlarmFiguresSerializer(source="found")
    verdicts = VerdictSerializer(source="lines", many=True)
    groups = KpiGroupSerializer(many=True)
    bad_actors = BadActorSerializer(source="actors", many=True)


SCOPE = [
    OpenApiParameter("since", OpenApiTypes.DATETIME, description="ISO 8601 with offset; 30 days before the end."),
    OpenApiParameter("until", OpenApiTypes.DATETIME, description="ISO 8601 with offset; now."),
    OpenApiParameter("site", str),
    OpenApiParameter("substation", str, description="Code of a substation."),
    OpenApiParameter("cause", str),
    OpenApiParameter("by", str, enum=list(kpi_scope.BY), description="What the groups are; substation."),
]


class AlarmKpiViewSet(viewsets.GenericViewSet[Alert]):
    """How well the alarms serve those who answer them, by ISA-18.2."""

    queryset = Alert.objects.all()
    serializer_class = AlarmKpiSerializer
    pagination_class = None
    filter_backends = ()
    query_parameters = ("since", "until", "site", "substation", "cause", "by")

    @extend_schema(parameters=SCOPE, responses=AlarmKpiSerializer)
    def list(self, request: Request) -> Response:
        """One answer, with the two hundred groups and bad actors that have most alarms; 204 where none is on record."""
        form = kpi_scope.KpiScopeForm(request.GET)
        if not form.is_valid():
            raise ValidationError({name: [str(each) for each in said] for name, said in form.errors.items()})
        end = moment_of(request, "until") if "until" in request.GET else timezone.now()
        start = moment_of(request, "since") if "since" in request.GET else end - kpi_scope.DEFAULT_PERIOD
        if not FIRST <= start < end <= LAST:
            said = f"Received {start.isoformat()}; expected a time before {end.isoformat()}, from 1970 to 2199."
            raise ValidationError({"since": [said]})
        found = kpi_scope.read(start, end, form.cleaned_data, groups=MAX_PARTS, actors=MAX_PARTS)
        return Response(status=204) if found is None else Response(AlarmKpiSerializer(found).data)
