"""URLs of costs: where months end, the utility's bills, tariffs."""

from __future__ import annotations

from django.urls import path

from . import bill_views, month_views, tariff_views

app_name = "losses"
urlpatterns = [
    path("months/", month_views.months, name="months"),
    path("months/<int:pk>/", month_views.month, name="month"),
    path("bills/", bill_views.bills, name="bills"),
    path("tariffs/", tariff_views.tariffs, name="tariffs"),
    path("tariffs/<int:pk>/", tariff_views.version, name="tariff-version"),
]
