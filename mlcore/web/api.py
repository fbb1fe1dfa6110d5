"""The REST API of detections and models: read only, since only the readings change them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import django_filters
from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from mlcore.explanations import evidence_in_words, said_by
from mlcore.models import Cause, Detection, Detector, SensitivityReport
from mlcore.training import relearning, schedule, sensitivity_runs, versions
from substations.models import Substation

from .sensitivity_serializer import SensitivitySerializer


class DetectionSerializer(serializers.ModelSerializer[Detection]):
    """One episode: when, where, why, how much; ``end`` null means that it goes on."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    severity = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField(help_text="What evidence.code and evidence.figures say, as a sentence.")
    evidence = serializers.SerializerMethodField()
    detector_version = serializers.IntegerField(source="detector.version", default=None, read_only=True)

    class Meta:
        model = Detection
        fields = (
            "id", "substation", "kind", "cause", "severity", "start", "end", "peak", "loss_kwh", "loss_low_kwh",
            "loss_high_kwh", "loss_pct", "score", "confidence", "reason", "evidence", "detector_version", "verdict",
            "revision", "withdrawn_at", "created_at", "changed_at",
        )  # fmt: skip

    def get_reason(self, detection: Detection) -> str:
        return said_by(detection.evidence, detection.reason)

    def get_evidence(self, detection: Detection) -> dict[str, Any]:
        return evidence_in_words(detection.evidence, detection.cause)

    def get_severity(self, detection: Detection) -> str:
        if detection.kind == Detection.Kind.INFO:
            return "info"
        return "critical" if detection.severity >= Detection.Severity.CRITICAL else "warning"


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]  # the library has no types
    """A moment that is one in UTC too: PostgreSQL would take a year 0, and no other part of the program knows it."""

    def filter(self, queryset: QuerySet[Detection], value: datetime | None) -> Any:
        if value:
            value.astimezone(UTC)  # OverflowError, which is answered with 400
        return super().filter(queryset, value)


class DetectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    substation = django_filters.CharFilter("substation__code")
    since = MomentFilter("start", "gte")
    until = MomentFilter("start", "lte")
    ongoing = django_filters.BooleanFilter("end", "isnull")
    cause = django_filters.ChoiceFilter(choices=Cause.choices)

    class Meta:
        model = Detection
        fields = ("kind", "severity")


class DetectionViewSet(viewsets.ReadOnlyModelViewSet[Detection]):
    """Detected episodes, newest first."""

    queryset = (
        Detection.objects.not_withdrawn()
        .select_related("substation", "detector")
        .defer("detector__arrays", "detector__meta")
        .order_by("-start", "-pk")
    )
    serializer_class = DetectionSerializer
    filterset_class = DetectionFilter


class DetectorFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    rung = django_filters.ChoiceFilter(choices=Detector.Tier.choices, field_name="tier", label="Deprecated: use tier.")

    class Meta:
        model = Detector
        fields = ("is_active", "tier", "substation__code")


class DetectorSerializer(serializers.ModelSerializer[Detector]):
    """One version of a substation's model; ``metrics`` hold what it was compared on."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    rung = serializers.CharField(source="tier", read_only=True, help_text="Deprecated: the same as tier.")

    class Meta:
        model = Detector
        fields = (
            "id", "substation", "version", "tier", "rung", "is_active", "is_pinned", "broken_reason", "trained_from",
            "trained_until", "row_count", "excluded_count", "threshold", "metrics", "note", "created_at",
        )  # fmt: skip


class LearnAgainSerializer(serializers.Serializer[Any]):
    """From when on readings are learned from."""

    since = serializers.DateTimeField(help_text="ISO 8601 with an offset.")


class NotNow(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class DetectorViewSet(viewsets.ReadOnlyModelViewSet[Detector]):
    """Versions of the models: look, train, make one active, pin."""

    queryset = Detector.objects.without_artifact().select_related("substation").order_by("substation__code", "-version")
    serializer_class = DetectorSerializer
    filterset_class = DetectorFilter
    action_permissions = {
        "train": ["mlcore.add_detector"],
        "learn_again": ["mlcore.add_detector"],
        "activate": ["mlcore.change_detector"],
        "pin": ["mlcore.change_detector"],
        "unpin": ["mlcore.change_detector"],
        "request_sensitivity": ["mlcore.add_detector"],
    }

    @extend_schema(request=None, responses={202: OpenApiResponse(description="Asked for; it starts within seconds.")})
    @action(detail=True, methods=["post"])
    def train(self, request: Request, pk: str | None = None) -> Response:
        """Ask for a new version of this substation's model."""
        schedule.request(self.get_object().substation_id)
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=LearnAgainSerializer, responses={202: OpenApiResponse(description="Training is queued.")})
    @action(detail=True, methods=["post"])
    def learn_again(self, request: Request, pk: str | None = None) -> Response:
        """Forget what was before a time: for a load, a bank or generation that is new for good. It is trained."""
        asked = LearnAgainSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            relearning.learn_again(
                self.get_object().substation, asked.validated_data["since"], by=cast(User, request.user)
            )
        except relearning.BadDateError as error:
            raise serializers.ValidationError({"since": [str(error)]}) from error
        return Response(status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={200: DetectorSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str | None = None) -> Response:
        """Make this version the active one, also an older one."""
        try:
            versions.activate(self.get_object(), by=cast(User, request.user), note="By the API.")
        except versions.Unusable as error:
            raise NotNow(str(error)) from error
        return self._fresh()

    @extend_schema(request=None, responses={200: DetectorSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def pin(self, request: Request, pk: str | None = None) -> Response:
        """Keep the active version whatever is trained later."""
        return self._pin(request, pinned=True)

    @extend_schema(request=None, responses={200: DetectorSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def unpin(self, request: Request, pk: str | None = None) -> Response:
        """Let later versions take its place again."""
        return self._pin(request, pinned=False)

    @extend_schema(responses={200: SensitivitySerializer})
    @action(detail=True, methods=["get"])
    def sensitivity(self, request: Request, pk: str | None = None) -> Response:
        """What this version would find, by cause and size of fault; null figures until that has been worked out."""
        detector = self.get_object()
        report = SensitivityReport.objects.filter(detector=detector).first()
        return Response(SensitivitySerializer(report or SensitivityReport(detector=detector)).data)

    @extend_schema(request=None, responses={202: OpenApiResponse(description="Asked for."), 409: OpenApiResponse()})
    @sensitivity.mapping.post
    def request_sensitivity(self, request: Request, pk: str | None = None) -> Response:
        """Ask for what the active version would find; it starts within seconds."""
        detector = self.get_object()
        if not detector.is_active:
            raise NotNow("Only the active version judges; received another one.")
        if not sensitivity_runs.request(detector):
            raise NotNow("It is being worked out already.")
        return Response(status=status.HTTP_202_ACCEPTED)

    def _pin(self, request: Request, *, pinned: bool) -> Response:
        if not versions.pin(self.get_object(), pinned=pinned, by=cast(User, request.user)):
            raise NotNow("Only the active version can be pinned or unpinned, once.")
        return self._fresh()

    def _fresh(self) -> Response:
        return Response(DetectorSerializer(self.get_object()).data)
