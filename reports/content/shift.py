"""The report of a shift: a stretch of hours, what happened in it, what is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.models import Alert
from core.formatting import figure, fixed, share
from losses.loss_scope import LossScope
from losses.models import HourlyRollup
from losses.public_figures import figures
from substations.models import Substation

from .alert_tables import actions_table, alerts_between, alerts_table, causes_by_substation, resolutions_table
from .appendix import formulas
from .blocks import Block, Cell, CellKind, Chart, Column, Figure, Figures, ReportContent, Section, Table, Text
from .scope_facts import clock_text, name_of, zone_of

HOUR_S = 3600


def shift_content(scope: LossScope, start: datetime, end: datetime) -> ReportContent:
    """Hours that begin in ``start <= at < end``, and the alerts that were present."""
    zone = zone_of(scope)
    begin, finish = start.astimezone(zone), end.astimezone(zone)
    hours = HourlyRollup.objects.filter(scope.owned, at__gte=start, at__lt=end)
    rows = _rows(hours.totals_by("substation"), (end - start).total_seconds() / HOUR_S)
    alerts = alerts_between(scope, start, end)
    tables = [alerts_table(alerts), actions_table(alerts, start, end), resolutions_table(_resolved(alerts, start, end))]
    return ReportContent(
        title=_("Shift report"),
        subtitle=f"{name_of(scope)}, {begin:%Y-%m-%d %H:%M} – {finish:%Y-%m-%d %H:%M}",
        zone=zone,
        facts=[(_("Clock"), clock_text(zone, start)), (_("Substations"), str(len(rows)))],
        sections=[
            Section(_("Summary"), _summary(rows, alerts, start, end)),
            Section(_("Alerts"), [table for table in tables if table.rows] or [Text(_("No alert was present."))]),
            *([Section(_("Substations"), [_table(rows, alerts), _by_hour(scope, start, end, zone)])] if rows else []),
            Section(_("Appendix: formulas"), [formulas()], starts_page=True),
        ],
    )


def _rows(sums: Sequence[Mapping[str, Any]], length_h: float) -> list[tuple[Substation, dict[str, Any]]]:
    """Each substation with its public figures, what could be avoided most first."""
    members = Substation.objects.in_bulk([each["substation"] for each in sums])
    rows = [(members[each["substation"]], figures(each, length_h)) for each in sums]
    return sorted(rows, key=lambda row: -(row[1]["avoidable_loss_kwh"] or 0.0))


def _summary(
    rows: Sequence[tuple[Substation, Mapping[str, Any]]], alerts: Sequence[Alert], start: datetime, end: datetime
) -> list[Block]:
    raised = sum(start <= alert.raised_at < end for alert in alerts)
    cleared = sum(bool(alert.cleared_at and alert.cleared_at < end) for alert in alerts)
    still = len(alerts) - cleared
    said = [
        ngettext("%(count)d alert was raised", "%(count)d alerts were raised", raised) % {"count": raised},
        ngettext("%(count)d cleared", "%(count)d cleared", cleared) % {"count": cleared},
        ngettext("%(count)d is handed over", "%(count)d are handed over", still) % {"count": still},
    ]
    blocks: list[Block] = [Text(", ".join(said) + ".")]
    if not rows:
        return [*blocks, Text(_("No hour of this shift is accounted yet."))]
    imported, transformer, avoidable = (
        _total(rows, name) for name in ("energy_import_kwh", "transformer_loss_kwh", "avoidable_loss_kwh")
    )
    lost = transformer + _total(rows, "feeder_loss_kwh")
    coverage = sum(figures["coverage"] for _substation, figures in rows) / len(rows)
    apparent = _total(rows, "apparent_kvah")
    exported = _total(rows, "energy_export_kwh")
    factor = min((imported + exported) / apparent, 1.0) if apparent else None
    return [
        *blocks,
        Figures(
            [
                Figure(_("Drawn"), figure(imported, "kWh"), "", imported, "kWh"),
                Figure(_("Lost"), figure(lost, "kWh"), "", lost, "kWh"),
                Figure(_("Avoidable loss"), figure(avoidable, "kWh"), "", avoidable, "kWh"),
                Figure(
                    _("Power factor"),
                    "–" if factor is None else fixed(factor, 3),
                    "",
                    factor,
                    kind=CellKind.POWER_FACTOR,
                ),
                Figure(_("Known"), share(coverage), "", coverage, kind=CellKind.SHARE),
            ]
        ),
    ]


def _total(rows: Sequence[tuple[Substation, Mapping[str, Any]]], name: str) -> float:
    return sum(figures[name] or 0.0 for _substation, figures in rows)


def _resolved(alerts: Sequence[Alert], start: datetime, end: datetime) -> list[Alert]:
    return [alert for alert in alerts if any(start <= each.resolved_at < end for each in alert.resolutions.all())]


def _table(rows: Sequence[tuple[Substation, Mapping[str, Any]]], alerts: Sequence[Alert]) -> Table:
    why = causes_by_substation(alerts)
    columns = [
        Column(_("Substation"), CellKind.CODE, 1.4), Column(_("Avoidable kWh"), CellKind.NUMBER),
        Column(_("Lost kWh"), CellKind.NUMBER), Column(_("Drawn kWh"), CellKind.NUMBER),
        Column(_("Power factor"), CellKind.POWER_FACTOR), Column(_("Highest kVA"), CellKind.NUMBER),
        Column(_("Known"), CellKind.SHARE), Column(_("What was found"), CellKind.TEXT, 2.5),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            substation.code, shown["avoidable_loss_kwh"],
            (shown["transformer_loss_kwh"] or 0.0) + (shown["feeder_loss_kwh"] or 0.0), shown["energy_import_kwh"],
            shown["power_factor"], shown["max_demand_kva"], shown["coverage"], why.get(substation.pk, ""),
        ]
        for substation, shown in rows
    ]  # fmt: skip
    return Table(_("Substations"), _("Substations, what could be avoided most first"), columns, cells)


def _by_hour(scope: LossScope, start: datetime, end: datetime, zone: tzinfo) -> Chart:
    hours = HourlyRollup.objects.filter(scope.owned, at__gte=start, at__lt=end).values("at")
    names = ("no_load_loss_kwh", "load_loss_kwh", "feeder_loss_kwh", "avoidable_loss_kwh")
    found: list[Any] = list(hours.annotate(**{name: Sum(name) for name in names}).order_by("at"))
    labels = [f"{row['at'].astimezone(zone):%Y-%m-%d %H:%M}" for row in found]
    lost = [sum(row[name] or 0.0 for name in names[:3]) for row in found]
    series = [(_("Lost"), lost), (_("Avoidable"), [row["avoidable_loss_kwh"] for row in found])]
    return Chart(_("Over time"), _("Lost and avoidable by the hour"), "kWh", labels, series)
