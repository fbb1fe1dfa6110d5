"""URLs of models, charts and detections."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "mlcore"
urlpatterns = [
    path("", views.index, name="list"),
    path("episodes/<int:pk>/chart/", views.episode_chart, name="episode-chart"),
    # /models/<code>/
    path("<str:code>/chart/", views.chart, name="chart"),
    path("<str:code>/panel/", views.panel, name="panel"),
]
