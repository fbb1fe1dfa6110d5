"""URLs of the replay and of recommended banks."""

from __future__ import annotations

from django.urls import path

from . import what_if_views

app_name = "losses-what-if"
urlpatterns = [
    path("", what_if_views.page, name="page"),
    path("duration/", what_if_views.duration, name="duration"),
    path("<str:code>/panel/", what_if_views.panel, name="panel"),
]
