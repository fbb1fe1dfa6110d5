"""URLs of the utility's bills."""

from __future__ import annotations

from django.urls import path

from . import bill_views

app_name = "losses-bills"
urlpatterns = [path("", bill_views.bills, name="list")]
