from __future__ import annotations

from django.urls import path

from ingestion import overwritten_views, views

app_name = "ingestion"
urlpatterns = [
    path("", views.index, name="list"),
    path("new/", views.create, name="create"),
    path("overwritten/", overwritten_views.overwritten, name="overwritten"),
    # <upload>/
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/answer/", views.answer, name="answer"),
    path("<int:pk>/problems/", views.problems, name="problems"),
    path("<int:pk>/problems.csv", views.problems_csv, name="problems-csv"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/retry/", views.retry, name="retry"),
    path("<int:pk>/again/", views.again, name="again"),
]
