"""What the REST API says of an upload and takes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from ingestion.exports.answers import ACCEPTABLE, CONVENTIONS, DATE_ORDERS, DECIMAL_SIGNS, ENERGIES
from ingestion.models import RowProblem, Upload
from ingestion.options import ImportOptions, OptionError

if TYPE_CHECKING:
    UploadSerializerBase = serializers.ModelSerializer[Upload]
    ProblemSerializerBase = serializers.ModelSerializer[RowProblem]
    PlainSerializer = serializers.Serializer[Any]
else:
    UploadSerializerBase = ProblemSerializerBase = serializers.ModelSerializer
    PlainSerializer = serializers.Serializer


class UploadSerializer(UploadSerializerBase):
    """One upload. While the state is ``waiting``, ``questions`` says what must be answered."""

    questions = serializers.JSONField(read_only=True, help_text="What it is about, the column, the text, the choices.")
    percent = serializers.IntegerField(read_only=True)

    class Meta:
        model = Upload
        fields = (
            "id", "original_name", "size", "sha256", "source", "created_at", "state", "stage", "reason", "questions",
            "percent", "rows_read", "rows_new", "rows_replaced", "rows_unchanged", "rows_bad", "rows_empty",
            "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class UploadPlanSerializer(UploadSerializer):
    """One upload with what its file was read as, in the objects that ``inspect --json`` prints."""

    format = serializers.JSONField(read_only=True, source="plan.format")
    columns = serializers.JSONField(read_only=True, source="plan.columns")
    rows = serializers.JSONField(read_only=True, source="plan.rows")
    first = serializers.CharField(read_only=True, source="plan.first")
    last = serializers.CharField(read_only=True, source="plan.last")
    interval_s = serializers.IntegerField(read_only=True, source="plan.interval_s")
    substations = serializers.JSONField(read_only=True, source="plan.substations")
    problems = serializers.JSONField(read_only=True, source="plan.problems")
    remembered = serializers.JSONField(
        read_only=True,
        source="plan.remembered",
        default=None,
        help_text="Where answers that were remembered come from.",
    )

    class Meta(UploadSerializer.Meta):
        fields = (  # type: ignore[assignment]  # the base has fewer
            *UploadSerializer.Meta.fields, "format", "columns", "rows", "first", "last", "interval_s", "substations",
            "problems", "remembered",
        )  # fmt: skip


class UploadedSerializer(UploadPlanSerializer):
    already_imported = serializers.BooleanField(read_only=True)

    class Meta(UploadPlanSerializer.Meta):
        fields = (*UploadPlanSerializer.Meta.fields, "already_imported")  # type: ignore[assignment]  # as above


class RowProblemSerializer(ProblemSerializerBase):
    class Meta:
        model = RowProblem
        fields = ("line", "field", "received", "expected")
        read_only_fields = fields


class AnswersSerializer(PlainSerializer):
    """Answers as ``inspect --profile`` takes them; everything is optional, and what is left out stays as it was."""

    columns = serializers.JSONField(
        required=False,
        help_text='Header → {"quantity": channel, role or null, "unit": …, "factor": …, "sign": "lagging_positive", '
        '"leading_positive" or "generator"}.',
    )
    substation = serializers.CharField(required=False, max_length=40, help_text="Every row belongs to it.")
    time_zone = serializers.CharField(required=False, max_length=64, help_text="Of times that do not say theirs.")
    start = serializers.CharField(required=False, help_text="Time of the first row, for a file without time.")
    interval_s = serializers.IntegerField(required=False, help_text="Seconds between rows.")
    header_line = serializers.IntegerField(required=False, help_text="Line of the header, counted from 1.")
    sheet = serializers.CharField(required=False, help_text="Sheet of a workbook.")
    power_factor_convention = serializers.ChoiceField(required=False, choices=CONVENTIONS)
    date_order = serializers.ChoiceField(required=False, choices=DATE_ORDERS)
    decimal = serializers.ChoiceField(required=False, choices=DECIMAL_SIGNS)
    energy = serializers.ChoiceField(required=False, choices=ENERGIES)
    current_transformer_ratio = serializers.FloatField(required=False)
    voltage_transformer_ratio = serializers.FloatField(required=False)
    accept = serializers.ListField(
        required=False,
        child=serializers.ChoiceField(choices=ACCEPTABLE),
        help_text="Questions whose best guess is loaded as the plan shows it.",
    )
    unknown = serializers.ChoiceField(
        required=False,
        choices=["ask", "create", "reject"],
        help_text="Rows of substations that do not exist; to create them takes the right to add substations.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        strange = [str(name) for name in self.initial_data if name not in self.fields]
        if strange:
            raise ValidationError({strange[0]: [f"Unknown; expected some of {', '.join(self.fields)}."]})
        if attrs.get("unknown") == "create" and not self._may_create():
            text = "Creating substations takes the right to add them; send “reject”, or ask an engineer."
            raise ValidationError({"unknown": [text]})
        return attrs

    def _may_create(self) -> bool:
        request = self.context.get("request")
        return request is None or bool(request.user.has_perm("substations.add_substation"))

    def options(self, before: ImportOptions) -> ImportOptions:
        """The options, as changes of earlier ones; raises ValidationError with the field's name."""
        beside = {"unknown", "file", "again", "profile"}
        profile = self.validated_data.get("profile", {})
        if not isinstance(profile, dict):
            raise ValidationError({"profile": ['Expected a JSON object such as {"time_zone": "Asia/Kolkata"}.']})
        given = {name: value for name, value in self.validated_data.items() if name not in beside}
        try:
            options = before.answered({**profile, **given})
            unknown = self.validated_data.get("unknown") or options.unknown
            if unknown == "create" and not self._may_create():  # said before, by somebody who may
                unknown = "ask"
            return options.updated(unknown=unknown)
        except OptionError as error:
            raise ValidationError({error.field: [str(error)]}) from error


class UploadRequestSerializer(AnswersSerializer):
    file = serializers.FileField(allow_empty_file=True)
    again = serializers.BooleanField(required=False, default=False, help_text="Load it even if it was here before.")
    profile = serializers.JSONField(required=False, help_text="The same answers as one JSON object.")
