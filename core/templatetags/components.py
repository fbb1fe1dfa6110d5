"""The components of the screens as template tags; ``docs/design.md`` says when to use which, ``/design/`` shows them.

Tags that hold other markup (``card``, ``datatable``, ``dialog``, ``fact``) are blocks; the others stand alone. What a
tag is given as text is escaped, unless it was captured from a template (``capture``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.http import HttpRequest
from django.template import Context
from django.template.defaulttags import CsrfTokenNode
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from core.sparkline import HEIGHT, WIDTH, Sparkline
from core.time_range import TimeRange

register = template.Library()
SPRITE = "img/icons.svg"


@register.simple_block_tag
def capture(content: SafeString) -> SafeString:
    """``{% capture as head %}…{% endcapture %}``: markup to hand to another component."""
    return mark_safe(content.strip())  # noqa: S308 (the template has escaped it)


@register.simple_tag
def icon(name: str) -> SafeString:
    """One shape of the sprite ``static/img/icons.svg``; it says nothing to those who do not see it."""
    return _drawn(name, settings.STORAGES["staticfiles"]["BACKEND"])


@lru_cache(maxsize=256)
def _drawn(name: str, storage: str) -> SafeString:
    """A list of alerts has two hundred shapes: the address of the sprite is asked of each storage once."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static(SPRITE), name)


@register.simple_tag
def state(name: str, word: str, *, attention: object = False) -> SafeString:
    """A state of the grid as shape, word and colour: critical, warning, normal, unknown; ``attention`` blinks."""
    return _state_drawn(name, conditional_escape(word), bool(attention), settings.STORAGES["staticfiles"]["BACKEND"])


@lru_cache(maxsize=256)
def _state_drawn(name: str, word: SafeString, attention: bool, storage: str) -> SafeString:
    """Kept: a list has a hundred of a few; drawing each was a tenth of the time of the list of alerts."""
    return render_to_string("components/state.html", {"state": name, "word": word, "attention": attention})


@register.inclusion_tag("components/notice.html")
def notice(text: object, state: str = "", *, urgent: bool = False) -> dict[str, Any]:
    """A sentence about what has happened; an ``urgent`` one is read out at once."""
    return {"text": text, "state": state, "urgent": urgent}


@register.inclusion_tag("components/notice.html")
def message(stored: Message) -> dict[str, Any]:
    """The notice of one of Django's messages."""
    level = {"error": "critical", "warning": "warning"}.get(stored.level_tag, "normal")
    return {"text": stored, "state": level, "urgent": level == "critical"}


@register.inclusion_tag("components/counter.html")
def counter(
    label: str, value: object, *, unit: str = "", icon: str = "", url: str = "", state: str = "", detail: str = "",
    id: str = "",  # noqa: A002 (it becomes the attribute of that name)
) -> dict[str, Any]:  # fmt: skip
    """One readout inside ``<div class="counters">``; with ``url`` the whole of it is a link."""
    return {
        "label": label, "value": value, "unit": unit, "icon": icon, "url": url, "state": state, "detail": detail,
        "id": id,
    }  # fmt: skip


@register.inclusion_tag("components/empty.html")
def nothing_yet(
    title: str = "", text: str = "", *, icon: str = "", action: str = "", url: str = "", primary: bool = False
) -> dict[str, Any]:
    """An empty state: what will be here, and the one button that fills it."""
    return {"title": title, "text": text, "icon": icon, "action": action, "url": url, "is_primary": primary}


@register.simple_block_tag
def fact(content: SafeString, label: str, *, lead: bool = False, note: str = "") -> SafeString:
    """Name and value inside ``<dl class="facts">``; a ``lead`` figure is large, a ``note`` stands below the value."""
    context = {"label": label, "body": mark_safe(content.strip()), "lead": lead, "note": note}  # noqa: S308 (as above)
    return render_to_string("components/fact.html", context)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A field of a form with its label, help and errors. What may stay empty says so."""
    is_tick = getattr(bound.field.widget, "input_type", "") == "checkbox"
    return {"field": bound, "is_tick": is_tick}


@register.simple_tag(takes_context=True)
def post_button(
    context: Context, url: str, word: str, *, icon: str = "", css: str = "btn-quiet btn-sm", key: str = "",
    target: str = "", disabled: object = False, **hidden: object,
) -> SafeString:  # fmt: skip
    """A button that posts at once, with the ``hidden`` fields. The answer replaces the element ``target``, if there is
    one; ``key`` is the key that presses the button.

    Written here and not as a template: a list has one in each row, and as a template they took a fifth of its time.
    """
    swap = format_html(' hx-post="{}" hx-target="{}" hx-swap="morph:outerHTML"', url, target) if target else ""
    fields = format_html_join("", '<input type="hidden" name="{}" value="{}">', hidden.items())
    return format_html(
        '<form method="post" action="{}"{}>{}{}<button class="btn {}" type="submit"{}{}>{} {}</button></form>',
        url,
        swap,
        CsrfTokenNode().render(context),
        fields,
        css,
        format_html(' data-key="{}"', key) if key else "",
        mark_safe(" disabled") if disabled else "",
        _drawn(icon, settings.STORAGES["staticfiles"]["BACKEND"]) if icon else "",
        word,
    )


@register.inclusion_tag("components/setting.html")
def setting(name: str, value: str, chosen: str, word: str, *, icon: str = "") -> dict[str, Any]:
    """One value of a preference in the account menu, pressed where it is the ``chosen`` one."""
    return {"name": name, "value": value, "word": word, "icon": icon, "is_chosen": value == chosen}


@register.simple_tag
def live(url: str, topics: str) -> SafeString:
    """The attributes of a fragment that is fetched again from ``url`` when one of the ``topics`` changes."""
    trigger = ", ".join(f"live:{topic} from:body" for topic in [*topics.split(), "poll"])
    return format_html('hx-get="{}" hx-trigger="{}" hx-swap="morph:outerHTML"', url, trigger)


@register.inclusion_tag("components/panel.html")
def panel(url: str, *, css: str = "", swap: str = "outerHTML") -> dict[str, Any]:
    """The place of a fragment that the page fetches once it stands."""
    return {"url": url, "css": css, "swap": swap}


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


@register.simple_tag
def sparkline(
    values: Sequence[float | None], label: str, *, low: float | None = None, high: float | None = None, state: str = ""
) -> SafeString:
    """A small line of evenly spaced ``values``, oldest first, with gaps; ``low`` to ``high`` is the usual range.

    Written here and not as a template: a list has one in each row.
    """
    spark = Sparkline.of(values, low=low, high=high)
    if spark.end is None:
        return format_html('<span class="muted" role="img" aria-label="{}">–</span>', label)
    return format_html(
        '<svg class="spark{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}<path d="{}" /><circle cx="{}" cy="{}" r="2" /></svg>',
        f" is-{state}" if state else "",
        f"{WIDTH:.0f}",
        f"{HEIGHT:.0f}",
        label,
        format_html('<path class="band" d="{}" />', spark.band) if spark.band else "",
        spark.line,
        *spark.end,
    )


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
