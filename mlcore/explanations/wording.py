"""How the figures of a sentence are written: for programs, always alike; for a page, as its language does."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Protocol

from django.utils.translation import gettext as _

from core import formatting
from mlcore.diagnosis.findings import Figures

__all__ = ["PAGE", "PLAIN", "Figures", "Wording", "number"]

MIN_SHOWN = 5e-5
"""Half of the last of four decimals: smaller figures are nothing, and never an exponent in a sentence."""

MIN_BY_DIGITS = 1e-3
"""Chosen: smaller figures are written with four decimals and not with so many digits."""

MAX_DIGITS = 1e9
"""Chosen: a larger figure is written with an exponent and not as a row of digits."""

MAX_HOURS = 1e6
"""Chosen: more than a century, which a duration can still hold."""


class Wording(Protocol):
    """Writes an amount with its unit, and a duration. form: of Python's ``format``, as a program reads it."""

    def amount(self, value: float, unit: str = "", form: str = ".4g") -> str: ...

    def lasting(self, hours: float) -> str: ...


class PlainWording:
    """Digits with a point and without grouping, the same in every language."""

    def amount(self, value: float, unit: str = "", form: str = ".4g") -> str:
        return f"{number(value, form)} {unit}".rstrip()

    def lasting(self, hours: float) -> str:
        hours = min(max(hours, 0.0), MAX_HOURS)
        if hours < 1.5:
            return _("%(n)s min") % {"n": max(round(hours * 60), 1)}
        if hours < 72:
            return _("%(n)s h") % {"n": f"{hours:.0f}"}
        return _("%(n)s days") % {"n": f"{hours / 24:.1f}"}


class PageWording:
    """As all figures of the pages are written."""

    def amount(self, value: float, unit: str = "", form: str = ".4g") -> str:
        value = within(value) if abs(value) >= MIN_SHOWN else 0.0
        if unit or not form.endswith("f"):
            sign = "+" if form.startswith("+") and value > 0 else ""
            return sign + formatting.figure(value, unit)
        return formatting.fixed(value, int(form[-2]))

    def lasting(self, hours: float) -> str:
        return formatting.duration(timedelta(hours=min(max(hours, 0.0), MAX_HOURS)))


PLAIN, PAGE = PlainWording(), PageWording()


def number(value: float, form: str = ".4g") -> str:
    """A figure of a sentence: 0 for what rounding left of nothing, also below it, and no rows of digits."""
    if abs(value) >= MAX_DIGITS and form.endswith("f"):
        form = ".3g"
    if abs(value) < MIN_SHOWN:
        return format(0.0, form)
    if form.endswith("g") and abs(value) < MIN_BY_DIGITS:
        return f"{value:.4f}".rstrip("0")
    value = within(value)
    return format(formatting.rounded(value, int(form[-2])) if form.endswith("f") else value, form)


def within(value: float) -> float:
    """A product of figures that is beyond all numbers as the largest of them."""
    return max(-sys.float_info.max, min(value, sys.float_info.max))
