"""URLs of single substations."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "substations"
urlpatterns = [
    # /substations/<code>/
    path("<str:code>/", views.detail, name="detail"),
    path("<str:code>/live/", views.live, name="live"),
    path("<str:code>/strip/", views.strip, name="strip"),
    path("<str:code>/channels/<str:group>/", views.channels, name="channels"),
    path("<str:code>/duration/", views.duration, name="duration"),
    path("<str:code>/direction/", views.direction, name="direction"),
    path("<str:code>/readings.csv", views.readings_csv, name="readings-csv"),
]
