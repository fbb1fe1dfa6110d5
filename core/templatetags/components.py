"""The components of the screens as template tags; ``docs/design.md`` says when to use which, ``/design/`` shows them.

Tags that hold other markup (``card``, ``datatable``, ``dialog``) are blocks; the others stand alone. What a tag is
given as text is escaped, unless it was captured from a template (``capture``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from core.sparkline import Sparkline
from core.time_range import TimeRange

register = template.Library()


@register.simple_block_tag
def capture(content: SafeString) -> SafeString:
    """``{% capture as head %}…{% endcapture %}``: markup to hand to another component."""
    return content


@register.simple_block_tag
def card(
    content: SafeString,
    title: str = "",
    *,
    head: str = "",
    more: str = "",
    more_url: str = "",
    css: str = "",
) -> SafeString:
    """A titled surface. ``head`` stands beside the title; ``more`` is a link at its end."""
    context = {"title": title, "head": head, "more": more, "more_url": more_url, "css": css, "body": content}
    return render_to_string("components/card.html", context)


@register.simple_block_tag
def datatable(content: SafeString, caption: str = "", *, cards: bool = True) -> SafeString:
    """A table that scrolls sideways inside its card; with ``cards`` each row becomes a small card on a phone."""
    return render_to_string("components/table.html", {"caption": caption, "cards": cards, "body": content})


@register.simple_block_tag
def dialog(content: SafeString, name: str, title: str, *, drawer: bool = False) -> SafeString:
    """A native dialog, opened by any button with ``data-opens="name"``; as a ``drawer`` it comes from the side."""
    context = {"name": name, "title": title, "is_drawer": drawer, "body": content}
    return render_to_string("components/dialog.html", context)


@register.inclusion_tag("components/crumbs.html")
def breadcrumbs(*parts: str) -> dict[str, Any]:
    """``{% breadcrumbs label url label url … [label] %}``: the way from the top; a label without URL ends it.

    An empty label, such as the site of a substation that has none, is left out.
    """
    pairs = [(parts[i], parts[i + 1] if i + 1 < len(parts) else "") for i in range(0, len(parts), 2)]
    return {"crumbs": [(label, url) for label, url in pairs if label]}


@register.inclusion_tag("components/sort_head.html", takes_context=True)
def sort_head(
    context: dict[str, Any], column: str, label: str, target: str, *, num: bool = False, down: bool = False
) -> dict[str, Any]:
    """The head of a column to sort by; ``order`` of the context says by which one. ``down``: the largest first.

    ``target``: id of the element that the answer replaces.
    """
    request, order = context["request"], context["order"]
    is_current = order.column == column
    query = request.GET.copy()
    query.pop("page", None)
    query["sort"] = f"-{column}" if (not order.is_down if is_current else down) else column
    sorted_as = ("descending" if order.is_down else "ascending") if is_current else "none"
    return {"label": label, "num": num, "url": f"?{query.urlencode()}", "target": target, "sorted": sorted_as}


@register.filter
def item(values: dict[Any, Any], key: Any) -> Any:
    """The value of a key, or None."""
    return values.get(key)


@register.inclusion_tag("components/meter.html")
def meter(
    value: float | None, label: str, *, low: float = 0.0, high: float = 1.0, text: str = "", mark: float | None = None,
    state: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A bar of ``value`` between ``low`` and ``high``, with its figure; ``mark`` draws a limit across it.

    Without a finite value the bar is empty and the figure is a dash.
    """
    known = value is not None and math.isfinite(value)
    return {
        "label": label, "low": low, "high": high, "text": text, "state": state, "value": value if known else None,
        "width": _percent(value, low, high), "mark": None if mark is None else _percent(mark, low, high),
    }  # fmt: skip


def _percent(value: float | None, low: float, high: float) -> str:
    """How far ``value`` is from ``low`` to ``high``, 0 to 100, cut off at the ends; written for SVG in any language."""
    if value is None or not math.isfinite(value) or high <= low:
        return "0"
    return f"{100 * min(max((value - low) / (high - low), 0.0), 1.0):.2f}"


@register.inclusion_tag("components/sparkline.html")
def sparkline(
    values: Sequence[float | None], label: str, *, low: float | None = None, high: float | None = None, state: str = ""
) -> dict[str, Any]:
    """A small line of evenly spaced ``values``, oldest first, with gaps; ``low`` to ``high`` is the usual range."""
    return {"spark": Sparkline.of(values, low=low, high=high), "label": label, "state": state}


@register.inclusion_tag("components/chart.html")
def chart(
    url: str,
    label: str,
    *,
    live: str = "",
    tall: bool = False,
    low: bool = False,
    nodes: bool = False,
    link: str = "",
) -> dict[str, Any]:
    """The frame of a Plotly figure that ``url`` answers, drawn again when one of the topics ``live`` changes.

    It is asked for when it comes into sight. Charts with the same ``link`` share zoom and crosshair. The sentence in
    the figure's ``summary`` stands below it: the same for those who do not see it.
    """
    return {"url": url, "label": label, "live": live, "tall": tall, "low": low, "nodes": nodes, "link": link}


@register.inclusion_tag("components/time_range.html", takes_context=True)
def time_range(context: dict[str, Any], chosen: TimeRange) -> dict[str, Any]:
    """Presets and exact times; the other parts of the URL stay as they are."""
    request: HttpRequest = context["request"]
    kept = [
        (name, value)
        for name, values in request.GET.lists()
        for value in values
        if name not in ("range", "from", "to", "page", "format")
    ]
    return {"request": request, "chosen": chosen, "kept": kept}
