"""What would be found, as JSON of the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlcore.injection.sensitivity import SIZE_CLASSES, CauseSensitivity, FoundShare, NetworkContribution
from mlcore.models import Cause, SensitivityReport


class FoundShareSerializer(serializers.Serializer[FoundShare]):
    """Faults put in, those found of them, and the share; null where there were too few to tell."""

    injected = serializers.IntegerField()
    found = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class CauseSensitivitySerializer(serializers.Serializer[CauseSensitivity]):
    """Faults of one cause by size, all sizes together, and the median delay until the alarm."""

    cause = serializers.ChoiceField(choices=Cause.choices)
    small = FoundShareSerializer(source="sizes.small")
    medium = FoundShareSerializer(source="sizes.medium")
    large = FoundShareSerializer(source="sizes.large")
    all_sizes = FoundShareSerializer()
    median_delay_h = serializers.FloatField(allow_null=True)

    def to_representation(self, instance: CauseSensitivity) -> dict[str, Any]:
        sizes = {
            name: FoundShareSerializer(each).data for name, each in zip(SIZE_CLASSES, instance.by_size, strict=True)
        }
        return {
            "cause": instance.cause,
            **sizes,
            "all_sizes": FoundShareSerializer(instance.all_sizes).data,
            "median_delay_h": instance.median_delay_h,
        }


class NetworkContributionSerializer(serializers.Serializer[NetworkContribution]):
    """Faults found of those put in, and loss alarms in the readings as they are: with the network, by physics alone."""

    found = serializers.IntegerField()
    found_by_physics = serializers.IntegerField()
    alarms = serializers.IntegerField()
    alarms_by_physics = serializers.IntegerField()


class SensitivitySerializer(serializers.Serializer[SensitivityReport]):
    """What one version of a model would find of faults put into copies of the readings."""

    detector = serializers.IntegerField(source="detector_id")
    worked_out_at = serializers.DateTimeField(allow_null=True)
    is_pending = serializers.SerializerMethodField(help_text="Whether it is waiting or being worked out.")
    progress_pct = serializers.IntegerField()
    failure = serializers.CharField(help_text="Why the last attempt failed; empty where it did not.")
    copies = serializers.IntegerField(source="sensitivity.copies", allow_null=True, default=None)
    days = serializers.FloatField(source="sensitivity.days", allow_null=True, default=None)
    expected_false_alarms_per_month = serializers.FloatField(
        source="sensitivity.expected_false_alarms_per_month", allow_null=True, default=None
    )
    network = NetworkContributionSerializer(source="sensitivity.network", allow_null=True, default=None)
    causes = serializers.SerializerMethodField()

    def get_is_pending(self, report: SensitivityReport) -> bool:
        return report.requested_at is not None

    @extend_schema_field(CauseSensitivitySerializer(many=True))
    def get_causes(self, report: SensitivityReport) -> list[dict[str, Any]]:
        known = report.sensitivity
        return [CauseSensitivitySerializer().to_representation(each) for each in known.causes] if known else []
