"""The history as CSV: times in ISO 8601 UTC, one line per alert with its latest resolution."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http.response import HttpResponseBase

from core.csv_exports import csv_export
from core.requests import EmsRequest

from .models import Alert

HEADER = [
    "alert", "substation", "kind", "cause", "severity", "raised_at", "cleared_at", "closed_at", "closed_as",
    "extra_loss_kwh", "extra_loss_low_kwh", "extra_loss_high_kwh", "extra_loss_pct", "acknowledged_by",
    "acknowledged_at", "classification", "root_cause", "corrective_action", "preventive_strategy", "outcome",
    "resolved_by", "resolved_at", "reason",
]  # fmt: skip
# chosen: a few megabytes of alerts with their resolutions.
ALERTS_AT_ONCE = 1000


def history_csv(request: EmsRequest, alerts: QuerySet[Alert]) -> HttpResponseBase:
    rows = (_line(alert) for alert in alerts.iterator(ALERTS_AT_ONCE))
    return csv_export(request, "alert-history.csv", HEADER, rows)


def _line(alert: Alert) -> list[object]:
    found = next(iter(alert.resolutions.all()), None)
    resolution: list[object] = [""] * 7
    if found:
        resolution = [
            found.classification, found.root_cause, found.corrective_action, found.preventive_strategy, found.outcome,
            found.resolved_by.get_username(), found.resolved_at.isoformat(),
        ]  # fmt: skip
    times = [moment.isoformat() if moment else "" for moment in (alert.raised_at, alert.cleared_at, alert.closed_at)]
    losses = [alert.loss_kwh, alert.loss_low_kwh, alert.loss_high_kwh, alert.loss_pct]
    return [
        alert.pk, alert.substation.code, alert.kind, alert.cause, alert.severity_name, *times, alert.closure,
        *("" if loss is None else round(loss, 3) for loss in losses),
        alert.acknowledged_by.get_username() if alert.acknowledged_by else "",
        alert.acknowledged_at.isoformat() if alert.acknowledged_at else "",
        *resolution, alert.plain_sentence,
    ]  # fmt: skip
