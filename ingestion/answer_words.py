"""The words of the form of questions, and the kinds of fields that answer them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ingestion.mapping import CLOCK, DATE, SUBSTATION, TIMESTAMP
from substations.channels import CHANNELS

AS_READ, LEFT_OUT = "", "-"
_WORDS = {
    "dmy": _("day, month, year"),
    "mdy": _("month, day, year"),
    "ymd": _("year, month, day"),
    "iec": _("IEC: the sign is that of the power; negative while drawing is leading"),
    "ieee": _("IEEE: lagging is negative, leading positive"),
    "leading_over_one": _("leading counts over 1: 1.08 is 0.92 leading"),
    "per_interval": _("the energy of each interval"),
    "register": _("a register that grows"),
    ".": _("decimal point"),
    ",": _("decimal comma"),
}
UNKNOWN = _("Are these new substations?")
HEADINGS = {
    "unit": _("In which unit?"),
    "sign": _("Which sign?"),
    "mapping": _("What do these columns hold?"),
    "time": _("When was it measured?"),
    "time_zone": _("In which time zone?"),
    "date_order": _("In which order are the dates?"),
    "substation": _("Whose readings are these?"),
    "interval": _("How long is an interval?"),
    "power_factor_convention": _("How is the power factor signed?"),
    "energy": _("How are the energies counted?"),
    "scale": _("How large are the numbers?"),
    "layout": _("Where is the table?"),
    "rejected_share": _("Load it without the rows that cannot be read?"),
}
ROLES = {
    TIMESTAMP: _("Date and time"),
    DATE: _("Date"),
    CLOCK: _("Time of day"),
    SUBSTATION: _("Substation"),
}
# The answers that a question may need, by what it is about.
FIELDS_OF = {
    "time_zone": ("time_zone",),
    "date_order": ("date_order",),
    "power_factor_convention": ("power_factor_convention",),
    "energy": ("energy",),
    "interval": ("interval_s",),
    "time": ("start", "interval_s", "header_line"),
    "scale": ("decimal", "current_transformer_ratio", "voltage_transformer_ratio"),
    "layout": ("sheet", "header_line"),
    "substation": ("substation",),
}


def select(label: str | Any, values: tuple[str, ...]) -> forms.ChoiceField:
    """One of some answers, or none."""
    choices = [(AS_READ, _("as read")), *((value, _WORDS[value]) for value in values)]
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=forms.Select(attrs={"class": "select"})
    )


def number(label: str | Any, **limits: Any) -> forms.Field:
    """A number, or none."""
    widget = forms.NumberInput(attrs={"class": "input", "step": "any"})
    return forms.FloatField(label=label, required=False, widget=widget, **limits)


def whole_number(label: str | Any) -> forms.Field:
    """A whole number from 1 on, or none."""
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=100_000, widget=forms.NumberInput(attrs={"class": "input"})
    )


def targets() -> list[Any]:
    """What a column may hold, grouped."""
    groups: dict[Any, list[tuple[str, Any]]] = {}
    for channel in CHANNELS:
        groups.setdefault(capfirst(_(channel.group)), []).append((channel.name, _(channel.label)))
    return [
        (AS_READ, _("as read")),
        (LEFT_OUT, _("– leave out –")),
        (_("Time and place"), list(ROLES.items())),
        *groups.items(),
    ]
