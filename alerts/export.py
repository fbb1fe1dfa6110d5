"""The history as CSV: times in ISO 8601 UTC, one line per alert with its latest resolution."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

from core.spreadsheets import guarded

from .models import Alert

HEADER = [
    "alert", "substation", "kind", "cause", "severity", "raised_at", "cleared_at", "closed_at", "closed_as",
    "extra_loss_kwh", "extra_loss_low_kwh", "extra_loss_high_kwh", "extra_loss_pct", "acknowledged_by",
    "acknowledged_at", "classification", "root_cause", "corrective_action", "preventive_strategy", "outcome",
    "resolved_by", "resolved_at", "reason",
]  # fmt: skip


class Echo:
    """A file that returns what is written to it."""

    def write(self, value: str) -> str:
        return value


def history_csv(alerts: Iterable[Alert]) -> StreamingHttpResponse:
    writer = csv.writer(Echo())
    response = StreamingHttpResponse(
        (writer.writerow(line) for line in _lines(alerts)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="alert-history.csv"'
    return response


def _lines(alerts: Iterable[Alert]) -> Iterator[list[object]]:
    yield list(HEADER)
    for alert in alerts:
        yield [guarded(value) for value in _line(alert)]


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
