"""The REST API of changes of the configuration: read only."""

from __future__ import annotations

from rest_framework import serializers, viewsets

from .change_filter import ChangeApiFilter
from .models import ConfigurationChange


class ConfigurationChangeSerializer(serializers.ModelSerializer[ConfigurationChange]):
    """``changes``: each field with its value before and after; of a secret only that it changed."""

    class Meta:
        model = ConfigurationChange
        fields = ("id", "at", "author", "origin", "address", "action", "subject", "subject_pk", "name", "changes")


class ConfigurationChangeViewSet(viewsets.ReadOnlyModelViewSet[ConfigurationChange]):
    """Who changed what is configured, when, from what to what; newest first."""

    queryset = ConfigurationChange.objects.all()
    serializer_class = ConfigurationChangeSerializer
    filterset_class = ChangeApiFilter
