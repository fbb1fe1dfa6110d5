"""Notifications in the Django admin: records of what was sent; routes and channels have pages of their own.

Secrets are on no form and in no list: ``sealed`` is left out, and changes name fields alone.
"""

from __future__ import annotations

from django.contrib import admin

from core.read_only_admin import RecordMixin

from .models import (
    Absence,
    Delivery,
    Escalation,
    EscalationPolicy,
    NotificationChannel,
    NotificationRoute,
    OnCallRotation,
    OutgoingMessage,
    PolicyStep,
    QuietHours,
    RotationMember,
    RotationOverride,
)


@admin.register(NotificationChannel)
class NotificationChannelAdmin(RecordMixin, admin.ModelAdmin[NotificationChannel]):
    list_display = ("name", "kind", "destination", "owner", "is_enabled", "archived_at", "last_sent_at", "last_error")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name", "destination")
    list_select_related = ("owner",)
    exclude = ("sealed",)


@admin.register(NotificationRoute)
class NotificationRouteAdmin(admin.ModelAdmin[NotificationRoute]):
    list_display = ("name", "site", "min_severity", "policy", "is_enabled")
    list_filter = ("is_enabled", "site")
    list_select_related = ("policy",)
    filter_horizontal = ("channels",)


class PolicyStepInline(admin.TabularInline[PolicyStep, EscalationPolicy]):
    model = PolicyStep
    extra = 0


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(admin.ModelAdmin[EscalationPolicy]):
    list_display = ("name", "reminder_minutes")
    inlines = (PolicyStepInline,)


class RotationMemberInline(admin.TabularInline[RotationMember, OnCallRotation]):
    model = RotationMember
    extra = 0


class RotationOverrideInline(admin.TabularInline[RotationOverride, OnCallRotation]):
    model = RotationOverride
    extra = 0


@admin.register(OnCallRotation)
class OnCallRotationAdmin(admin.ModelAdmin[OnCallRotation]):
    list_display = ("name", "time_zone", "handover", "days", "first_day")
    inlines = (RotationMemberInline, RotationOverrideInline)


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin[Absence]):
    list_display = ("user", "first_day", "last_day")
    list_select_related = ("user",)


@admin.register(QuietHours)
class QuietHoursAdmin(admin.ModelAdmin[QuietHours]):
    list_display = ("user", "start", "end", "time_zone", "critical_passes")
    list_select_related = ("user",)


@admin.register(Delivery)
class DeliveryAdmin(RecordMixin, admin.ModelAdmin[Delivery]):
    list_display = ("alert", "event", "channel", "reason", "state", "note", "created_at")
    list_filter = ("state", "reason", "channel")
    list_select_related = ("alert__substation", "event", "channel")


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(RecordMixin, admin.ModelAdmin[OutgoingMessage]):
    list_display = ("subject", "channel", "kind", "state", "attempts", "created_at", "note")
    list_filter = ("state", "kind", "channel")
    list_select_related = ("channel",)


@admin.register(Escalation)
class EscalationAdmin(RecordMixin, admin.ModelAdmin[Escalation]):
    list_display = ("alert", "policy_name", "state", "next_step", "next_at", "note")
    list_filter = ("state",)
    list_select_related = ("alert__substation",)
