"""The REST API of escalation policies and on-call rotations, each with its rows in one document."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.utils import timezone
from rest_framework import serializers, viewsets

from .on_call_models import EscalationPolicy, OnCallRotation, PolicyStep, RotationMember, RotationOverride

Document = TypeVar("Document", EscalationPolicy, OnCallRotation)


def person_field(*, required: bool = True) -> Any:
    """A person who can sign in, by user name."""
    return serializers.SlugRelatedField[User](
        slug_field="username",
        queryset=User.objects.filter(is_active=True),
        required=required,
        allow_null=not required,
        help_text="User name.",
    )


class PolicyStepSerializer(serializers.ModelSerializer[PolicyStep]):
    """One of ``channel``, ``user`` and ``rotation``, so many minutes after the alert was raised."""

    user = person_field(required=False)

    class Meta:
        model = PolicyStep
        fields = ("after_minutes", "channel", "user", "rotation")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            PolicyStep(**attrs).clean()
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return attrs


class EscalationPolicySerializer(serializers.ModelSerializer[EscalationPolicy]):
    """A policy; ``steps`` replace the ones that there were. Alerts that are open keep theirs."""

    steps = PolicyStepSerializer(many=True)

    class Meta:
        model = EscalationPolicy
        fields = ("id", "name", "reminder_minutes", "steps")

    def create(self, validated_data: dict[str, Any]) -> EscalationPolicy:
        return _stored(EscalationPolicy(), validated_data, {"steps": (PolicyStep, "policy")})

    def update(self, instance: EscalationPolicy, validated_data: dict[str, Any]) -> EscalationPolicy:
        return _stored(instance, validated_data, {"steps": (PolicyStep, "policy")})


class RotationMemberSerializer(serializers.ModelSerializer[RotationMember]):
    user = person_field()

    class Meta:
        model = RotationMember
        fields = ("user", "position")


class RotationOverrideSerializer(serializers.ModelSerializer[RotationOverride]):
    user = person_field()

    class Meta:
        model = RotationOverride
        fields = ("user", "start", "end")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": ["The end lies before the beginning."]})
        return attrs


class OnCallRotationSerializer(serializers.ModelSerializer[OnCallRotation]):
    """A rotation; ``members`` and ``overrides`` replace the ones that there were."""

    members = RotationMemberSerializer(many=True)
    overrides = RotationOverrideSerializer(many=True, required=False)
    on_call = serializers.SerializerMethodField(help_text="User name of whoever is on call now; null: nobody.")

    class Meta:
        model = OnCallRotation
        fields = ("id", "name", "time_zone", "handover", "days", "first_day", "members", "overrides", "on_call")

    def get_on_call(self, rotation: OnCallRotation) -> str | None:
        person = rotation.on_call(timezone.now())
        return person.get_username() if person else None

    def create(self, validated_data: dict[str, Any]) -> OnCallRotation:
        return _stored(OnCallRotation(), validated_data, ROTATION_PARTS)

    def update(self, instance: OnCallRotation, validated_data: dict[str, Any]) -> OnCallRotation:
        return _stored(instance, validated_data, ROTATION_PARTS)


ROTATION_PARTS = {"members": (RotationMember, "rotation"), "overrides": (RotationOverride, "rotation")}


@transaction.atomic
def _stored(instance: Document, values: dict[str, Any], parts: dict[str, tuple[Any, str]]) -> Document:
    """The row with its parts; parts that were not sent stay as they are."""
    rows = {name: values.pop(name) for name in parts if name in values}
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save()
    for name, given in rows.items():
        model, back = parts[name]
        model.objects.filter(**{back: instance}).delete()
        for row in given:
            model.objects.create(**{back: instance}, **row)
    instance._prefetched_objects_cache = {}  # type: ignore[attr-defined]  # what was read before is out of date
    return instance


class EscalationPolicyViewSet(viewsets.ModelViewSet[EscalationPolicy]):
    """Escalation policies: who is called while nobody acknowledges."""

    queryset = EscalationPolicy.objects.prefetch_related("steps__user")
    serializer_class = EscalationPolicySerializer


class OnCallRotationViewSet(viewsets.ModelViewSet[OnCallRotation]):
    """On-call rotations, and who is on call now."""

    queryset = OnCallRotation.objects.prefetch_related("members__user", "overrides__user")
    serializer_class = OnCallRotationSerializer
