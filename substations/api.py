"""The REST API of the grid: substations, links, and the query of readings."""

from __future__ import annotations

import math
from copy import copy
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from django.db.models import ProtectedError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

from .channels import CHANNEL_NAMES
from .models import Link, PlannedWork, Reading, Substation
from .registry import SUBSTATION_FIELDS

MAX_OFFSET = 2**62
"""More rows than any database holds, and a number that each of them takes."""


class InUse(APIException):
    """The row cannot go, because others that are kept refer to it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "in_use"


class FiniteField(serializers.FloatField):
    """A number; Django REST framework's own field takes “nan” and “inf” for numbers too."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


FINITE = serializers.ModelSerializer.serializer_field_mapping | {models.FloatField: FiniteField}


class SubstationSerializer(serializers.ModelSerializer[Substation]):
    """A substation with its nameplate; what is not known is null."""

    serializer_field_mapping = FINITE

    class Meta:
        model = Substation
        fields = ("id", *SUBSTATION_FIELDS)

    def validate_code(self, code: str) -> str:
        if Substation.code_is_taken(code, self.instance.pk if self.instance else None):
            raise ValidationError("substation with this code already exists.")
        return code


class SubstationViewSet(viewsets.ModelViewSet[Substation]):
    """Substations by their code."""

    queryset = Substation.objects.order_by("code")
    serializer_class = SubstationSerializer
    lookup_field = "code"
    lookup_value_regex = "[^/]+"
    filterset_fields = ("code", "site")

    def perform_destroy(self, instance: Substation) -> None:
        try:
            instance.delete()
        except ProtectedError as error:
            kinds = sorted({str(each._meta.verbose_name_plural) for each in error.protected_objects})
            raise InUse(f"{instance.code} has {', '.join(kinds)}: they are kept, and so is it.") from error


class LinkSerializer(serializers.ModelSerializer[Link]):
    """A line between two substations by code; ``source`` null is the grid supply."""

    serializer_field_mapping = FINITE

    source = serializers.SlugRelatedField(  # type: ignore[assignment]  # a field of the base has the same name
        slug_field="code", queryset=Substation.objects.all(), allow_null=True, required=False, default=None
    )
    target = serializers.SlugRelatedField(slug_field="code", queryset=Substation.objects.all())

    class Meta:
        model = Link
        fields = ("id", "source", "target", "r_ohm", "x_ohm", "length_km", "conductor", "status")
        validators = ()  # the model's constraints say it all, see ``validate``

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        link = copy(self.instance) if self.instance else Link()
        for name in attrs.keys() & {"source", "target"}:
            setattr(link, name, attrs[name])
        try:
            link.validate_constraints()
        except DjangoValidationError as error:
            raise ValidationError(error.messages) from error
        return attrs


class LinkViewSet(viewsets.ModelViewSet[Link]):
    """Links of the network."""

    queryset = Link.objects.select_related("source", "target").order_by("pk")
    serializer_class = LinkSerializer
    filterset_fields = ("status",)


class PlannedWorkSerializer(serializers.ModelSerializer[PlannedWork]):
    """A stretch of time in which people work on a substation; ``end`` is mandatory."""

    substation = serializers.SlugRelatedField(slug_field="code", queryset=Substation.objects.all())
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True, read_only=True)

    class Meta:
        model = PlannedWork
        fields = ("id", "substation", "start", "end", "reason", "created_at", "created_by")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = (attrs.get(name, getattr(self.instance, name, None)) for name in ("start", "end"))
        if start and end and end <= start:
            raise ValidationError({"end": [f"Received {end.isoformat()}; expected a time after {start.isoformat()}."]})
        return attrs


class PlannedWorkViewSet(viewsets.ModelViewSet[PlannedWork]):
    """Planned work: not learned from, and its alerts are out of service until it ends."""

    queryset = PlannedWork.objects.select_related("substation", "created_by").order_by("-start", "pk")
    serializer_class = PlannedWorkSerializer
    filterset_fields = ("substation__code",)

    def perform_create(self, serializer: serializers.BaseSerializer[PlannedWork]) -> None:
        serializer.save(created_by=self.request.user)


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    """One reading; ``derived`` names the channels that were computed and not measured."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    derived = serializers.SerializerMethodField()

    class Meta:
        model = Reading
        fields = ("substation", "at", "derived", *CHANNEL_NAMES)

    def get_derived(self, reading: Reading) -> list[str]:
        return [name for index, name in enumerate(CHANNEL_NAMES) if reading.derived & (1 << index)]


class ReadingPagination(LimitOffsetPagination):
    """No total: counting millions of readings costs more than reading a page of them."""

    default_limit = 1000
    max_limit = 10_000

    def paginate_queryset(self, queryset: Any, request: Request, view: object = None) -> list[Any]:
        self.request, self.limit = request, self.get_limit(request) or self.default_limit
        self.offset = min(self.get_offset(request), MAX_OFFSET)
        rows = list(queryset[self.offset : self.offset + self.limit + 1])
        self.count = self.offset + len(rows)  # one more than shown when there is a next page
        return rows[: self.limit]

    def get_paginated_response(self, data: object) -> Response:
        return Response({"next": self.get_next_link(), "previous": self.get_previous_link(), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, object]) -> dict[str, object]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {"type": "object", "properties": {"next": link, "previous": link, "results": schema}}


class ReadingViewSet(viewsets.GenericViewSet[Reading]):
    """Readings of one or all substations in a range of time, oldest first."""

    queryset = Reading.objects.select_related("substation").order_by("substation_id", "at")
    serializer_class = ReadingSerializer
    pagination_class = ReadingPagination
    filter_backends = ()
    query_parameters = ("substation", "since", "until")

    @extend_schema(
        parameters=[
            OpenApiParameter("substation", str, description="Code of a substation."),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="ISO 8601 with offset, inclusive."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="ISO 8601 with offset, inclusive."),
        ]
    )
    def list(self, request: Request) -> Response:
        """Query by substation and range."""
        found = (
            self.get_queryset().filter(at__gte=moment_of(request, "since")) if "since" in request.GET else self.queryset
        )
        if "until" in request.GET:
            found = found.filter(at__lte=moment_of(request, "until"))
        if code := request.GET.get("substation"):
            found = found.filter(substation__code=code)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def moment_of(request: Request, name: str) -> datetime:
    """A time of the query in UTC. Raises ValidationError (400) that names what was received and expected."""
    text = request.GET[name].replace(" ", "+")  # an unquoted plus sign of an offset arrives as a space
    try:
        at = datetime.fromisoformat(text)
        utc = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        utc = None
    if utc is None:
        expected = "expected ISO 8601 with an offset, for example 2025-09-01T00:00:00+05:30"
        raise ValidationError({name: [f"Received “{text}”; {expected}."]})
    return utc
