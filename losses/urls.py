"""URLs of costs: where months end, the utility's bills, tariffs, and what to do about them."""

from __future__ import annotations

from django.urls import path

from . import bill_views, month_views, tariff_views, what_if_views

app_name = "losses"
urlpatterns = [
    path("months/", month_views.months, name="months"),
    path("months/<int:pk>/", month_views.month, name="month"),
    path("bills/", bill_views.bills, name="bills"),
    path("tariffs/", tariff_views.tariffs, name="tariffs"),
    path("tariffs/<int:pk>/", tariff_views.version, name="tariff-version"),
    path("what-if/", what_if_views.what_if, name="what-if"),
    path("what-if/duration/", what_if_views.duration, name="what-if-duration"),
    path("what-if/<str:code>/panel/", what_if_views.panel, name="what-if-panel"),
]
