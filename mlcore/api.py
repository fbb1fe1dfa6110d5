"""The REST door of detections: read only, since only the readings change them."""

from __future__ import annotations

import django_filters
from rest_framework import serializers, viewsets

from substations.models import Substation

from .models import Cause, Detection


class DetectionSerializer(serializers.ModelSerializer[Detection]):
    """One episode: when, where, why, how much; ``end`` null means that it goes on."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    severity = serializers.SerializerMethodField()
    detector_version = serializers.IntegerField(source="detector.version", default=None, read_only=True)

    class Meta:
        model = Detection
        fields = (
            "id", "substation", "kind", "cause", "severity", "start", "end", "peak", "loss_kwh", "loss_low_kwh",
            "loss_high_kwh", "loss_pct", "score", "confidence", "reason", "evidence", "detector_version", "verdict",
            "revision", "withdrawn_at", "created_at", "changed_at",
        )  # fmt: skip

    def get_severity(self, detection: Detection) -> str:
        return "critical" if detection.severity >= Detection.Severity.CRITICAL else "warning"


class DetectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    substation = django_filters.CharFilter("substation__code")
    since = django_filters.IsoDateTimeFilter("start", "gte")
    until = django_filters.IsoDateTimeFilter("start", "lte")
    ongoing = django_filters.BooleanFilter("end", "isnull")
    cause = django_filters.ChoiceFilter(choices=Cause.choices)

    class Meta:
        model = Detection
        fields = ("kind", "severity")


class DetectionViewSet(viewsets.ReadOnlyModelViewSet[Detection]):
    """Detected episodes, newest first."""

    queryset = (
        Detection.objects.standing()
        .select_related("substation", "detector")
        .defer("detector__arrays", "detector__meta")
        .order_by("-start", "-pk")
    )
    serializer_class = DetectionSerializer
    filterset_class = DetectionFilter
