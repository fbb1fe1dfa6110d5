"""URLs of the alerts."""

from __future__ import annotations

from django.urls import path

from . import actions, handover_views, kpi_views, maintenance_views, views

app_name = "alerts"
urlpatterns = [
    path("", views.index, name="list"),
    path("history/", views.history, name="history"),
    path("history/trends/", views.history_trends, name="history-trends"),
    path("line/", views.line, name="line"),
    path("panel/", views.panel, name="panel"),
    path("kpis/", kpi_views.kpis, name="kpis"),
    path("maintenance/", maintenance_views.maintenance, name="maintenance"),
    path("maintenance/<int:pk>/end/", maintenance_views.end_work, name="end-work"),
    path("maintenance/shelved/<int:pk>/end/", maintenance_views.end_shelving, name="end-shelving"),
    path("acknowledge/", actions.acknowledge_many, name="acknowledge-many"),
    path("system/<int:pk>/acknowledge/", actions.acknowledge_system_alarm, name="acknowledge-system-alarm"),
    path("resolve/", actions.resolve_many, name="resolve-many"),
    # /alerts/handover/
    path("handover/", handover_views.shift, name="handover"),
    path("handover/note/", handover_views.add_note, name="shift-note"),
    path("handover/end/", handover_views.hand_over, name="hand-over"),
    path("handover/<int:pk>/take-over/", handover_views.take_over, name="take-over"),
    # /alerts/<pk>/
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/acknowledge/", actions.acknowledge, name="acknowledge"),
    path("<int:pk>/unacknowledge/", actions.unacknowledge, name="unacknowledge"),
    path("<int:pk>/comment/", actions.comment, name="comment"),
    path("<int:pk>/assign/", actions.assign, name="assign"),
    path("<int:pk>/shelve/", actions.shelve, name="shelve"),
    path("<int:pk>/unshelve/", actions.unshelve, name="unshelve"),
    path("<int:pk>/out-of-service/", actions.begin_work, name="begin-work"),
    path("<int:pk>/back-in-service/", actions.finish_work, name="finish-work"),
    path("<int:pk>/resolve/", actions.resolve, name="resolve"),
]
