"""The REST API of data intake: uploads, and readings posted one by one or in a batch."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from ingestion import services
from ingestion.mapping import MappingError
from ingestion.models import RowProblem, Upload
from ingestion.options import ImportOptions, OptionError
from ingestion.problems import Unreadable
from smart_ems import pipeline
from substations.channels import CHANNEL_NAMES

if TYPE_CHECKING:
    UploadSerializerBase = serializers.ModelSerializer[Upload]
    ProblemSerializerBase = serializers.ModelSerializer[RowProblem]
    PlainSerializer = serializers.Serializer[Any]
    UploadViewSetBase = viewsets.GenericViewSet[Upload]
else:
    UploadSerializerBase = ProblemSerializerBase = serializers.ModelSerializer
    PlainSerializer = serializers.Serializer
    UploadViewSetBase = viewsets.GenericViewSet


class UploadSerializer(UploadSerializerBase):
    """One upload; ``questions`` names what must be answered while the state is ``waiting``."""

    percent = serializers.IntegerField(read_only=True)

    class Meta:
        model = Upload
        fields = (
            "id", "original_name", "size", "sha256", "source", "created_at", "state", "stage", "reason", "questions",
            "percent", "rows_read", "rows_new", "rows_replaced", "rows_unchanged", "rows_bad", "rows_empty",
            "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class RowProblemSerializer(ProblemSerializerBase):
    class Meta:
        model = RowProblem
        fields = ("line", "field", "received", "expected")
        read_only_fields = fields


class OptionsSerializer(PlainSerializer):
    """What the file does not say itself; everything is optional."""

    mapping = serializers.JSONField(
        required=False, help_text='Column → {"target": channel, "unit": …, "negate": …}; left out columns are ignored.'
    )
    substation = serializers.CharField(required=False, max_length=40, help_text="For a file without such a column.")
    time_zone = serializers.CharField(required=False, max_length=64)
    start = serializers.CharField(required=False, help_text="Local time of the first row, for a file without time.")
    interval_s = serializers.IntegerField(required=False, help_text="Distance of rows, for a file without time.")
    day_first = serializers.BooleanField(required=False, allow_null=True, default=None)
    unknown = serializers.ChoiceField(required=False, choices=["ask", "create", "reject"], default="reject")

    def options(self, before: ImportOptions | None = None) -> ImportOptions:
        """The options, as changes of earlier ones; raises ValidationError with the field's name."""
        given = {
            name: value for name, value in self.validated_data.items() if name in ImportOptions.__dataclass_fields__
        }
        mapping = given.get("mapping")
        if isinstance(mapping, str):
            try:
                given["mapping"] = json.loads(mapping)
            except ValueError as error:
                raise ValidationError({"mapping": [f"Expected a JSON object: {error}."]}) from error
        if not _is_mapping(given.get("mapping", {})):
            raise ValidationError({"mapping": ['Expected {"column": {"target": "channel", "unit": "kW"}, …}.']})
        try:
            return (before or ImportOptions()).updated(**given)
        except OptionError as error:
            raise ValidationError({error.field: [str(error)]}) from error


def _is_mapping(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    kinds = {"target": str, "unit": str, "negate": bool}
    return all(
        isinstance(choice, dict) and all(isinstance(part, kinds.get(name, ())) for name, part in choice.items())
        for choice in value.values()
    )


class UploadRequestSerializer(OptionsSerializer):
    file = serializers.FileField(allow_empty_file=True)
    again = serializers.BooleanField(required=False, default=False, help_text="Load it even if it was here before.")


class UploadedSerializer(UploadSerializer):
    already_imported = serializers.BooleanField(read_only=True)

    class Meta(UploadSerializer.Meta):
        fields = (*UploadSerializer.Meta.fields, "already_imported")  # type: ignore[assignment]  # the base has fewer


class PayloadTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class UploadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, UploadViewSetBase):
    """Files: send one, follow it, read which rows were rejected, answer what it leaves open."""

    queryset = Upload.objects.order_by("-pk")
    serializer_class = UploadSerializer
    parser_classes = (MultiPartParser, FormParser, JSONParser)
    filterset_fields = ("state", "source", "sha256")

    @extend_schema(
        request={"multipart/form-data": UploadRequestSerializer},
        responses={201: UploadedSerializer, 200: OpenApiResponse(UploadedSerializer, "It was here before.")},
    )
    def create(self, request: Request) -> Response:
        """Send one file. 201: taken in; 200: the same file was here before and nothing was added."""
        asked = UploadRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            received = services.receive(
                asked.validated_data["file"],
                source=Upload.Source.API,
                by=cast(User, request.user),
                options=asked.options(),
                again=asked.validated_data["again"],
            )
        except services.TooLarge as error:
            raise PayloadTooLarge(str(error)) from error
        if received.upload.state == Upload.State.QUEUED and not received.already_imported:
            pipeline.upload_received(received.upload.pk)
        answer = {**UploadSerializer(received.upload).data, "already_imported": received.already_imported}
        return Response(answer, status=200 if received.already_imported else 201)

    @extend_schema(responses=RowProblemSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_fields=None)
    def problems(self, request: Request, pk: str | None = None) -> Response:
        """The rows that were rejected: line, field, what was received, and what was expected."""
        upload = self.get_object()
        return Response(RowProblemSerializer(upload.problems.all()[: settings.UPLOAD_MAX_PROBLEMS], many=True).data)

    @extend_schema(request=OptionsSerializer, responses=UploadSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str | None = None) -> Response:
        """Answer the questions of a waiting upload; it is queued when none is left."""
        upload = self.get_object()
        if upload.state != Upload.State.WAITING:
            raise ValidationError({"detail": [f"The upload is {upload.state}; only a waiting one takes answers."]})
        asked = OptionsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            services.answer(upload, asked.options(upload.parsed_options))
        except (MappingError, Unreadable) as error:
            raise ValidationError({"mapping": [str(error)]}) from error
        if upload.state == Upload.State.QUEUED:
            pipeline.upload_received(upload.pk)
        return Response(UploadSerializer(upload).data)


class ReadingRowSerializer(PlainSerializer):
    """One reading: substation code, ISO 8601 time, and any of the channels."""

    substation = serializers.CharField()
    at = serializers.CharField(help_text="ISO 8601; without an offset it is the substation's own time.")

    def get_fields(self) -> dict[str, Any]:
        channels = {name: serializers.FloatField(required=False, allow_null=True) for name in CHANNEL_NAMES}
        return {**super().get_fields(), **channels}


class RowAnswerSerializer(PlainSerializer):
    """What became of one row: accepted (new), replaced, unchanged or rejected, and then why."""

    index = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["accepted", "replaced", "unchanged", "rejected"])
    field = serializers.CharField()
    received = serializers.CharField()
    expected = serializers.CharField()


class ReadingIntakeMixin:
    """``create`` for a view set of readings: one object or a list, through the same judgement as an upload."""

    @extend_schema(request=ReadingRowSerializer(many=True), responses={200: RowAnswerSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Store one reading or a batch. The answer has one entry per row; 422 if every row was rejected."""
        rows = request.data if isinstance(request.data, list) else [request.data]
        limit = settings.API_BATCH_MAX_ROWS
        if len(rows) > limit:
            raise PayloadTooLarge(
                f"Received {len(rows)} rows; at most {limit} are accepted at a time. Split the batch."
            )
        if not rows or not all(isinstance(row, Mapping) for row in rows):
            raise ValidationError({"detail": ["Expected one reading as an object, or a list of them."]})
        try:
            answers = services.load_rows([dict(row.items()) for row in rows], Upload.Source.API)
        except ValueError as error:
            raise ValidationError({"detail": [str(error)]}) from error
        if any(answer.outcome in ("accepted", "replaced") for answer in answers):
            pipeline.readings_arrived()
        rejected = all(answer.outcome == "rejected" for answer in answers)
        return Response([dataclasses.asdict(answer) for answer in answers], status=422 if rejected else 200)
