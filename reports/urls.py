"""URLs of reports."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="list"),
    path("<int:pk>/pdf/", views.paper, name="paper"),
    path("<int:pk>/sheet/", views.sheet, name="sheet"),
    path("<int:pk>/again/", views.again, name="again"),
    path("<int:pk>/delete/", views.delete, name="delete"),
    path("schedules/", views.schedule, name="schedule"),
    path("schedules/<int:pk>/end/", views.end_schedule, name="end-schedule"),
]
