"""The report of one alert: when, where, why, how much, what was done, by whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from alerts import evidence
from alerts.energy import energy_of
from alerts.models import Alert, AlertEvent
from core.formatting import NOTHING, duration, exact, figure
from losses.loss_scope import LossScope
from losses.models import HourlyRollup
from mlcore.explanations import checks_of

from .alert_tables import penalty_of, resolutions_table, state_of
from .appendix import appendix
from .blocks import Block, Cell, CellKind, Chart, Column, Figure, Figures, Points, ReportContent, Section, Table, Text
from .recommended_banks import recommendations_for
from .scope_facts import clock_text, name_of

AROUND = timedelta(days=2)
"""Chosen: what was normal before and is after."""

MAX_HOURS = 31 * 24
"""Chosen: more columns than that are a grey band on paper."""


def alert_content(alert: Alert, newest: datetime | None) -> ReportContent:
    """newest: time of the substation's newest reading, to which an active episode has lasted."""
    substation = alert.substation
    scope = LossScope(substation.site, substation)
    zone, last = substation.zone, alert.cleared_at or newest or alert.raised_at
    first_day, last_day = alert.raised_at.astimezone(zone).date(), last.astimezone(zone).date()
    return ReportContent(
        title=_("Alert %(number)d: %(cause)s") % {"number": alert.pk, "cause": alert.get_cause_display()},
        subtitle=name_of(scope),
        zone=zone,
        facts=[
            (_("Clock"), clock_text(zone, alert.raised_at)),
            (_("Raised"), exact(alert.raised_at, zone)),
            (_("Cleared"), exact(alert.cleared_at, zone) if alert.cleared_at else NOTHING),
            (_("Severity"), str(alert.get_severity_peak_display())),
            (_("State"), state_of(alert)),
        ],
        sections=[
            Section(_("Summary"), _summary(alert, newest)),
            Section(_("What to check first"), [Points([str(check) for check in checks_of(alert.cause)])]),
            *_evidence(alert),
            *_course(alert, last),
            Section(_("Who did what"), _history(alert)),
            appendix(scope, first_day, last_day),
        ],
    )


def _summary(alert: Alert, newest: datetime | None) -> list[Block]:
    energy = energy_of(alert, newest=newest)
    penalty, known_kwh = penalty_of(alert), alert.known_loss_kwh
    between = ""
    if known_kwh is not None and energy.low_kwh is not None and energy.high_kwh is not None:
        between = _("%(low)s to %(high)s") % {"low": figure(energy.low_kwh), "high": figure(energy.high_kwh, "kWh")}
    figures = [
        Figure(_("Lasted"), duration(energy.lasted)),
        Figure(_("Extra loss"), figure(known_kwh, "kWh"), between, known_kwh, "kWh"),
        Figure(_("Penalty if left"), str(penalty) if penalty else NOTHING, _("by the month's end"), penalty),
    ]
    recommended = recommendations_for([alert.substation])
    said = [alert.sentence, alert.cost_sentence, *(each.action for each in recommended)]
    return [*(Text(text) for text in said if text), Figures(figures)]


def _evidence(alert: Alert) -> list[Section]:
    if alert.detection is None:
        return []
    found = evidence.read(alert.detection.evidence, alert.detection.cause)
    columns = [
        Column(_("Quantity at the peak"), CellKind.TEXT, 2.0), Column(_("Measured"), CellKind.NUMBER),
        Column(_("Expected"), CellKind.NUMBER), Column(_("Normal from"), CellKind.NUMBER),
        Column(_("to"), CellKind.NUMBER),
        Column(_("Unit"), CellKind.TEXT, 0.7),
    ]  # fmt: skip
    rows = [[str(row.label), row.measured, row.expected, row.low, row.high, row.unit] for row in found.rows]
    said = [str(each) for each in found.assumptions]
    if found.runner_up:
        said.append(_("Next most likely: %(cause)s.") % {"cause": found.runner_up})
    if found.falsified_by:
        said.append(_("What would rule this out: %(what)s") % {"what": found.falsified_by})
    blocks: list[Block] = [Table(_("Evidence"), _("Measured against expected"), columns, rows)] if rows else []
    blocks += [Points(said)] if said else []
    return [Section(_("Evidence"), blocks)] if blocks else []


def _course(alert: Alert, last: datetime) -> list[Section]:
    """Hours around the episode: avoidable loss, and loss above what is normal."""
    start, end = alert.raised_at - AROUND, last + AROUND
    hours = HourlyRollup.objects.filter(substation=alert.substation, at__gte=start, at__lt=end).order_by("at")
    found: list[Any] = list(hours.values_list("at", "avoidable_loss_kwh", "excess_loss_kwh")[:MAX_HOURS])
    if not found:
        return []
    labels = [f"{at.astimezone(alert.substation.zone):%Y-%m-%d %H:%M}" for at, _avoidable, _excess in found]
    series = [(_("Avoidable"), [row[1] for row in found]), (_("Above normal"), [row[2] for row in found])]
    chart = Chart(_("Over time"), _("Avoidable loss and loss above normal by the hour"), "kWh", labels, series)
    return [Section(_("When"), [chart])]


def _history(alert: Alert) -> list[Block]:
    events = AlertEvent.objects.filter(alert=alert).select_related("actor").order_by("seq")
    columns = [
        Column(_("Time"), CellKind.MOMENT, 1.4), Column(_("Who"), CellKind.TEXT), Column(_("What"), CellKind.TEXT, 1.4),
        Column(_("Comment"), CellKind.TEXT, 3.5),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            event.at, event.actor.get_username() if event.actor else str(event.get_source_display()),
            event.get_action_display(), event.comment,
        ]
        for event in events
    ]  # fmt: skip
    resolved = resolutions_table([alert])
    table = Table(_("History"), _("History"), columns, rows, max_printed=60)
    return [table, *([resolved] if resolved.rows else [])]
