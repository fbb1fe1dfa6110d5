"""What the lines of a scope lost and carried in a period, and how the network looks by that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core.formatting import figure
from losses.loss_scope import LossScope
from losses.models import LineDay
from losses.report_period import ReportPeriod
from losses.templatetags.loss_words import percent
from substations.models import Link
from substations.topology_chart import Edge, Node, topology

MAX_NODES = 80
"""Chosen: as many as the dashboard draws one by one."""

WIDTHS_PX = (1.5, 3.0, 5.0, 8.0)
"""Chosen: told apart at a glance; each stands for a quarter of the largest loss."""


@dataclass(frozen=True, slots=True)
class LineLoss:
    """One line over the known days of a period; None where nothing is known, or its resistance is not given.

    coverage: of the hours of the period, how much was known.
    """

    link: Link
    loss_kwh: float | None
    carried_kwh: float | None
    coverage: float

    @property
    def share(self) -> float | None:
        """Lost of what was carried."""
        return self.loss_kwh / self.carried_kwh if self.loss_kwh is not None and self.carried_kwh else None

    @property
    def name(self) -> str:
        return str(self.link)


def line_losses_of(scope: LossScope, period: ReportPeriod) -> list[LineLoss]:
    """Closed and open lines that feed substations of a scope, the largest loss first, what is not known last.

    Two queries.
    """
    links = Link.objects.filter(target__in=scope.substations).select_related("source", "target")
    days = LineDay.objects.filter(link__in=links, day__gte=period.first, day__lte=period.last)
    sums = days.values_list("link").annotate(Sum("loss_kwh"), Sum("carried_kwh"), Sum("known_h"))
    known = {link: (loss, carried, known_h) for link, loss, carried, known_h in sums}
    found = [_line_loss(link, known.get(link.pk), period) for link in links]
    return sorted(found, key=lambda line: (line.loss_kwh is None, -(line.loss_kwh or 0.0), line.link.target.code))


def _line_loss(link: Link, sums: tuple[float, float, float] | None, period: ReportPeriod) -> LineLoss:
    if sums is None:
        return LineLoss(link, None, None, 0.0)
    loss_kwh, carried_kwh, known_h = sums
    return LineLoss(link, loss_kwh, carried_kwh, min(known_h / period.hours, 1.0))


def loss_network(scope: LossScope, period: ReportPeriod) -> dict[str, Any]:
    """The network as a Plotly figure whose lines are the thicker, the more they lose."""
    lines = line_losses_of(scope, period)
    codes = sorted({code for line in lines for code in _ends(line.link) if code is not None})
    if not lines or len(codes) > MAX_NODES:
        return {"data": [], "layout": {}, "empty": _too_many(len(codes)) if lines else _("No line is drawn here.")}
    largest = max((line.loss_kwh or 0.0 for line in lines), default=0.0)
    nodes = [_node(code, period) for code in codes]
    edges = [_edge(line, largest) for line in lines]
    return topology(nodes, edges, supply=_("Grid supply"), revision=f"lines?{scope.query}:{len(nodes)}")


def _ends(link: Link) -> tuple[str | None, str]:
    return link.source.code if link.source else None, link.target.code


def _too_many(count: int) -> str:
    return _("%(count)d substations are more than a drawing shows; choose a site, or read the table.") % {
        "count": count
    }


def _node(code: str, period: ReportPeriod) -> Node:
    url = f"{reverse('losses:overview')}?{urlencode({'substation': code})}&{period.query}"
    return Node(code, "normal", "", url, f"<b>{escape(code)}</b>")


def _edge(line: LineLoss, largest_kwh: float) -> Edge:
    loss_kwh = line.loss_kwh or 0.0
    rank = min(int(len(WIDTHS_PX) * loss_kwh / largest_kwh), len(WIDTHS_PX) - 1) if largest_kwh else 0
    return Edge(
        *_ends(line.link), line.link.status == Link.Status.CLOSED, width_px=WIDTHS_PX[rank], summary=_said(line)
    )


def _said(line: LineLoss) -> str:
    name = f"<b>{escape(line.name)}</b><br>"
    if line.loss_kwh is None:
        return name + _("loss not known")
    lost = _("%(loss)s lost, %(share)s of %(carried)s") % {
        "loss": figure(line.loss_kwh, "kWh"),
        "share": percent(line.share),
        "carried": figure(line.carried_kwh, "kWh"),
    }
    return name + lost
