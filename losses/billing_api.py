"""The REST API of tariffs, bills, outlooks and costs of months."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError

from losses.billing_models import TariffAssignment, TariffVersion
from losses.carbon_models import CarbonFactor
from losses.month_cost_models import MonthCost
from losses.outlook_models import MonthOutlook
from losses.utility_bill_models import UtilityBill
from losses.utility_bills import check_and_save


class TariffVersionSerializer(serializers.ModelSerializer[TariffVersion]):
    tariff = serializers.CharField(source="tariff.name", read_only=True)

    class Meta:
        model = TariffVersion
        fields = ("id", "tariff", "valid_from", "valid_to", "document")


class TariffVersionViewSet(viewsets.ReadOnlyModelViewSet[TariffVersion]):
    """Tariffs by version, with their documents."""

    queryset = TariffVersion.objects.select_related("tariff")
    serializer_class = TariffVersionSerializer


class TariffAssignmentSerializer(serializers.ModelSerializer[TariffAssignment]):
    tariff = serializers.CharField(source="tariff.name", read_only=True)
    substation = serializers.CharField(source="substation.code", default=None, read_only=True)
    point = serializers.CharField(source="point_name", read_only=True)

    class Meta:
        model = TariffAssignment
        fields = (
            "id", "point", "site", "substation", "tariff", "since", "until", "contract_kva", "contract_kw",
            "installed_kva", "grid",
        )  # fmt: skip


class TariffAssignmentViewSet(viewsets.ReadOnlyModelViewSet[TariffAssignment]):
    """Who is billed by which tariff since when; a bill names the ``id``."""

    queryset = TariffAssignment.objects.select_related("tariff", "substation")
    serializer_class = TariffAssignmentSerializer
    filterset_fields = ("site",)


class UtilityBillSerializer(serializers.ModelSerializer[UtilityBill]):
    """A bill; ``gaps`` are the answer: each figure beside ours, with a code of the likely reason."""

    point = serializers.CharField(source="assignment.point_name", read_only=True)

    class Meta:
        model = UtilityBill
        fields = (
            "id", "assignment", "point", "month", "kwh", "kvah", "kvarh", "demand", "power_factor", "total", "currency",
            "gaps", "checked_at",
        )  # fmt: skip
        read_only_fields = ("currency", "gaps", "checked_at")

    def create(self, validated_data: Any) -> UtilityBill:
        try:
            return check_and_save(UtilityBill(**validated_data))
        except DjangoValidationError as error:
            raise ValidationError(serializers.as_serializer_error(error)) from error


class UtilityBillViewSet(mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet[UtilityBill]):
    """Bills of the utility beside our figures; post one to have it compared."""

    queryset = UtilityBill.objects.select_related("assignment__substation")
    filterset_fields = ("assignment", "month")
    serializer_class = UtilityBillSerializer


class MonthOutlookSerializer(serializers.ModelSerializer[MonthOutlook]):
    point = serializers.CharField(source="assignment.point_name", read_only=True)

    class Meta:
        model = MonthOutlook
        exclude = ("assignment",)


class MonthOutlookViewSet(viewsets.ReadOnlyModelViewSet[MonthOutlook]):
    """Where months end at this rate, by billed point."""

    queryset = MonthOutlook.objects.select_related("assignment__substation")
    filterset_fields = ("assignment", "month")
    serializer_class = MonthOutlookSerializer


class MonthCostSerializer(serializers.ModelSerializer[MonthCost]):
    substation = serializers.CharField(source="substation.code", read_only=True)

    class Meta:
        model = MonthCost
        exclude = ("id",)


class MonthCostFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """By the code of the substation and the month's first day."""

    substation = django_filters.CharFilter("substation__code", "iexact")
    month = django_filters.DateFilter()

    class Meta:
        model = MonthCost
        fields: list[str] = []


class MonthCostViewSet(viewsets.ReadOnlyModelViewSet[MonthCost]):
    """Avoidable loss, penalty and released kVA of substations and months: three lines, never to be added up."""

    queryset = MonthCost.objects.select_related("substation")
    filterset_class = MonthCostFilter
    serializer_class = MonthCostSerializer


class CarbonFactorSerializer(serializers.ModelSerializer[CarbonFactor]):
    class Meta:
        model = CarbonFactor
        fields = ("grid", "kg_per_kwh", "valid_from", "valid_to", "source", "source_date")


class CarbonFactorViewSet(viewsets.ReadOnlyModelViewSet[CarbonFactor]):
    """CO2 of a kWh, by grid and date."""

    queryset = CarbonFactor.objects.all()
    filterset_fields = ("grid",)
    serializer_class = CarbonFactorSerializer
