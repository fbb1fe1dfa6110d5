"""The report of one or several months: what a plant manager reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.models import Alert
from core.formatting import figure
from losses.loss_overview import LossOverview, LossRow, default_order, overview, ranked
from losses.loss_scope import LossScope
from losses.report_period import ReportPeriod

from .alert_tables import actions_table, alerts_between, alerts_table, causes_by_substation, resolutions_table
from .appendix import appendix
from .blocks import Block, Cell, CellKind, Column, ReportContent, Section, Table, Text
from .loss_tables import energy_figures, losses_over_time, ranking_chart, ranking_table, three_lines, worth_of
from .recommended_banks import recommendations_for
from .scope_facts import bounds_of, clock_text, name_of, zone_of

NAMED = 3
"""Chosen: what a summary names."""


def monthly_content(scope: LossScope, period: ReportPeriod) -> ReportContent:
    """Summary, three lines, ranking, alerts with who did what, recommendation, appendix."""
    zone = zone_of(scope)
    start, end = bounds_of(period.first, period.last, zone)
    found = overview(scope, period)
    order = default_order(found.rows)
    rows = ranked(found.rows, order.removeprefix("-"), is_down=True)
    alerts = alerts_between(scope, start, end)
    why = causes_by_substation(alerts)
    return ReportContent(
        title=_("Losses and power factor"),
        subtitle=f"{name_of(scope)}, {_period(period)}",
        zone=zone,
        facts=[(_("Clock"), clock_text(zone, start)), (_("Substations"), str(len(rows)))],
        sections=[
            Section(_("Summary"), _summary(found, rows, alerts, why)),
            *([Section(_("Mend these first"), [ranking_table(rows, why), ranking_chart(rows)])] if rows else []),
            *([Section(_("When"), [losses_over_time(scope, period)])] if rows else []),
            *_recommended(rows),
            *alert_sections(alerts),
            appendix(scope, period.first, period.last),
        ],
    )


def alert_sections(alerts: Sequence[Alert]) -> list[Section]:
    """Alerts with causes, who did what; the tables without a row are left out."""
    if not alerts:
        return [Section(_("Alerts"), [Text(_("No alert was present."))])]
    tables = [alerts_table(alerts), actions_table(alerts), resolutions_table(alerts)]
    return [Section(_("Alerts"), [table for table in tables if table.rows])]


def _period(period: ReportPeriod) -> str:
    return f"{period.first:%Y-%m-%d} – {period.last:%Y-%m-%d}"


def _summary(
    found: LossOverview, rows: Sequence[LossRow], alerts: Sequence[Alert], why: Mapping[int, str]
) -> list[Block]:
    if not rows:
        return [Text(_("Nothing is known of this period: no reading of it is stored."))]
    sentences = [_first_to_mend(row, why) for row in rows[:NAMED] if _is_worth_it(row)]
    first = (
        _("Mend first: %(which)s.") % {"which": "; ".join(sentences)} if sentences else _("Nothing to mend stands out.")
    )
    count = ngettext("%(count)d alert was present.", "%(count)d alerts were present.", len(alerts))
    said = f"{first} {count % {'count': len(alerts)}}"
    partial = _("The last month is not over: it is counted to its newest day.") if found.period.is_partial else ""
    small = [Text(partial, is_small=True)] if partial else []
    return [Text(said), three_lines(found.figures, found.cost), energy_figures(found), *small]


def _is_worth_it(row: LossRow) -> bool:
    return bool(row.saving or row.figures["avoidable_loss_kwh"])


def _first_to_mend(row: LossRow, why: Mapping[int, str]) -> str:
    """For example: SS-07 (₹ 900.00, 93 kWh avoidable, capacitor bank failure)."""
    worth, avoidable = worth_of(row), row.figures["avoidable_loss_kwh"]
    parts = [str(worth) if worth else "", _("%(loss)s avoidable") % {"loss": figure(avoidable, "kWh")}]
    parts.append(why.get(row.substation.pk, ""))
    return f"{row.substation.code} ({', '.join(filter(None, parts))})"


def _recommended(rows: Sequence[LossRow]) -> list[Section]:
    found = recommendations_for(row.substation for row in rows)
    if not found:
        return []
    columns = [
        Column(_("Substation"), CellKind.CODE, 1.1), Column(_("Recommendation"), CellKind.TEXT, 4.0),
        Column(_("Cost"), CellKind.MONEY), Column(_("Saving a year"), CellKind.MONEY),
        Column(_("Payback (years)"), CellKind.NUMBER),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [each.substation_code, each.action, each.cost, each.saving, each.payback_years] for each in found
    ]
    return [Section(_("Recommended"), [Table(_("Recommended"), _("Recommended"), columns, cells)])]
