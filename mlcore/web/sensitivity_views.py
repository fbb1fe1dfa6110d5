"""What would be found on a substation: a card of its model's page, and the button that has it worked out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.requests import EmsRequest
from mlcore.models import Detector
from mlcore.training import sensitivity_runs
from substations.models import Substation

from .sensitivity_card import sensitivity_card


@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def panel(request: EmsRequest, code: str) -> HttpResponse:
    """The card alone, fetched again while it is worked out."""
    substation = get_object_or_404(Substation, code=code)
    context = {"substation": substation, "found": sensitivity_card(_active(substation))}
    return render(request, "mlcore/_sensitivity.html", context)


@require_POST
@permission_required("mlcore.add_detector", raise_exception=True)
def work_out(request: EmsRequest, code: str) -> HttpResponse:
    """Ask for what the active version would find; the sweep starts it within seconds."""
    substation = get_object_or_404(Substation, code=code)
    detector = _active(substation)
    if detector is None:
        messages.error(request, _("There is no model yet: what it would find can't be worked out."))
    elif sensitivity_runs.request(detector):
        messages.success(request, _("Queued; it starts within seconds."))
    else:
        messages.error(request, _("It is being worked out already."))
    return redirect("mlcore:detail", code)


def _active(substation: Substation) -> Detector | None:
    return substation.detectors.filter(is_active=True).without_artifact().first()
