"""URLs of the alert desk."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "alerts"
urlpatterns = [
    path("", views.index, name="list"),
    path("history/", views.history, name="history"),
    path("panel/", views.panel, name="panel"),
    # /alerts/<pk>/
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("<int:pk>/unacknowledge/", views.unacknowledge, name="unacknowledge"),
    path("<int:pk>/comment/", views.comment, name="comment"),
    path("<int:pk>/resolve/", views.resolve, name="resolve"),
]
