"""What a person does to an alert, by a form: each view takes one, calls one service and answers."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from core.requests import EmsRequest

from . import assignment, bulk, page, planned, services, shelf, system_alarms
from .changes import Conflict
from .forms import (
    AcknowledgeForm,
    AssignForm,
    ComeBackForm,
    CommentForm,
    ResolutionForm,
    ShelveForm,
    WithdrawForm,
    WorkForm,
)
from .lifecycle import Refused, Transition
from .models import Alert, SystemAlarm

acknowledges = permission_required("alerts.acknowledge_alert", raise_exception=True)
shelves = permission_required("alerts.shelve_alert", raise_exception=True)
plans_work = permission_required("substations.add_plannedwork", raise_exception=True)


@require_POST
@acknowledges
def acknowledge(request: EmsRequest, pk: int) -> HttpResponse:
    """Say that somebody is on it."""
    return _change(request, pk, AcknowledgeForm, services.acknowledge, "acknowledge_form")


@require_POST
@acknowledges
def acknowledge_system_alarm(request: EmsRequest, pk: int) -> HttpResponse:
    """Say that somebody is on an alarm of the system itself."""
    alarm = get_object_or_404(SystemAlarm, pk=pk)
    try:
        system_alarms.acknowledge(alarm, by=request.user, now=timezone.now())
    except Conflict as error:
        messages.warning(request, str(error))
    return redirect("alerts:list")


@require_POST
@acknowledges
def unacknowledge(request: EmsRequest, pk: int) -> HttpResponse:
    """Take the acknowledgement back, with the reason."""
    return _change(request, pk, WithdrawForm, services.unacknowledge, "withdraw_form")


@require_POST
@acknowledges
def comment(request: EmsRequest, pk: int) -> HttpResponse:
    """Add a comment."""
    return _change(request, pk, CommentForm, services.comment, "comment_form")


@require_POST
@acknowledges
def assign(request: EmsRequest, pk: int) -> HttpResponse:
    """Give it to somebody, or to nobody."""
    return _change(request, pk, AssignForm, assignment.assign, "assign_form")


@require_POST
@shelves
def shelve(request: EmsRequest, pk: int) -> HttpResponse:
    """Put it aside for a while."""
    return _change(request, pk, ShelveForm, shelf.shelve, "shelve_form")


@require_POST
@shelves
def unshelve(request: EmsRequest, pk: int) -> HttpResponse:
    """Take it back before its time on the shelf is over."""
    return _change(request, pk, ComeBackForm, shelf.unshelve, "back_form")


@require_POST
@plans_work
def begin_work(request: EmsRequest, pk: int) -> HttpResponse:
    """People work on the substation: its alerts are out of service."""
    return _change(request, pk, WorkForm, planned.begin, "work_form")


@require_POST
@plans_work
def finish_work(request: EmsRequest, pk: int) -> HttpResponse:
    """The work is done before its planned end."""
    return _change(request, pk, ComeBackForm, planned.finish, "back_form")


def _change(
    request: EmsRequest, pk: int, form_class: type[forms.Form], service: Callable[..., Alert], name: str
) -> HttpResponse:
    """One change by a small form, whose fields are the arguments of one service."""
    alert = page.get(pk)
    form = form_class(request.POST)
    if not form.is_valid():
        return page.show(request, alert, status=422, **{name: form, "refused": _problems(form)})
    try:
        service(alert, by=request.user, **form.cleaned_data)
    except (Refused, Conflict) as error:
        return page.refuse(request, pk, error)
    except PermissionDenied as error:
        return page.refuse(request, pk, error, status=403)
    return page.done(request, alert)


def _problems(form: forms.Form) -> str:
    said = [f"{form.fields[name].label}: {each}" for name, errors in form.errors.items() for each in errors]
    return _("Nothing was changed. %(why)s") % {"why": " ".join(said)}


@require_POST
@acknowledges
def acknowledge_many(request: EmsRequest) -> HttpResponse:
    """Acknowledge the rows that were ticked; each that could not be is named with its reason."""
    chosen = request.POST.getlist("alert")
    if not chosen:
        messages.warning(request, _("Nothing was selected: select the alerts to acknowledge."))
    result = bulk.acknowledge(chosen, by=request.user)
    count = len(result.changed)
    said = ngettext("%(count)d alert acknowledged.", "%(count)d alerts acknowledged.", count)
    _say(request, result, said % {"count": count})
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, None) else "alerts:list")


def _say(request: EmsRequest, result: bulk.Result, said: str) -> None:
    if result.changed:
        messages.success(request, said)
    for what, why in result.skipped:
        messages.warning(request, f"{what}: {why}")


@require_POST
@permission_required("alerts.resolve_many_alerts", raise_exception=True)
def resolve_many(request: EmsRequest) -> HttpResponse:
    """One form for the ticked rows of one kind, then each is resolved with it; what could not be is named."""
    chosen = request.POST.getlist("alert")
    result = bulk.Result()
    alerts = [alert for alert, _version in bulk.named(chosen, result) if not alert.closed_at]
    try:
        bulk.refuse_several_kinds(alerts)
    except ValueError as error:
        messages.warning(request, str(error))
        return redirect("alerts:list")
    if not alerts:
        messages.warning(request, _("Nothing was selected: select the open alerts to resolve."))
        return redirect("alerts:list")
    is_answer = "confirmed" in request.POST
    form = ResolutionForm.of(alerts[0], request.POST if is_answer else None)
    if not (is_answer and form.is_valid()):
        context = {"alerts": alerts, "form": form}
        return render(request, "alerts/resolve_many.html", context, status=422 if is_answer else 200)
    result = bulk.resolve(chosen, by=request.user, findings=form.findings())
    count = len(result.changed)
    _say(request, result, ngettext("%(n)d alert resolved.", "%(n)d alerts resolved.", count) % {"n": count})
    return redirect("alerts:list")


def _again(posted: QueryDict, alert: Alert) -> QueryDict:
    """What was typed, for the alert as it is now."""
    kept = posted.copy()
    kept["version"] = str(alert.version)
    return kept


@require_http_methods(["GET", "POST"])
@permission_required("alerts.resolve_alert", raise_exception=True)
def resolve(request: EmsRequest, pk: int) -> HttpResponse:
    """The resolution form, and its result. What was typed survives a change by somebody else."""
    alert = page.get(pk)
    if alert.closed_at:
        return page.refuse(request, pk, Refused(Transition.RESOLVE, alert.lifecycle_state))
    form = ResolutionForm.of(alert, request.POST or None)
    status, refused = 422 if request.method == "POST" else 200, ""
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            services.resolve(alert, by=request.user, findings=form.findings(), version=version)
            return redirect(alert)
        except Refused as error:
            return page.refuse(request, pk, error)
        except Conflict as error:
            alert, status, refused = page.get(pk), 409, str(error)
            form = ResolutionForm.of(alert, _again(request.POST, alert))
    return render(request, "alerts/resolve.html", {"alert": alert, "form": form, "refused": refused}, status=status)
