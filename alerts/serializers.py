"""What the API says of an alert, and what it wants to be told."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers

from substations.models import Substation

from . import assignment, planned, shelf
from .bulk import MAX_AT_ONCE
from .guidance import advice_of
from .models import Alert, AlertEvent, AlertRepair, Resolution

MAX_ID = 2**63 - 1
"""The largest number that both databases take."""


class AlertEventSerializer(serializers.ModelSerializer[AlertEvent]):
    actor = serializers.CharField(source="actor.username", default=None, allow_null=True, read_only=True)

    class Meta:
        model = AlertEvent
        fields = ("seq", "at", "event_time", "actor", "source", "action", "state_before", "state_after", "comment")


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    resolved_by = serializers.CharField(source="resolved_by.username", read_only=True)

    class Meta:
        model = Resolution
        fields = (
            "classification", "checks", "root_cause", "corrective_action", "preventive_strategy", "outcome",
            "resolved_by", "resolved_at", "while_active",
        )  # fmt: skip
        read_only_fields = ("resolved_at", "while_active")


def _amount(source: str) -> serializers.DecimalField:
    """Money by the month's end, in ``penalty_currency``; null without a tariff."""
    return serializers.DecimalField(
        source=source, max_digits=16, decimal_places=4, default=None, allow_null=True, read_only=True
    )


class AlertRepairSerializer(serializers.ModelSerializer[AlertRepair]):
    """Since when reactive power is back (null: not yet), and what that saves a day at equal active power."""

    class Meta:
        model = AlertRepair
        exclude = ("alert", "alert_version", "decimals")


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """One alert; ``version`` may be sent back with a change, which is refused if somebody else was first."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    state = serializers.CharField(read_only=True)
    severity = serializers.CharField(source="severity_name", read_only=True)
    assignee = serializers.CharField(source="assignee.username", default=None, allow_null=True, read_only=True)
    suppressed_by = serializers.IntegerField(
        source="shown_suppressed_by_id",
        allow_null=True,
        read_only=True,
        help_text="The alert that silences it, of alerts that are suppressed by design.",
    )
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", default=None, allow_null=True, read_only=True
    )
    reason = serializers.CharField(source="plain_sentence", read_only=True)
    penalty_if_left = _amount("penalty.left")
    penalty_if_mended = _amount("penalty.mended")
    penalty_currency = serializers.CharField(source="penalty.currency", default=None, allow_null=True, read_only=True)
    cost_sentence = serializers.CharField(
        read_only=True, help_text="Energy so far and penalty by the month's end; empty where neither is known."
    )
    repair = AlertRepairSerializer(
        read_only=True, default=None, allow_null=True, help_text="Of closed alerts: proof of repair."
    )
    last_known_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Time of the newest reading, of active alerts that rest on an old one.",
    )

    class Meta:
        model = Alert
        fields = (
            "id", "substation", "kind", "cause", "severity", "state", "condition", "acknowledged", "suppression",
            "raised_at", "detected_at", "peak_at", "cleared_at", "closed_at", "closure", "acknowledged_by",
            "acknowledged_at", "acknowledge_note", "loss_kwh", "loss_low_kwh", "loss_high_kwh", "loss_pct", "score",
            "confidence", "reason", "last_known_at", "assignee", "suppressed_until", "suppressed_by",
            "suppression_reason", "chattering_count", "occurrences", "reopen_count", "detection", "version",
            "penalty_if_left", "penalty_if_mended", "penalty_currency", "repair", "cost_sentence",
        )  # fmt: skip


class AlertDetailSerializer(AlertSerializer):
    events = AlertEventSerializer(many=True, read_only=True)
    resolutions = ResolutionSerializer(many=True, read_only=True)
    advice = serializers.SerializerMethodField(help_text="What to check first: the plant's own guidance, or built in.")

    class Meta(AlertSerializer.Meta):
        fields = (*AlertSerializer.Meta.fields, "events", "resolutions", "advice")  # type: ignore[assignment]  # the base has fewer

    def get_advice(self, alert: Alert) -> list[str]:
        return list(advice_of(alert).steps)


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    version = serializers.IntegerField(required=False)


class ReasonSerializer(NoteSerializer):
    note = serializers.CharField(max_length=2000)


class AssignSerializer(NoteSerializer):
    assignee = serializers.SlugRelatedField[User](
        slug_field="username", queryset=assignment.assignable(), allow_null=True, help_text="Null: nobody."
    )


class ShelveSerializer(ReasonSerializer):
    minutes = serializers.IntegerField(min_value=1, max_value=shelf.MAX_SHELF_MINUTES)


class ResolveSerializer(ResolutionSerializer):
    version = serializers.IntegerField(required=False, write_only=True)

    class Meta(ResolutionSerializer.Meta):
        fields = (*ResolutionSerializer.Meta.fields, "version")  # type: ignore[assignment]  # the base has fewer


class FindingsSerializer(ResolutionSerializer):
    """What was found and done, of several alerts."""

    class Meta(ResolutionSerializer.Meta):
        fields = (  # type: ignore[assignment]  # the base has more
            "classification", "checks", "root_cause", "corrective_action", "preventive_strategy", "outcome",
        )  # fmt: skip


class WorkSerializer(serializers.Serializer[Any]):
    hours = serializers.FloatField(min_value=1 / 60, max_value=planned.MAX_WORK_HOURS)
    reason = serializers.CharField(max_length=200)
    version = serializers.IntegerField(required=False)


class ChosenAlertSerializer(serializers.Serializer[Any]):
    """One of several alerts; with ``version`` it is left alone if somebody else was first."""

    id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    version = serializers.IntegerField(required=False)


class BulkSerializer(serializers.Serializer[Any]):
    """One change of up to 200 alerts. ``note`` is the reason, or the comment; ``minutes`` is for shelving, ``findings``
    for resolving."""

    verb = serializers.ChoiceField(choices=["acknowledge", "unacknowledge", "comment", "shelve", "unshelve", "resolve"])
    alerts = ChosenAlertSerializer(many=True, allow_empty=False, max_length=MAX_AT_ONCE)  # type: ignore[call-arg]  # of the list
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=shelf.MAX_SHELF_MINUTES)
    findings = FindingsSerializer(required=False, help_text="For resolving: the same for all, which are of one kind.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        verb, missing = attrs["verb"], {}
        if verb in ("unacknowledge", "comment", "shelve") and not attrs["note"]:
            missing["note"] = [f"“{verb}” needs a note."]
        if verb == "shelve" and "minutes" not in attrs:
            missing["minutes"] = ["“shelve” needs a number of minutes."]
        if verb == "resolve" and "findings" not in attrs:
            missing["findings"] = ["“resolve” needs what was found and done."]
        if missing:
            raise serializers.ValidationError(missing)
        return attrs


class BulkChangedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    version = serializers.IntegerField()
    state = serializers.CharField()


class BulkSkippedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reason = serializers.CharField()


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """Every alert is in one of the two."""

    changed = BulkChangedSerializer(many=True)
    skipped = BulkSkippedSerializer(many=True)
