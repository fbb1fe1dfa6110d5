"""The REST API of data intake: uploads, and readings posted one by one or in a batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core.parsers import BodyTooLarge, JsonBody
from ingestion import services
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.problems import Unreadable
from ingestion.upload_serializers import (
    AnswersSerializer,
    RowProblemSerializer,
    UploadedSerializer,
    UploadPlanSerializer,
    UploadRequestSerializer,
    UploadSerializer,
)
from smart_ems import pipeline
from substations.channels import CHANNEL_NAMES

if TYPE_CHECKING:
    PlainSerializer = serializers.Serializer[Any]
    UploadViewSetBase = viewsets.GenericViewSet[Upload]
else:
    PlainSerializer = serializers.Serializer
    UploadViewSetBase = viewsets.GenericViewSet


class UploadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, UploadViewSetBase):
    """Files: send one, follow it, read which rows were rejected, answer what it leaves open."""

    queryset = Upload.objects.order_by("-pk")
    serializer_class = UploadSerializer
    parser_classes = (MultiPartParser, FormParser, JsonBody)
    filterset_fields = ("state", "source", "sha256")
    write_scope = "write_readings"

    @extend_schema(
        request={"multipart/form-data": UploadRequestSerializer},
        responses={201: UploadedSerializer, 200: OpenApiResponse(UploadedSerializer, "It was here before.")},
    )
    def create(self, request: Request) -> Response:
        """Send one file. 201: taken in; 200: the same file was here before and nothing was added."""
        asked = UploadRequestSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        try:
            received = services.receive(
                asked.validated_data["file"],
                source=Upload.Source.API,
                by=cast(User, request.user),
                options=asked.options(ImportOptions(unknown="reject")),
                again=asked.validated_data["again"],
            )
        except services.TooLarge as error:
            refused = BodyTooLarge(str(error))
            refused.status_code = error.status
            raise refused from error
        if received.upload.state == Upload.State.QUEUED and not received.already_imported:
            pipeline.upload_received(received.upload.pk)
        answer = {**UploadPlanSerializer(received.upload).data, "already_imported": received.already_imported}
        return Response(answer, status=200 if received.already_imported else 201)

    @extend_schema(responses=RowProblemSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_fields=None)
    def problems(self, request: Request, pk: str | None = None) -> Response:
        """The rows that were rejected: line, field, what was received, and what was expected."""
        upload = self.get_object()
        return Response(RowProblemSerializer(upload.problems.all()[: settings.UPLOAD_MAX_PROBLEMS], many=True).data)

    @extend_schema(request=AnswersSerializer, responses=UploadPlanSerializer)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, pk: str | None = None) -> Response:
        """Answer the questions of a waiting upload; it is queued when none is left."""
        return self._answer(request)

    def _answer(self, request: Request) -> Response:
        upload = self.get_object()
        if upload.state != Upload.State.WAITING:
            raise ValidationError({"detail": [f"The upload is {upload.state}; only a waiting one takes answers."]})
        asked = AnswersSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        try:
            services.answer(upload, asked.options(upload.parsed_options))
        except Unreadable as error:
            raise ValidationError({"detail": [str(error)]}) from error
        if upload.state == Upload.State.QUEUED:
            pipeline.upload_received(upload.pk)
        return Response(UploadPlanSerializer(upload).data)

    @extend_schema(request=AnswersSerializer, responses=UploadPlanSerializer, deprecated=True)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str | None = None) -> Response:
        """The former address of ``answers/``."""
        return self._answer(request)

    def get_serializer_class(self) -> type[UploadSerializer]:
        """A list says what came in; one upload says what it was read as."""
        return UploadPlanSerializer if self.action == "retrieve" else UploadSerializer


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
    """``create`` for a view set of readings: one object, a list, or lines, through the same judgement as an upload."""

    write_scope = "write_readings"

    @extend_schema(request=ReadingRowSerializer(many=True), responses={200: RowAnswerSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Store one reading or a batch. The answer has one entry per row; 422 if every row was rejected."""
        rows = request.data if isinstance(request.data, list) else [request.data]
        limit = settings.API_BATCH_MAX_ROWS
        if len(rows) > limit:
            raise BodyTooLarge(f"Received {len(rows)} rows; at most {limit} are accepted at a time. Split the batch.")
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
