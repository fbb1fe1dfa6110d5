"""The statement of technical losses by feeder and month, for a regulator: figures, method, coverage."""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from losses.loss_scope import LossScope
from losses.models import DailyRollup
from losses.querysets import SUMS
from losses.report_period import ReportPeriod
from substations.grouping import feeders
from substations.models import Link, Substation
from substations.topology_chart import Edge

from .appendix import appendix
from .blocks import Cell, CellKind, Column, Points, ReportContent, Section, Table, Text
from .scope_facts import bounds_of, clock_text, name_of, zone_of


@dataclass(frozen=True, slots=True)
class FeederMonth:
    """Technical losses of one feeder in one month.

    supplied_kwh: drawn by the meters and lost in transformers and lines. lines_kwh: None where the way to the supply
    is not known of any of its substations; then the loss is a lower bound. coverage: known share of its meters' hours.
    """

    month: date
    feeder: str
    substations: int
    drawn_kwh: float
    fed_in_kwh: float
    no_load_kwh: float
    load_kwh: float
    lines_kwh: float | None
    is_assumed: bool
    coverage: float

    @property
    def lost_kwh(self) -> float:
        return self.no_load_kwh + self.load_kwh + (self.lines_kwh or 0.0)

    @property
    def supplied_kwh(self) -> float:
        return self.drawn_kwh + self.lost_kwh

    @property
    def loss_share(self) -> float | None:
        return self.lost_kwh / self.supplied_kwh if self.supplied_kwh > 0 else None

    @property
    def method(self) -> str:
        """A code that the statement explains: what the figure rests on."""
        lines = "transformers_and_lines" if self.lines_kwh is not None else "transformers_only"
        return f"{lines}_assumed_nameplate" if self.is_assumed else lines


def feeder_months(scope: LossScope, period: ReportPeriod) -> list[FeederMonth]:
    """By month and feeder, in their order. A feeder: the substations behind the same first link from the supply."""
    feeder_of = _feeders()
    days = DailyRollup.objects.filter(scope.owned, day__gte=period.first, day__lte=period.last)
    by_month = days.annotate(month=TruncMonth("day")).values("substation", "month").annotate(**SUMS)
    sums: list[Any] = list(by_month.order_by("month", "substation"))
    grouped: dict[tuple[date, str], list[dict[str, Any]]] = defaultdict(list)
    for row in sums:
        grouped[row["month"], feeder_of[row["substation"]]].append(row)
    members = Counter(feeder_of[pk] for pk in scope.substations.values_list("pk", flat=True))
    return [
        _feeder_month(month, feeder, rows, members[feeder], period) for (month, feeder), rows in sorted(grouped.items())
    ]


def _feeders() -> dict[int, str]:
    """The code of the first substation of its feeder, by primary key."""
    codes = dict(Substation.objects.order_by("code").values_list("pk", "code"))
    edges = [
        Edge(
            codes.get(link.source_id) if link.source_id else None, codes[link.target_id], closed=link.status == "closed"
        )
        for link in Link.objects.all()
    ]
    found = feeders(list(codes.values()), edges)
    return {pk: found[code] for pk, code in codes.items()}


def _feeder_month(
    month: date, feeder: str, rows: list[dict[str, Any]], members: int, period: ReportPeriod
) -> FeederMonth:
    lines = [row["feeder_loss_kwh"] for row in rows if row["feeder_loss_kwh"] is not None]
    last = min(month.replace(day=calendar.monthrange(month.year, month.month)[1]), period.last)
    month_h = 24.0 * ((last - max(month, period.first)).days + 1)
    return FeederMonth(
        month=month, feeder=feeder, substations=members,
        drawn_kwh=_sum(rows, "energy_import_kwh"), fed_in_kwh=_sum(rows, "energy_export_kwh"),
        no_load_kwh=_sum(rows, "no_load_loss_kwh"), load_kwh=_sum(rows, "load_loss_kwh"),
        lines_kwh=sum(lines) if lines else None, is_assumed=any(row["assumed_rows"] for row in rows),
        coverage=min(_sum(rows, "covered_h") / (month_h * max(members, 1)), 1.0),
    )  # fmt: skip


def _sum(rows: list[Mapping[str, Any]] | list[dict[str, Any]], name: str) -> float:
    return sum(row[name] or 0.0 for row in rows)


def statement_table(rows: list[FeederMonth]) -> Table:
    columns = [
        Column(_("Month"), CellKind.CODE, 0.8), Column(_("Feeder"), CellKind.CODE, 1.1),
        Column(_("Substations"), CellKind.COUNT, 0.9),
        Column(_("Supplied kWh"), CellKind.NUMBER), Column(_("Drawn kWh"), CellKind.NUMBER),
        Column(_("Fed in kWh"), CellKind.NUMBER),
        Column(_("No-load kWh"), CellKind.NUMBER), Column(_("Load kWh"), CellKind.NUMBER),
        Column(_("Lines kWh"), CellKind.NUMBER),
        Column(_("Technical loss kWh"), CellKind.NUMBER), Column(_("Of supplied"), CellKind.SHARE, 0.8),
        Column(_("Coverage"), CellKind.SHARE, 0.8), Column(_("Method"), CellKind.TEXT, 1.9),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            f"{row.month:%Y-%m}", row.feeder, row.substations, row.supplied_kwh, row.drawn_kwh, row.fed_in_kwh,
            row.no_load_kwh, row.load_kwh, row.lines_kwh, row.lost_kwh, row.loss_share, row.coverage,
            row.method.replace("_", " "),
        ]
        for row in rows
    ]  # fmt: skip
    return Table(_("Statement"), _("Technical losses by feeder and month"), columns, cells, max_printed=2000)


def statement_content(scope: LossScope, period: ReportPeriod) -> ReportContent:
    zone = zone_of(scope)
    rows = feeder_months(scope, period)
    first: list[Text | Table] = [statement_table(rows)] if rows else [Text(_("Nothing is known of this period."))]
    return ReportContent(
        title=_("Statement of technical losses"),
        subtitle=f"{name_of(scope)}, {period.first:%Y-%m-%d} – {period.last:%Y-%m-%d}",
        zone=zone,
        facts=[
            (_("Clock"), clock_text(zone, bounds_of(period.first, period.last, zone)[0])),
            (_("Feeders"), str(len({row.feeder for row in rows}))),
        ],
        sections=[
            Section(_("Technical losses"), first),
            Section(_("Method"), [Points(method_sentences())]),
            appendix(scope, period.first, period.last),
        ],
    )


def method_sentences() -> list[str]:
    return [
        _("A feeder is named by its first substation and holds all that are supplied through the same first link."),
        _("Feeders are those of the network as it is switched when the statement is made."),
        _("Technical loss is the no-load and load loss of the transformers and the loss of the lines, hour by hour."),
        _("Supplied is what the meters show as drawn and the technical loss."),
        _("Coverage is the share of the hours of all its substations of which good readings are known."),
        _("Nothing is filled in: missing hours are in no figure."),
        _("transformers only: the resistance of lines or the way to the supply is not known; a lower bound."),
        _("assumed nameplate: the losses of at least one transformer are those of a typical one of the likely size."),
    ]
