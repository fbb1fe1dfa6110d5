"""Tables and figures of losses: the three lines, what to mend first, days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from core.formatting import NOTHING, figure, fixed, share
from losses.loss_overview import LossOverview, LossRow
from losses.loss_scope import LossScope
from losses.models import DailyRollup
from losses.period_costs import PeriodCost
from losses.report_period import ReportPeriod
from losses.sums_of_money import Money

from .blocks import Cell, CellKind, Chart, Column, Figure, Figures, Table

MAX_BARS = 10
"""Chosen: what one look takes in."""

MAX_DAYS = 92
"""Chosen: three months of days stay legible on paper; what is longer is shown by the month."""


def three_lines(figures: Mapping[str, Any], cost: PeriodCost) -> Figures:
    """Three answers to three questions, which nobody adds up."""
    avoidable_kwh = figures["avoidable_loss_kwh"]
    worth = [_amounts(cost.avoidable)] if cost.avoidable else []
    worth += [figure(cost.co2_kg, "kg CO2")] if cost.co2_kg is not None else []
    no_tariff = "" if cost.penalty else _("no tariff is assigned, or no month is billed yet")
    return Figures(
        [
            Figure(_("Avoidable loss"), figure(avoidable_kwh, "kWh"), ", ".join(worth), avoidable_kwh, "kWh"),
            Figure(_("Penalty, lost incentive"), _amounts(cost.penalty), no_tariff, _first(cost.penalty)),
            Figure(
                _("Could be released"), figure(cost.released_kva, "kVA"), _("of the newest month, at its highest kVA"),
                cost.released_kva, "kVA",
            ),
        ],
        _("Three answers to three questions, not to be added up: what is lost in copper, what the bill charges, what")
        + " " + _("of the transformers is taken up."),
    )  # fmt: skip


def energy_figures(found: LossOverview) -> Figures:
    supplied, lost = found.supplied_kwh, found.lost_kwh
    part = f"{fixed(100 * lost / supplied, 1)} %" if supplied else NOTHING
    before = found.before["lost_kwh"]
    compared = _change(lost, before) if before else ""
    return Figures(
        [
            Figure(_("Supplied"), figure(supplied, "kWh"), _("drawn and lost"), supplied, "kWh"),
            Figure(_("Lost"), figure(lost, "kWh"), ", ".join(filter(None, (part, compared))), lost, "kWh"),
            Figure(
                _("Power factor"),
                _factor(found.figures),
                _("energy-weighted"),
                found.figures["power_factor"],
                kind=CellKind.POWER_FACTOR,
            ),
            Figure(
                _("Known"),
                share(found.figures["coverage"]),
                _("of the period"),
                found.figures["coverage"],
                kind=CellKind.SHARE,
            ),
        ]
    )


def ranking_table(rows: Sequence[LossRow], why: Mapping[int, str]) -> Table:
    """Mend these first. why: by primary key, what was found there."""
    columns = [
        Column(_("Substation"), CellKind.CODE, 1.5), Column(_("Worth"), CellKind.MONEY, 1.25),
        Column(_("Penalty"), CellKind.MONEY, 1.25), Column(_("Avoidable kWh"), CellKind.NUMBER),
        Column(_("Releases kVA"), CellKind.NUMBER), Column(_("Power factor"), CellKind.POWER_FACTOR, 0.8),
        Column(_("Lost kWh"), CellKind.NUMBER), Column(_("Of supplied"), CellKind.SHARE, 0.9),
        Column(_("What was found"), CellKind.TEXT, 2.2),
    ]  # fmt: skip
    return Table(
        _("Ranking"), _("Substations by what mending them is worth"), columns,
        [_ranking_cells(row, why) for row in rows],
        _("Worth: the larger of avoidable loss and penalty, which are not added up."), max_printed=MAX_BARS,
    )  # fmt: skip


def _ranking_cells(row: LossRow, why: Mapping[int, str]) -> list[Cell]:
    return [
        row.substation.code, worth_of(row), _largest(row.cost.penalty), row.figures["avoidable_loss_kwh"],
        row.cost.released_kva, row.figures["power_factor"], row.loss_kwh, row.loss_share,
        why.get(row.substation.pk, ""),
    ]  # fmt: skip


def worth_of(row: LossRow) -> Money | None:
    return _largest((*row.cost.avoidable, *row.cost.penalty))


def ranking_chart(rows: Sequence[LossRow]) -> Chart:
    """The first of a ranking, by avoidable kWh: money may be of several currencies, or not known."""
    first = rows[:MAX_BARS]
    values = [row.figures["avoidable_loss_kwh"] for row in first]
    codes = [row.substation.code for row in first]
    return Chart(
        _("Avoidable"), _("Avoidable loss of these substations"), "kWh", codes, [(_("Avoidable"), values)],
        is_ranking=True,
    )  # fmt: skip


def losses_over_time(scope: LossScope, period: ReportPeriod) -> Chart:
    """Lost and avoidable kWh by the day, by the month where there are many days."""
    days = DailyRollup.objects.filter(scope.owned, day__gte=period.first, day__lte=period.last)
    names = ("no_load_loss_kwh", "load_loss_kwh", "feeder_loss_kwh", "avoidable_loss_kwh")
    sums: dict[str, list[float]] = {}
    by_month = (period.last - period.first).days >= MAX_DAYS
    found: list[Any] = list(days.values("day").annotate(**{name: Sum(name) for name in names}).order_by("day"))
    for row in found:
        lost = sum(row[name] or 0.0 for name in names[:3])
        total = sums.setdefault(_label(row["day"], by_month=by_month), [0.0, 0.0])
        total[0] += lost
        total[1] += row["avoidable_loss_kwh"] or 0.0
    series = [(_("Lost"), [each[0] for each in sums.values()]), (_("Avoidable"), [each[1] for each in sums.values()])]
    title = _("Lost and avoidable by the month") if by_month else _("Lost and avoidable by the day")
    return Chart(_("Over time"), title, "kWh", list(sums), series)


def _label(day: date, *, by_month: bool) -> str:
    return f"{day:%Y-%m}" if by_month else f"{day:%Y-%m-%d}"


def _amounts(sums: Sequence[Money]) -> str:
    return ", ".join(map(str, sums)) or NOTHING


def _first(sums: Sequence[Money]) -> Money | None:
    return sums[0] if len(sums) == 1 else None


def _largest(sums: Sequence[Money]) -> Money | None:
    return max(sums, key=lambda each: each.amount, default=None)


def _factor(figures: Mapping[str, Any]) -> str:
    value = figures["power_factor"]
    return NOTHING if value is None else fixed(value, 3)


def _change(now: float, before: float) -> str:
    moved = 100 * (now / before - 1)
    sign = "+" if moved >= 0 else "−"
    return _("%(moved)s against the period before") % {"moved": f"{sign}{fixed(abs(moved), 0)} %"}
