"""Pages of escalation policies, on-call rotations, holidays and a person's own quiet hours."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.requests import EmsRequest

from .channel_models import QuietHours
from .forms import (
    AbsenceForm,
    MemberFormSet,
    OverrideFormSet,
    PolicyForm,
    QuietHoursForm,
    RotationForm,
    StepFormSet,
)
from .on_call_models import Absence, EscalationPolicy, OnCallRotation
from .page_tabs import tabs
from .push_identity import identity

sees_policies = permission_required("notifications.view_escalationpolicy", raise_exception=True)
adds_policies = permission_required("notifications.add_escalationpolicy", raise_exception=True)
changes_policies = permission_required("notifications.change_escalationpolicy", raise_exception=True)
deletes_policies = permission_required("notifications.delete_escalationpolicy", raise_exception=True)
sees_rotations = permission_required("notifications.view_oncallrotation", raise_exception=True)
adds_rotations = permission_required("notifications.add_oncallrotation", raise_exception=True)
changes_rotations = permission_required("notifications.change_oncallrotation", raise_exception=True)
deletes_rotations = permission_required("notifications.delete_oncallrotation", raise_exception=True)


@require_GET
@sees_policies
def policies(request: EmsRequest) -> HttpResponse:
    found = EscalationPolicy.objects.prefetch_related("steps__channel", "steps__user", "steps__rotation")
    return render(request, "notifications/policies.html", {"policies": found, "tabs": tabs("policies")})


@require_http_methods(["GET", "POST"])
@adds_policies
def add_policy(request: EmsRequest) -> HttpResponse:
    return _edit_policy(request, None)


@require_http_methods(["GET", "POST"])
@changes_policies
def policy(request: EmsRequest, pk: int) -> HttpResponse:
    return _edit_policy(request, get_object_or_404(EscalationPolicy, pk=pk))


def _edit_policy(request: EmsRequest, found: EscalationPolicy | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = PolicyForm(data, instance=found)
    steps = StepFormSet(data, instance=found or EscalationPolicy(), prefix="steps")
    if _saved(form, steps):
        return redirect("notifications:policies")
    context = {"form": form, "parts": [(_("Steps"), steps)], "object": found, "tabs": tabs("policies")}
    return render(request, "notifications/policy.html", context, status=422 if data else 200)


def _saved(form: Any, *formsets: Any) -> bool:
    """Whether everything was valid and is stored now."""
    if not form.is_bound or not all([form.is_valid(), *(each.is_valid() for each in formsets)]):
        return False
    with transaction.atomic():
        found = form.save()
        for formset in formsets:
            formset.instance = found
            formset.save()
    return True


@require_POST
@deletes_policies
def remove_policy(request: EmsRequest, pk: int) -> HttpResponse:
    get_object_or_404(EscalationPolicy, pk=pk).delete()
    return redirect("notifications:policies")


@require_http_methods(["GET", "POST"])
@sees_rotations
def rotations(request: EmsRequest) -> HttpResponse:
    """Who is on call now; a POST adds a holiday."""
    return _add_absence(request) if request.method == "POST" else _rotations(request, AbsenceForm())


def _rotations(request: EmsRequest, form: AbsenceForm, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    rows = [(each, each.on_call(now)) for each in OnCallRotation.objects.all()]
    absences = Absence.objects.filter(last_day__gte=now.date()).select_related("user")
    context = {"rows": rows, "absences": absences, "form": form, "tabs": tabs("rotations")}
    return render(request, "notifications/rotations.html", context, status=status)


@changes_rotations
def _add_absence(request: EmsRequest) -> HttpResponse:
    form = AbsenceForm(request.POST)
    if form.is_valid():
        form.save()
        return redirect("notifications:rotations")
    return _rotations(request, form, status=422)


@require_POST
@changes_rotations
def remove_absence(request: EmsRequest, pk: int) -> HttpResponse:
    get_object_or_404(Absence, pk=pk).delete()
    return redirect("notifications:rotations")


@require_http_methods(["GET", "POST"])
@adds_rotations
def add_rotation(request: EmsRequest) -> HttpResponse:
    return _edit_rotation(request, None)


@require_http_methods(["GET", "POST"])
@changes_rotations
def rotation(request: EmsRequest, pk: int) -> HttpResponse:
    return _edit_rotation(request, get_object_or_404(OnCallRotation, pk=pk))


def _edit_rotation(request: EmsRequest, found: OnCallRotation | None) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = RotationForm(data, instance=found)
    members = MemberFormSet(data, instance=found or OnCallRotation(), prefix="members")
    overrides = OverrideFormSet(data, instance=found or OnCallRotation(), prefix="overrides")
    if _saved(form, members, overrides):
        return redirect("notifications:rotations")
    parts = [(_("Members, in the order of their turns"), members), (_("Replacements"), overrides)]
    context = {"form": form, "parts": parts, "object": found, "tabs": tabs("rotations")}
    return render(request, "notifications/rotation.html", context, status=422 if data else 200)


@require_POST
@deletes_rotations
def remove_rotation(request: EmsRequest, pk: int) -> HttpResponse:
    get_object_or_404(OnCallRotation, pk=pk).delete()
    return redirect("notifications:rotations")


@require_http_methods(["GET", "POST"])
@sees_policies
def quiet_hours(request: EmsRequest) -> HttpResponse:
    """The user's own; ``none`` in a POST takes them away."""
    found = QuietHours.objects.filter(user=request.user).first()
    if request.method == "POST" and "none" in request.POST:
        QuietHours.objects.filter(user=request.user).delete()
        messages.success(request, _("You have no quiet hours."))
        return redirect("notifications:quiet-hours")
    data = request.POST if request.method == "POST" else None
    form = QuietHoursForm(data, instance=found or QuietHours(user=request.user, time_zone=settings.TIME_ZONE))
    if data and form.is_valid():
        form.save()
        messages.success(request, _("Your quiet hours are saved."))
        return redirect("notifications:quiet-hours")
    mine = request.user.notification_channels.filter(archived_at__isnull=True)
    context = {
        "form": form,
        "has_some": found is not None,
        "channels": mine,
        "tabs": tabs("quiet-hours"),
        "push_key": identity().public_key,
    }
    return render(request, "notifications/quiet_hours.html", context, status=422 if data else 200)
