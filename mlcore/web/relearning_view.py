"""Learn again from a date: what changes is shown before it is done."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.requests import EmsRequest
from mlcore.models import Detection
from mlcore.training import relearning
from mlcore.training.relearning import BadDateError
from substations.models import Substation


@require_http_methods(["GET", "POST"])
@permission_required("mlcore.add_detector", raise_exception=True)
def learn_again(request: EmsRequest, code: str) -> HttpResponse:
    """GET with ``since`` shows what learning again from there changes; POST does it."""
    substation = get_object_or_404(Substation, code=code)
    text = (request.POST if request.method == "POST" else request.GET).get("since", "").strip()
    context = {"substation": substation, "since": text or _suggested(substation)}
    if not text:
        status = 400 if request.method == "POST" else 200
        error = _("Received no date; expected one such as 2025-10-07.") if status == 400 else ""
        return render(request, "mlcore/learn_again.html", context | {"error": error}, status=status)
    try:
        since = moment(text, substation)
        if request.method == "POST":
            relearning.learn_again(substation, since, by=request.user)
            messages.success(request, _("It learns again from there; training is queued."))
            return redirect("mlcore:detail", code)
        found = relearning.preview(substation, since)
    except BadDateError as error:
        return render(request, "mlcore/learn_again.html", context | {"error": str(error)}, status=400)
    return render(request, "mlcore/learn_again.html", context | {"preview": found})


def moment(text: str, substation: Substation) -> datetime:
    """A date or time of ISO 8601, without an offset in the substation's own zone. BadDateError for anything else."""
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=substation.zone)
    except (ValueError, OverflowError) as error:
        raise BadDateError(
            _("Received “%(text)s”; expected a date or time such as 2025-10-07 or 2025-10-07T06:00.")
            % {"text": text[:40]}
        ) from error


def _suggested(substation: Substation) -> str:
    """The day on which generation behind the meter was first seen, where it was."""
    notes = Detection.objects.ongoing().filter(substation=substation, kind=Detection.Kind.INFO)
    first = notes.order_by("start").values_list("start", flat=True).first()
    return f"{first.astimezone(substation.zone):%Y-%m-%d}" if first else ""
