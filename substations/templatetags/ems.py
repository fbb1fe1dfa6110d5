"""How figures, times and durations are written on every page."""

from __future__ import annotations

import math
import zoneinfo
from datetime import UTC, datetime, timedelta

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

NOTHING = "–"


@register.filter
def figure(value: float | None, unit: str = "") -> str:
    """Three significant digits with grouped thousands and the unit: ``1 234 kWh``, ``0.0456``; a dash for nothing."""
    if value is None or not math.isfinite(value):
        return NOTHING
    decimals = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    text = number_format(round(value, decimals), decimal_pos=min(decimals, 4), use_l10n=True, force_grouping=True)
    return f"{text} {unit}" if unit else text


@register.filter
def power_factor(value: float | None) -> str:
    """A power factor with two decimals, or a dash."""
    return NOTHING if value is None or not math.isfinite(value) else number_format(value, decimal_pos=2)


@register.filter
def share(value: float | None) -> str:
    """A share of one as whole per cent."""
    return NOTHING if value is None or not math.isfinite(value) else f"{number_format(100 * value, decimal_pos=0)} %"


@register.simple_tag
def moment(at: datetime | None, zone: str = "UTC") -> SafeString | str:
    """A time in a substation's own zone with its offset; the UTC time is in the tooltip."""
    if at is None:
        return NOTHING
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"{local:%Y-%m-%d %H:%M} {offset(local)}",
    )


@register.simple_tag
def ago(at: datetime | None) -> SafeString | str:
    """A time relative to now, kept fresh by ``live.js``; without JavaScript the UTC time stands there."""
    if at is None:
        return NOTHING
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        f"{utc:%Y-%m-%d %H:%M} UTC",
    )


def offset(local: datetime) -> str:
    """``UTC`` or ``+05:30``."""
    delta = local.utcoffset() or timedelta()
    if not delta:
        return "UTC"
    minutes = int(delta.total_seconds() // 60)
    sign = "+" if minutes >= 0 else "−"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@register.filter
def duration(value: timedelta | None) -> str:
    """The two largest units: ``3 d 4 h``, ``2 h 15 min``, ``45 s``."""
    if value is None:
        return NOTHING
    seconds = max(0, int(value.total_seconds()))
    parts = [(seconds // 86400, _("d")), (seconds % 86400 // 3600, _("h")), (seconds % 3600 // 60, _("min"))]
    shown = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or f"{seconds} {_('s')}"
