"""URLs of losses and costs: what is lost, where months end, bills and tariffs, and what to do about it."""

from __future__ import annotations

from django.urls import path

from . import bill_views, feeder_views, line_pages, loss_pages, month_views, tariff_views, what_if_views

app_name = "losses"
urlpatterns = [
    path("", loss_pages.losses, name="overview"),
    path("weekly/", loss_pages.weekly, name="weekly"),
    path("power-factor-duration/", loss_pages.duration, {"quantity": "power_factor"}, name="power-factor-duration"),
    path("avoidable-duration/", loss_pages.duration, {"quantity": "avoidable"}, name="avoidable-duration"),
    path("lines/", line_pages.lines, name="lines"),
    path("lines/network/", line_pages.network, name="lines-network"),
    path("feeders/", feeder_views.feeders, name="feeders"),
    path("months/", month_views.months, name="months"),
    path("months/<int:pk>/", month_views.month, name="month"),
    path("bills/", bill_views.bills, name="bills"),
    path("tariffs/", tariff_views.tariffs, name="tariffs"),
    path("tariffs/<int:pk>/", tariff_views.version, name="tariff-version"),
    path("what-if/", what_if_views.what_if, name="what-if"),
    path("what-if/duration/", what_if_views.duration, name="what-if-duration"),
    path("what-if/<str:code>/panel/", what_if_views.panel, name="what-if-panel"),
]
