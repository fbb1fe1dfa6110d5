"""The page of the end of a shift, and what is done on it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.requests import EmsRequest, render_page
from core.time_range import zone_for

from . import handover
from .changes import Conflict
from .forms import ShiftNoteForm
from .handover_models import ShiftHandover, ShiftNote
from .models import Alert

# chosen: one screen of each list.
SHOWN, PAGE_SIZE = 50, 20
takes_part = permission_required("alerts.acknowledge_alert", raise_exception=True)
FORM_PREFIX = "last"


@require_GET
@permission_required("alerts.view_alert", raise_exception=True)
def shift(request: EmsRequest) -> HttpResponse:
    """What goes to the next shift: notes, what is open, shelved and out of service; and the earlier handovers."""
    return _show(request)


def _show(request: EmsRequest, *, status: int = 200, **more: object) -> HttpResponse:
    now = timezone.now()
    start = handover.shift_start(now)
    alerts = Alert.objects.unresolved().with_newest_reading().most_urgent_first()
    earlier = Paginator(ShiftHandover.objects.select_related("handed_over_by", "taken_over_by"), PAGE_SIZE)
    page = earlier.get_page(request.GET.get("page"))
    notes_since = min([start, *(each.start for each in page.object_list)])
    notes = list(ShiftNote.objects.filter(at__gt=notes_since).select_related("author"))
    context = {
        "start": start,
        "waiting": handover.waiting(),
        "counts": Alert.objects.counts(),
        "alerts": alerts.select_related("substation", "assignee")[:SHOWN],
        "notes": [note for note in notes if note.at > start],
        "page": page,
        "earlier": [(each, [note for note in notes if each.start < note.at <= each.end]) for each in page.object_list],
        "zone": zone_for(request, timezone.get_default_timezone()),
        "note_form": ShiftNoteForm(),
        "last_form": ShiftNoteForm(prefix=FORM_PREFIX, is_required=False),
    } | more
    return render_page(request, "alerts/handover.html", context, status=status)


@require_POST
@takes_part
def add_note(request: EmsRequest) -> HttpResponse:
    """A note for the next shift."""
    form = ShiftNoteForm(request.POST)
    if not form.is_valid():
        return _show(request, status=422, note_form=form)
    handover.note(by=request.user, text=form.cleaned_data["text"], now=timezone.now())
    return redirect("alerts:handover")


@require_POST
@takes_part
def hand_over(request: EmsRequest) -> HttpResponse:
    """The shift ends: what is open now is kept, and the next one is asked to take over."""
    form = ShiftNoteForm(request.POST, prefix=FORM_PREFIX, is_required=False)
    if not form.is_valid():
        return _show(request, status=422, last_form=form)
    try:
        handover.hand_over(by=request.user, text=form.cleaned_data["text"], now=timezone.now())
    except Conflict as error:
        return _show(request, status=409, refused=str(error), last_form=form)
    messages.success(request, _("The shift is handed over: it waits until somebody takes over."))
    return redirect("alerts:handover")


@require_POST
@takes_part
def take_over(request: EmsRequest, pk: int) -> HttpResponse:
    """Somebody confirms that the next shift has begun."""
    try:
        handover.take_over(get_object_or_404(ShiftHandover, pk=pk), by=request.user, now=timezone.now())
    except Conflict as error:
        return _show(request, status=409, refused=str(error))
    messages.success(request, _("You have taken over the shift."))
    return redirect("alerts:handover")
