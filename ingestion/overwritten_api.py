"""The REST API of overwritten readings: read only."""

from __future__ import annotations

from rest_framework import serializers, viewsets

from .overwritten_filter import OverwrittenApiFilter
from .overwritten_models import OverwrittenReading


class OverwrittenReadingSerializer(serializers.ModelSerializer[OverwrittenReading]):
    """``before``: each channel whose measured value was replaced, as it was."""

    substation = serializers.CharField(source="substation.code", read_only=True)

    class Meta:
        model = OverwrittenReading
        fields = ("id", "substation", "at", "before", "overwritten_at", "author", "source")


class OverwrittenReadingViewSet(viewsets.ReadOnlyModelViewSet[OverwrittenReading]):
    """Measured values that other measured values took the place of, newest first."""

    queryset = OverwrittenReading.objects.select_related("substation")
    serializer_class = OverwrittenReadingSerializer
    filterset_class = OverwrittenApiFilter
