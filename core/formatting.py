"""How figures, times and durations are written on every page."""

from __future__ import annotations

import math
import zoneinfo
from datetime import UTC, datetime, timedelta, tzinfo

from django.conf import settings
from django.template import Context
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

NOTHING = "–"


def figure(value: float | None, unit: str = "") -> str:
    """Three significant digits with grouped thousands and the unit: ``1 234 kWh``, ``0.0456``; a dash for nothing."""
    if value is None or not math.isfinite(value):
        return NOTHING
    decimals = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    shown = rounded(value, min(decimals, 4))
    text = number_format(shown, decimal_pos=min(decimals, 4), use_l10n=True, force_grouping=True)
    text = text.replace("-", "−")
    return _in_order(f"{text} {unit}" if unit else text)


def rounded(value: float, decimals: int) -> float:
    """The value to so many decimals, never a signed zero: “−0.0” is no number to read."""
    return round(value, decimals) or 0.0


def power_factor(value: float | None) -> str:
    """A power factor with two decimals, or a dash."""
    return NOTHING if value is None or not math.isfinite(value) else fixed(value, 2)


def fixed(value: float, decimals: int) -> str:
    """So many decimals, rounded: Django's ``number_format`` alone cuts 0.799 down to 0.79."""
    return number_format(rounded(value, decimals), decimal_pos=decimals)


def share(value: float | None) -> str:
    """A share of one as whole per cent; what is nearly all never reads as all: 99.8 %."""
    if value is None or not math.isfinite(value):
        return NOTHING
    percent = 100 * value
    nearly_all = 99.5 <= percent < 100
    rounded = math.floor(10 * percent) / 10 if nearly_all else round(percent)
    return _in_order(f"{number_format(rounded, decimal_pos=int(nearly_all))} %")


def _in_order(text: str) -> str:
    """Sign, digits and unit keep their order inside right-to-left text (Unicode isolates LRI and PDI)."""
    return f"\u2066{text}\u2069" if get_language_bidi() else text


def moment(context: Context, at: datetime | None, zone: str | tzinfo = "") -> SafeString | str:
    """A time with its offset: in the zone that the user chose, else in ``zone``, the substation's, else in the site's.

    It is written as the language writes dates; the UTC time is in the tooltip.
    """
    if at is None:
        return NOTHING
    wanted = context.get("chosen_zone") or zone or settings.TIME_ZONE
    local = at.astimezone(wanted if isinstance(wanted, tzinfo) else zoneinfo.ZoneInfo(wanted))
    return format_html(
        '<time datetime="{}" title="{}" dir="ltr">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"{date_format(local, 'SHORT_DATETIME_FORMAT')} {offset(local)}",
    )


def exact(at: datetime, zone: tzinfo) -> str:
    """A time with its offset as plain text, where no markup can stand."""
    local = at.astimezone(zone)
    return f"{date_format(local, 'SHORT_DATETIME_FORMAT')} {offset(local)}"


def ago(context: Context, at: datetime | None) -> SafeString | str:
    """A time relative to now, kept fresh by ``live.js``; the exact one, in the user's zone, is its tooltip.

    Without JavaScript the exact time stands there.
    """
    if at is None:
        return NOTHING
    local = at.astimezone(zoneinfo.ZoneInfo(context.get("chosen_zone") or settings.TIME_ZONE))
    exact = f"{date_format(local, 'SHORT_DATETIME_FORMAT')} {offset(local)}"
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        exact,
        exact,
    )


def offset(local: datetime) -> str:
    """``UTC`` or ``+05:30``."""
    delta = local.utcoffset() or timedelta()
    if not delta:
        return "UTC"
    minutes = int(delta.total_seconds() // 60)
    sign = "+" if minutes >= 0 else "−"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def duration(value: timedelta | None) -> str:
    """The two largest units: ``3 d 4 h``, ``2 h 15 min``, ``45 s``."""
    if value is None:
        return NOTHING
    seconds = max(0, int(value.total_seconds()))
    parts = [(seconds // 86400, _("d")), (seconds % 86400 // 3600, _("h")), (seconds % 3600 // 60, _("min"))]
    shown = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(shown) or f"{seconds} {_('s')}"
