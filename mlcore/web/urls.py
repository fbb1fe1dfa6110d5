"""URLs of models, charts and detections."""

from __future__ import annotations

from django.urls import path

from . import panel_views, relearning_view, sensitivity_views, views

app_name = "mlcore"
urlpatterns = [
    path("", views.index, name="list"),
    path("episodes/<int:pk>/chart/", views.episode_chart, name="episode-chart"),
    path("versions/<int:pk>/activate/", views.activate, name="activate"),
    path("versions/<int:pk>/pin/", views.pin, name="pin"),
    path("limits/<int:pk>/reset/", views.reset_limit, name="reset-limit"),
    # /models/<code>/
    path("<str:code>/", views.detail, name="detail"),
    path("<str:code>/train/", views.train, name="train"),
    path("<str:code>/learn-again/", relearning_view.learn_again, name="learn-again"),
    path("<str:code>/sensitivity/", sensitivity_views.panel, name="sensitivity"),
    path("<str:code>/sensitivity/work-out/", sensitivity_views.work_out, name="work-out-sensitivity"),
    path("<str:code>/compare/", views.compare, name="compare"),
    path("<str:code>/chart/", views.chart, name="chart"),
    path("<str:code>/panel/", views.panel, name="panel"),
    path("<str:code>/why/", panel_views.why, name="why"),
    path("<str:code>/quality/", panel_views.quality, name="quality"),
]
