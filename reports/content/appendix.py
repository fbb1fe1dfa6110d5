"""Formulas, their sources and what was assumed: whoever doubts a figure finds here how it came about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from losses.bill_sentences import ASSUMPTIONS, THREE_LINES
from losses.carbon_models import CarbonFactor
from losses.loss_scope import LossScope
from losses.models import DailyRollup, MonthCost, TariffAssignment

from .blocks import Block, CellKind, Column, Points, Section, Table

FORMULAS = (
    (gettext_lazy("No-load loss"), "P0·u³", "IEC 60076-1"),
    (gettext_lazy("Load loss"), "Pk·(S1/Sr/u)²·k·h·t", "IEC 60076-1"),
    (gettext_lazy("… imbalance k"), "(Ia² + Ib² + Ic²) / (3·Ī²)", gettext_lazy("the sum of I²R of three phases")),
    (gettext_lazy("… harmonics h"), "0.9·(1 + THD²) + 0.1·(1 + 47·THD²)", "IEEE C57.110"),
    (gettext_lazy("… temperature t"), gettext_lazy("(235 + θ)/310 on the I²R part"), "IEC 60076-1, IEC 60076-2"),
    (gettext_lazy("Loss of a line"), "R·(P² + Q²)/U²", gettext_lazy("AC power flow over the links")),
    (gettext_lazy("Share of a line's loss"), "(P·Pk + Q·Qk) / (Pk² + Qk²)", gettext_lazy("projection of the current")),
    (gettext_lazy("Avoidable loss"), gettext_lazy("loss at Q − loss at |P|·tan φ*"), gettext_lazy("φ*: the target")),
    (gettext_lazy("Power factor"), "|kWh| / kVAh", "IEEE 1459"),
)
"""Loss, formula, source: as docs/losses.md has them."""


def formulas() -> Table:
    columns = [
        Column(_("Figure"), CellKind.TEXT, 1.2),
        Column(_("Formula"), CellKind.TEXT, 2.0),
        Column(_("Source"), CellKind.TEXT, 1.4),
    ]
    return Table(_("Formulas"), _("Formulas"), columns, [tuple(map(str, row)) for row in FORMULAS])


def appendix(scope: LossScope, first: date, last: date) -> Section:
    """Formulas, the three lines as they were worked out, tariffs, CO2 factors and assumptions of a scope and time."""
    costs = list(MonthCost.objects.filter(scope.owned, month__gte=first.replace(day=1), month__lte=last)[:MAX_COSTS])
    blocks: list[Block] = [formulas()]
    if lines := _lines(costs):
        columns = [Column(_("Line"), CellKind.TEXT, 1.0), Column(_("Formula"), CellKind.TEXT, 3.0)]
        blocks.append(Table(_("Lines"), _("The three lines"), columns, lines))
    blocks.append(Points([*_assumed(scope, first, last), *_prices(scope, first, last), *_assumptions(costs)]))
    return Section(_("Appendix: formulas and assumptions"), blocks, starts_page=True)


MAX_COSTS = 500
"""Chosen: formulas and assumptions repeat from month to month."""


def _lines(costs: Sequence[MonthCost]) -> list[tuple[str, str]]:
    found = {(line["code"], line["formula"]) for cost in costs for line in cost.lines}
    return [(str(THREE_LINES.get(code, code)), formula) for code, formula in sorted(found)]


def _assumptions(costs: Sequence[MonthCost]) -> list[str]:
    codes = {code for cost in costs for line in cost.lines for code in line["assumptions"]}
    return [_("Assumed: %(what)s.") % {"what": ASSUMPTIONS.get(code, code)} for code in sorted(codes)]


def _assumed(scope: LossScope, first: date, last: date) -> list[str]:
    days = DailyRollup.objects.filter(scope.owned, day__gte=first, day__lte=last)
    codes = (
        days.filter(is_assumed=True).values_list("substation__code", flat=True).distinct().order_by("substation__code")
    )
    named = list(codes[: MAX_NAMED + 1])
    said = [_("Nothing is filled in: sums are over what is known, and the share that is known is stated.")]
    if named:
        more = ", …" if len(named) > MAX_NAMED else ""
        text = _("Losses rest on an assumed nameplate (a typical transformer of the likely size): %(codes)s.")
        said.append(text % {"codes": ", ".join(named[:MAX_NAMED]) + more})
    if days.filter(feeder_loss_kwh__isnull=True).exists():
        said.append(_("Where the way to the supply is not known, losses of lines are missing: a lower bound."))
    return said


MAX_NAMED = 30
"""Chosen: two lines of codes."""


def _prices(scope: LossScope, first: date, last: date) -> list[str]:
    assigned = TariffAssignment.objects.filter(since__lte=last).select_related("tariff", "substation").distinct()
    mine = [each for each in assigned if _bills(each, scope) and (each.until is None or each.until >= first)]
    said = [_tariff_of(name, mine) for name in sorted({each.tariff.name for each in mine})]
    for grid in sorted({each.grid for each in mine if each.grid}):
        for factor in CarbonFactor.objects.between(grid, first, last):
            text = _("CO2 of %(grid)s: %(factor)s kg per kWh from %(day)s (%(source)s).")
            values = {"grid": grid, "factor": factor.kg_per_kwh.normalize(), "day": factor.valid_from}
            said.append(text % (values | {"source": factor.source}))
    return said


def _tariff_of(name: str, assigned: Sequence[TariffAssignment]) -> str:
    points = sorted({each.point_name for each in assigned if each.tariff.name == name})
    more = ", …" if len(points) > MAX_NAMED else ""
    return _("Tariff %(tariff)s: %(points)s.") % {"tariff": name, "points": ", ".join(points[:MAX_NAMED]) + more}


def _bills(assigned: TariffAssignment, scope: LossScope) -> bool:
    if scope.substation and assigned.substation_id:
        return assigned.substation_id == scope.substation.pk
    if assigned.site:
        return not (scope.site or scope.substation) or assigned.site == scope.site
    return not scope.site or bool(assigned.substation and assigned.substation.site == scope.site)
