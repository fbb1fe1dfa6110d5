"""The network: its figure with the list of what is drawn, the side panel of one substation, the way from an episode to
its alert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from alerts.models import Alert
from core.requests import EmsRequest
from mlcore.models import Detection
from substations.grouping import collapse, feeders
from substations.models import Link, Substation
from substations.topology_chart import ORDER, Edge, Node, topology

from .overview import SubstationStatus, statuses, statuses_of_all

# More nodes than this are drawn as groups: by site, and within one site by feeder.
MAX_NODES = 80
view_substations = permission_required("substations.view_substation", raise_exception=True)
STATE_WORDS = {
    "critical": lambda count: ngettext("%(n)d critical", "%(n)d critical", count) % {"n": count},
    "warning": lambda count: ngettext("%(n)d warning", "%(n)d warnings", count) % {"n": count},
    "unknown": lambda count: ngettext("%(n)d unknown", "%(n)d unknown", count) % {"n": count},
    "normal": lambda count: ngettext("%(n)d normal", "%(n)d normal", count) % {"n": count},
}


@dataclass(frozen=True)
class View:
    """Which part of the network is looked at: ``?site=…&feeder=…``, empty for all of it."""

    site: str = ""
    feeder: str = ""

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> View:
        return cls(query.get("site", "").strip(), query.get("feeder", "").strip())

    @cached_property
    def sites(self) -> list[str]:
        """Every site that a substation belongs to."""
        return list(Substation.objects.exclude(site="").values_list("site", flat=True).order_by("site").distinct())

    @property
    def query(self) -> str:
        return urlencode({name: value for name, value in (("site", self.site), ("feeder", self.feeder)) if value})

    @property
    def whole_site(self) -> str:
        return self.of_site(self.site) if self.site else reverse("dashboard")

    def of_site(self, site: str) -> str:
        return f"{reverse('dashboard')}?{urlencode({'site': site})}"

    def of_feeder(self, code: str) -> str:
        parts = {"site": self.site} if self.site else {}
        return f"{reverse('dashboard')}?{urlencode(parts | {'feeder': code})}"


@require_GET
@view_substations
def figure(request: EmsRequest) -> HttpResponse:
    """What is drawn as a Plotly figure, with the same as a list for the keyboard (``html``) and as one sentence."""
    view = View.parse(request.GET)
    of_site = Substation.objects.filter(site=view.site)
    found = statuses(of_site, now=timezone.now()) if view.site else statuses_of_all()
    if not found:
        return JsonResponse({"data": [], "layout": {}, "html": "", "summary": "", "empty": _nothing(view)})
    nodes, edges = _picture(view, found)
    drawn = topology(nodes, edges, supply=_("Grid supply"), revision=f"network?{view.query}:{len(nodes)}")
    drawn["html"] = render_to_string("dashboard/_topology_list.html", {"nodes": nodes})
    drawn["summary"] = _summary(found)
    return JsonResponse(drawn)


def _nothing(view: View) -> str:
    return (
        _("No substation belongs to this site.") if view.site else _("The grid is drawn here once it has a substation.")
    )


def _picture(view: View, found: Sequence[SubstationStatus]) -> tuple[list[Node], list[Edge]]:
    """The nodes and edges to draw: single substations, or groups where there are too many."""
    is_collapsed = len(found) > MAX_NODES and not view.feeder
    nodes = [_member(each) if is_collapsed else _node(each) for each in found]
    edges = _edges(found)
    codes = [node.code for node in nodes]
    if view.feeder:
        feeder_of = feeders(codes, edges)
        chosen = {code for code in codes if feeder_of[code] == view.feeder}
        return [node for node in nodes if node.code in chosen], [
            e for e in edges if {e.source, e.target} <= {None, *chosen}
        ]
    sites = {each.substation.code: each.substation.site for each in found}
    if not is_collapsed:
        return nodes, edges
    if len(set(sites.values())) > 1:
        return collapse(nodes, edges, sites, lambda name, inside, states: _group(
            name or _("No site"), inside, states, view.of_site(name) if name else reverse("substations")))  # fmt: skip
    return collapse(nodes, edges, feeders(codes, edges), lambda name, inside, states: _group(
        _("Feeder %(code)s") % {"code": name}, inside, states, view.of_feeder(name)))  # fmt: skip


def _edges(found: Sequence[SubstationStatus]) -> list[Edge]:
    """The lines, with the direction of the power: a substation that feeds back turns its line round. Those that
    lead to an alert which another one silences are marked."""
    by_code = {each.code: each for each in found}
    silenced = _silenced()
    links = Link.objects.values_list("source__code", "target__code", "status").order_by("target__code", "pk")
    return [
        Edge(
            source, target, status == Link.Status.CLOSED,
            is_dead=by_code[target].is_dead, is_reversed=(by_code[target].active_power_kw or 0.0) < 0.0,
            is_silenced=target in silenced, summary=silenced.get(target, ""),
        )
        for source, target, status in links
        if target in by_code
    ]  # fmt: skip


def _silenced() -> dict[str, str]:
    """Substations with an alert that another one explains, and which."""
    alerts = (
        Alert.objects.unresolved()
        .filter(suppression="by_design")
        .select_related("substation", "suppressed_by__substation")
    )
    found: dict[str, str] = {}
    for alert in alerts.order_by("pk"):
        by = alert.shown_suppressed_by
        why = f"{by.substation.code} {by.get_cause_display()}" if by else alert.get_suppression_reason_display()
        said = _("%(code)s: %(cause)s is silenced by: %(why)s")
        values = {"code": alert.substation.code, "cause": alert.get_cause_display(), "why": why}
        found[alert.substation.code] = escape(said % values)
    return found


def _member(status: SubstationStatus) -> Node:
    """A node that is only counted: of a group, no member's address or text is shown."""
    return Node(
        code=status.code,
        state=status.state,
        word="",
        url="",
        summary="",
        position=_position(status.substation),
        rated_kva=status.substation.rated_kva,
        unacknowledged=status.unacknowledged,
        is_dead=status.is_dead,
    )


def _node(status: SubstationStatus) -> Node:
    return replace(
        _member(status),
        word=status.word,
        url=status.substation.get_absolute_url(),
        summary=f"{status.summary}{_unacknowledged(status.unacknowledged)}",
        panel=reverse("topology-panel", args=[status.code]),
    )


def _position(substation: Substation) -> tuple[float, float] | None:
    if substation.latitude is None or substation.longitude is None:
        return None
    return substation.latitude, substation.longitude


def _group(name: str, inside: Sequence[Node], states: Counter[str], url: str) -> Node:
    words = ", ".join(STATE_WORDS[state](states[state]) for state in ORDER if states[state] and state != "normal")
    count = ngettext("%(n)d substation", "%(n)d substations", len(inside)) % {"n": len(inside)}
    waiting = sum(node.unacknowledged for node in inside)
    summary = f"<b>{escape(name)}</b><br>{count}<br>{words or _('all normal')}{_unacknowledged(waiting)}"
    return Node(name, "normal", words or count, url, summary, name=f"{name} ({len(inside)})")


def _unacknowledged(count: int) -> str:
    if not count:
        return ""
    said = ngettext("%(n)d unacknowledged alert", "%(n)d unacknowledged alerts", count) % {"n": count}
    return f"<br>{said}"


def _summary(found: Sequence[SubstationStatus]) -> str:
    """The figure in one sentence."""
    states = Counter(each.state for each in found)
    count = ngettext("%(n)d substation", "%(n)d substations", len(found)) % {"n": len(found)}
    return f"{count}: " + ", ".join(STATE_WORDS[state](states[state]) for state in ORDER if states[state]) + "."


@require_GET
@view_substations
def panel(request: EmsRequest, code: str) -> HttpResponse:
    """One substation beside the network: its state, newest values, open alerts and lines."""
    substation = get_object_or_404(Substation, code=code)
    context = {
        "substation": substation,
        "status": statuses(Substation.objects.filter(pk=substation.pk), now=timezone.now())[0],
        "links_in": substation.links_in.select_related("source"),
        "links_out": substation.links_out.select_related("target"),
    }
    return render(request, "dashboard/_topology_panel.html", context)


@require_GET
@view_substations
def state(request: EmsRequest, code: str) -> HttpResponse:
    """The state of one substation as a badge, kept up to date beside the title of its page."""
    substation = get_object_or_404(Substation, code=code)
    found = statuses(Substation.objects.filter(pk=substation.pk), now=timezone.now())[0]
    return render(request, "dashboard/_state.html", {"substation": substation, "status": found})


@require_GET
@permission_required("mlcore.view_detection", raise_exception=True)
def episode(request: EmsRequest, pk: int) -> HttpResponse:
    """To the alert of an episode; one that never raised an alert is shown on its substation's page, in its range."""
    detection = get_object_or_404(Detection.objects.select_related("substation"), pk=pk)
    alert = Alert.objects.filter(episodes__detection=detection).first()
    if alert:
        return redirect(alert)
    around = {"from": detection.start.isoformat()} | ({"to": detection.end.isoformat()} if detection.end else {})
    return redirect(f"{detection.substation.get_absolute_url()}?{urlencode(around)}")
