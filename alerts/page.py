"""The page of one alert: what it shows, and what it answers after a change."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from core.requests import EmsRequest, is_fragment, render_page
from losses.outlook_models import MonthOutlook

from . import evidence
from .display_names import explain
from .energy import energy_of
from .forms import AcknowledgeForm, AssignForm, ComeBackForm, CommentForm, ShelveForm, WithdrawForm, WorkForm
from .guidance import advice_of
from .lifecycle import Transition, allowed
from .marks import mark
from .models import Alert
from .similar import similar

# chosen: long enough to notice a slip; later a reason is asked for.
UNDO_WITHIN = timedelta(minutes=2)
OFFERED = (
    Transition.ACKNOWLEDGE,
    Transition.UNACKNOWLEDGE,
    Transition.SHELVE,
    Transition.UNSHELVE,
    Transition.SUSPEND,
    Transition.RESUME,
    Transition.RESOLVE,
    Transition.ASSIGN,
)


def get(pk: int) -> Alert:
    return get_object_or_404(
        Alert.objects.with_newest_reading().select_related(
            "substation",
            "acknowledged_by",
            "assignee",
            "detection__detector",
            "penalty",
            "repair",
            "suppressed_by__substation",
        ),
        pk=pk,
    )


def show(request: EmsRequest, alert: Alert, *, status: int = 200, **more: object) -> HttpResponse:
    """The page, or its fragment for htmx. ``more`` replaces a form by one with errors, or adds ``refused``."""
    at_version = {"version": alert.version}
    context = {
        "alert": alert,
        "can": {each.value: allowed(alert.lifecycle_state, each) for each in OFFERED},
        "may_undo": may_undo(request, alert),
        "outlook": MonthOutlook.objects.of(alert.substation).first(),
        "energy": energy_of(alert, newest=getattr(alert, "newest_reading_at", None)),
        "fed_from": [link.source for link in alert.substation.links_in.select_related("source") if link.source],
        "events": alert.events.select_related("actor").order_by("-seq"),
        "resolutions": alert.resolutions.select_related("resolved_by"),
        "advice": advice_of(alert),
        "evidence": evidence.read(alert.detection.evidence, alert.detection.cause) if alert.detection else None,
        "similar": similar(alert),
        "acknowledge_form": AcknowledgeForm(initial=at_version),
        "withdraw_form": WithdrawForm(initial=at_version),
        "shelve_form": ShelveForm(initial=at_version),
        "work_form": WorkForm(initial=at_version),
        "back_form": ComeBackForm(initial=at_version),
        "comment_form": CommentForm(),
        "assign_form": AssignForm(initial=at_version | {"assignee": alert.assignee}),
        "suppresses": alert.suppresses.filter(suppression="by_design").select_related("substation"),
        "is_first": bool(mark([alert])[0].mark and alert.mark.is_first),
    } | more
    return render_page(request, "alerts/detail.html", context, status=status)


def may_undo(request: EmsRequest, alert: Alert) -> bool:
    """Whether the acknowledgement is this user's own, and fresh: then one click takes it back."""
    at = alert.acknowledged_at
    is_own = alert.acknowledged and alert.acknowledged_by_id == request.user.pk
    by_this = not alert.closed_at or alert.closure == Alert.Closure.CLEARED
    return bool(is_own and by_this and at and timezone.now() - at < UNDO_WITHIN)


def row_rights(request: EmsRequest) -> dict[str, bool]:
    """What a row of the list asks of the person: once for the page, and not once for each of fifty rows."""
    names = {"acknowledge": "acknowledge_alert", "resolve": "resolve_alert", "resolve_many": "resolve_many_alerts"}
    return {f"may_{verb}": request.user.has_perm(f"alerts.{name}") for verb, name in names.items()}


def done(request: EmsRequest, alert: Alert) -> HttpResponse:
    """After a change: the fragment or row that htmx replaces, else the way back to the page."""
    if not is_fragment(request):
        return redirect(alert)
    fresh = get(alert.pk)
    if request.POST.get("as") == "row":
        mark([fresh])
        context = {"alert": fresh, "may_undo": may_undo(request, fresh), "has_changed": True}
        context |= row_rights(request)
        return render(request, "alerts/_row.html", context)
    if request.POST.get("as") == "toast":
        return render(request, "alerts/_undone_toast.html", {"alert": fresh})
    return show(request, fresh)


def refuse(request: EmsRequest, pk: int, error: Exception, *, status: int = 409) -> HttpResponse:
    """The sentence that says why; a page shows the fresh alert below it."""
    if is_fragment(request):
        return HttpResponse(explain(error), status=status, content_type="text/plain; charset=utf-8")
    return show(request, get(pk), status=status, refused=_("Nothing was changed. %(why)s") % {"why": explain(error)})
