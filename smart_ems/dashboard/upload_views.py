"""What became of an upload after it was loaded: learning, judging, and the alerts that came of it."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from core.requests import EmsRequest
from ingestion.models import Upload
from substations.models import Substation

from .learning_progress import learning_progress

MAX_NAMED = 50
"""Chosen: so many codes fit into an address."""


@require_GET
@permission_required(("ingestion.view_upload", "alerts.view_alert"), raise_exception=True)
def progress(request: EmsRequest, pk: int) -> HttpResponse:
    """A panel that follows the readings of an upload until its alerts are there."""
    upload = get_object_or_404(Upload, pk=pk)
    codes = Substation.objects.filter(pk__in=upload.touched[:MAX_NAMED]).order_by("code").values_list("code", flat=True)
    asked = [("found_after", upload.created_at.isoformat()), *(("substation", code) for code in codes)]
    context = {
        "upload": upload,
        "progress": learning_progress(upload.touched),
        "alerts_url": f"{reverse('alerts:panel')}?{urlencode(asked)}",
    }
    return render(request, "dashboard/_upload_progress.html", context)
