"""Alerts of a scope and time, and what people did about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from alerts.models import Alert, AlertEvent
from losses.loss_scope import LossScope
from losses.sums_of_money import Money

from .blocks import Cell, CellKind, Column, Table

MAX_ALERTS = 2000
"""Chosen: a sheet that a person can still read through; the note says when there were more."""

MAX_CAUSES = 2
"""Chosen: a cell of two lines."""


def alerts_between(scope: LossScope, start: datetime, end: datetime) -> list[Alert]:
    """What was present at any time of ``start <= at < end``, the dearest first; withdrawn ones are none."""
    present = Q(raised_at__lt=end) & (Q(cleared_at__isnull=True) | Q(cleared_at__gte=start))
    found = Alert.objects.filter(scope.owned, present).exclude(closure=Alert.Closure.WITHDRAWN).dearest_first()
    by_people = AlertEvent.objects.filter(actor__isnull=False).select_related("actor").order_by("at")
    return list(
        found.with_newest_reading()
        .select_related("substation", "penalty")
        .prefetch_related(Prefetch("events", by_people, to_attr="by_people"), "resolutions__resolved_by")[:MAX_ALERTS]
    )


def causes_by_substation(alerts: Sequence[Alert]) -> dict[int, str]:
    """What was found at each, by primary key, in the order of the alerts; of many causes the first."""
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for alert in alerts:
        found[alert.substation_id].setdefault(alert.get_cause_display())
    return {pk: _joined(list(causes)) for pk, causes in found.items()}


def _joined(causes: list[str]) -> str:
    return ", ".join(causes[:MAX_CAUSES]) + (", …" if len(causes) > MAX_CAUSES else "")


def penalty_of(alert: Alert) -> Money | None:
    """What it adds to its month's bill by the month's end if it is left."""
    penalty = getattr(alert, "penalty", None)
    return Money(penalty.left, penalty.currency, penalty.decimals) if penalty else None


def alerts_table(alerts: Sequence[Alert]) -> Table:
    columns = [
        Column(_("No."), CellKind.COUNT, 0.6), Column(_("Substation"), CellKind.CODE, 1.1),
        Column(_("Cause"), CellKind.TEXT, 1.3),
        Column(_("Severity"), CellKind.TEXT, 0.9), Column(_("Raised"), CellKind.MOMENT, 1.2),
        Column(_("Cleared"), CellKind.MOMENT, 1.2), Column(_("State"), CellKind.TEXT, 1.1),
        Column(_("Extra loss kWh"), CellKind.NUMBER, 0.9), Column(_("Penalty if left"), CellKind.MONEY, 1.1),
        Column(_("Why"), CellKind.TEXT, 3.0),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            alert.pk, alert.substation.code, alert.get_cause_display(), _severity(alert), alert.raised_at,
            alert.cleared_at, state_of(alert), alert.known_loss_kwh, penalty_of(alert), alert.sentence,
        ]
        for alert in alerts
    ]  # fmt: skip
    more = _("Only the first %(most)d are listed.") % {"most": MAX_ALERTS} if len(alerts) == MAX_ALERTS else ""
    return Table(_("Alerts"), _("Alerts, the dearest first"), columns, rows, more, max_printed=25)


def state_of(alert: Alert) -> str:
    return str(alert.get_closure_display()) if alert.closed_at else alert.state_label


def _severity(alert: Alert) -> str:
    return str(alert.get_severity_peak_display())


def actions_table(alerts: Sequence[Alert], start: datetime | None = None, end: datetime | None = None) -> Table:
    """Who did what, oldest first; between two times of the server's clock where they are given."""
    columns = [
        Column(_("Time"), CellKind.MOMENT, 1.3), Column(_("Alert"), CellKind.COUNT, 0.6),
        Column(_("Substation"), CellKind.CODE, 1.1), Column(_("Who"), CellKind.TEXT),
        Column(_("What"), CellKind.TEXT, 1.3),
        Column(_("Comment"), CellKind.TEXT, 3.2),
    ]  # fmt: skip
    events = [
        (event, alert)
        for alert in alerts
        for event in getattr(alert, "by_people", ())
        if (start is None or event.at >= start) and (end is None or event.at < end)
    ]
    rows: list[list[Cell]] = [
        [
            event.at,
            alert.pk,
            alert.substation.code,
            event.actor.get_username(),
            event.get_action_display(),
            event.comment,
        ]
        for event, alert in sorted(events, key=lambda pair: pair[0].at)
    ]
    return Table(_("Actions"), _("Who did what"), columns, rows)


def resolutions_table(alerts: Sequence[Alert]) -> Table:
    """What was found and done, of the alerts that were resolved."""
    columns = [
        Column(_("Resolved"), CellKind.MOMENT, 1.3), Column(_("Alert"), CellKind.COUNT, 0.6),
        Column(_("Substation"), CellKind.CODE, 1.1), Column(_("Who"), CellKind.TEXT),
        Column(_("Incident"), CellKind.TEXT, 1.4),
        Column(_("Root cause"), CellKind.TEXT, 2.0), Column(_("Corrective action"), CellKind.TEXT, 2.0),
        Column(_("Outcome"), CellKind.TEXT, 1.2),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            each.resolved_at, alert.pk, alert.substation.code, each.resolved_by.get_username(),
            each.get_classification_display(), each.root_cause, each.corrective_action, each.get_outcome_display(),
        ]
        for alert in alerts
        for each in alert.resolutions.all()
    ]  # fmt: skip
    return Table(_("Resolutions"), _("What was found and done"), columns, rows)
