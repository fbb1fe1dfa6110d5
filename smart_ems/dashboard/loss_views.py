"""What the grid loses, as the dashboard shows it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.requests import EmsRequest

from .learning_progress import learning_progress
from .losses_now import losses_of_all
from .views import view_substations


@require_GET
@view_substations
def losses(request: EmsRequest) -> HttpResponse:
    """Loss, extra loss and avoidable loss now, and of the last day."""
    found = losses_of_all()
    learning = None if found.reporting else learning_progress()
    return render(request, "dashboard/_losses.html", {"losses": found, "learning": learning})
