"""Words and amounts on the pages of losses."""

from __future__ import annotations

import math
from collections.abc import Sequence

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formatting import NOTHING, fixed
from losses.loss_overview import LossRow
from losses.sums_of_money import Money

register = template.Library()
FLOW_WORDS = {
    "drawn": gettext_lazy("Drawn by the loads"),
    "lost": gettext_lazy("Lost"),
    "no_load": gettext_lazy("… without load"),
    "load": gettext_lazy("… in transformers, at the target"),
    "lines": gettext_lazy("… in lines, at the target"),
    "avoidable": gettext_lazy("… avoidable"),
}


@register.filter
def amounts(sums: Sequence[Money]) -> str:
    """Amounts of each currency, or a dash."""
    return ", ".join(str(each) for each in sums) or NOTHING


@register.filter
def worth(row: LossRow) -> str:
    """The larger of what is avoided and of the penalty, with its currency."""
    largest = max((*row.cost.avoidable, *row.cost.penalty), key=lambda each: each.amount, default=None)
    return str(largest) if largest else NOTHING


@register.filter
def percent(part: float | None) -> str:
    """A share as per cent with one decimal: losses are a few of them."""
    return NOTHING if part is None or not math.isfinite(part) else f"{fixed(100 * part, 1)} %"


@register.filter
def change(now: float | None, before: float | None) -> str:
    """How much more or less than in the period before; nothing where either is not known."""
    if now is None or not before or before <= 0:
        return ""
    moved = now / before - 1
    sign = "+" if moved >= 0 else "−"
    return _("(%(moved)s against the period before)") % {"moved": f"{sign}{fixed(abs(100 * moved), 0)} %"}


@register.filter
def unlocalized(value: float) -> str:
    """A coordinate: a decimal point in every language."""
    return number_format(round(value, 2), use_l10n=False)


@register.filter
def flow_word(code: str) -> str:
    return str(FLOW_WORDS[code])
