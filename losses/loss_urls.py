"""URLs of the pages of losses."""

from __future__ import annotations

from django.urls import path, re_path

from . import loss_views

app_name = "losses"
urlpatterns = [
    path("", loss_views.losses, name="overview"),
    path("weekly/", loss_views.weekly, name="weekly"),
    re_path("^duration/(?P<quantity>power-factor|avoidable)/$", loss_views.duration, name="duration"),
]
