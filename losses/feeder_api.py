"""The REST API of feeders: what was supplied by the day, and what became of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from losses.feeder_balances import FeederBalance, feeder_balances
from losses.feeder_models import FeederSupply
from losses.report_period import ReportPeriod
from substations.api import FINITE
from substations.models import Link

MONTHS = [
    OpenApiParameter("from", str, description="First month, like 2026-01."),
    OpenApiParameter("to", str, description="Last month; the newest of which a supply is known without it."),
]


@extend_schema_field(OpenApiTypes.STR)
class FeederField(serializers.SlugRelatedField[Link]):
    """The link from the supply by the code of the substation that it feeds."""

    def __init__(self, **kwargs: Any) -> None:
        feeders = Link.objects.filter(source=None).select_related("target")
        super().__init__(slug_field="target__code", queryset=feeders, **kwargs)


class FeederSupplySerializer(serializers.ModelSerializer[FeederSupply]):
    """Energy of a day by the meter at a feeder's head; ``feeder`` is the code of its first substation."""

    serializer_field_mapping = FINITE

    feeder = FeederField(source="link")

    class Meta:
        model = FeederSupply
        fields = ("id", "feeder", "day", "supplied_kwh")


class FeederSupplyViewSet(
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.ReadOnlyModelViewSet[FeederSupply],
):
    """Supplies of feeders by the day, newest first by feeder."""

    queryset = FeederSupply.objects.select_related("link__target")
    serializer_class = FeederSupplySerializer
    filterset_fields = ("day",)


class FeederBalanceSerializer(serializers.Serializer[FeederBalance]):
    """Supplied = metered + technical + the rest, in kWh and as shares of what was supplied; null is not known."""

    feeder = serializers.CharField(source="name")
    substations = serializers.IntegerField(source="members")
    days = serializers.IntegerField()
    supplied_kwh = serializers.FloatField()
    metered_kwh = serializers.FloatField()
    loss_kwh = serializers.FloatField()
    technical_kwh = serializers.FloatField(allow_null=True)
    rest_kwh = serializers.FloatField(allow_null=True)
    loss_share = serializers.FloatField(allow_null=True)
    technical_share = serializers.FloatField(allow_null=True)
    rest_share = serializers.FloatField(allow_null=True)
    coverage = serializers.FloatField()


class FeederBalanceViewSet(viewsets.GenericViewSet[Any]):
    """What became of the energy that was sent into each feeder, the largest rest first."""

    queryset = FeederSupply.objects.all()
    serializer_class = FeederBalanceSerializer
    pagination_class = None
    filter_backends = ()
    query_parameters = ("from", "to")

    @extend_schema(parameters=MONTHS, responses=FeederBalanceSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Of whole months, up to the newest day of which a supply is known."""
        newest = FeederSupply.objects.aggregate(newest=Max("day"))["newest"] or timezone.localdate()
        period = ReportPeriod.parse(request.query_params, newest)
        if period.error:
            raise ValidationError(period.error)
        return Response(self.get_serializer(feeder_balances(period), many=True).data)
