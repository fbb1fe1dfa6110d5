"""URLs of the pages of losses."""

from __future__ import annotations

from django.urls import path

from . import loss_pages

app_name = "losses"
urlpatterns = [
    path("", loss_pages.losses, name="overview"),
    path("weekly/", loss_pages.weekly, name="weekly"),
    path("power-factor-duration/", loss_pages.duration, {"quantity": "power_factor"}, name="power-factor-duration"),
    path("avoidable-duration/", loss_pages.duration, {"quantity": "avoidable"}, name="avoidable-duration"),
]
