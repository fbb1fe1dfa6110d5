"""The fields of the form of questions for each column of a file, and for each best guess; what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ingestion.answer_words import AS_READ, LEFT_OUT, targets
from ingestion.exports.answers import ACCEPTABLE
from ingestion.exports.outcome import ColumnPlan
from ingestion.exports.unit_table import UNIT_NAMES

PARTS = ("quantity", "unit", "factor", "sign")


def column_fields(columns: Sequence[ColumnPlan], said: Mapping[str, Any]) -> dict[str, forms.Field]:
    """Meaning, unit, factor and sign of each column by name; ``said`` are the answers so far, by header."""
    fields: dict[str, forms.Field] = {}
    for index, column in enumerate(columns):
        fields |= _fields_of(index, column.header, said.get(column.header) or {})
    return fields


def _fields_of(index: int, header: str, before: Mapping[str, Any]) -> dict[str, forms.Field]:
    quantity = (before["quantity"] or LEFT_OUT) if "quantity" in before else AS_READ
    fields: dict[str, forms.Field] = {}
    labels = {"aria-label": f"{header}: "}
    fields[f"quantity_{index}"] = forms.ChoiceField(
        label=_("Meaning of “%s”") % header,
        choices=targets(),
        required=False,
        initial=quantity,
        widget=_small(labels, _("meaning")),
    )
    fields[f"unit_{index}"] = forms.ChoiceField(
        label=_("Unit of “%s”") % header,
        choices=[(AS_READ, _("as read")), *((name, name) for name in UNIT_NAMES)],
        required=False,
        initial=before.get("unit") or "",
        widget=_small(labels, _("unit")),
    )
    fields[f"factor_{index}"] = forms.FloatField(
        label=_("Factor of “%s”") % header,
        required=False,
        initial=before.get("factor") if before.get("factor", 1) != 1 else None,
        widget=forms.NumberInput(
            attrs={"class": "input", "step": "any", "placeholder": "1"}
            | {"aria-label": labels["aria-label"] + str(_("factor"))}
        ),
    )
    fields[f"sign_{index}"] = forms.ChoiceField(
        label=_("Sign of “%s”") % header,
        choices=[(AS_READ, _("as read")), ("lagging_positive", _("kept")), ("leading_positive", _("reversed"))],
        required=False,
        initial="leading_positive" if before.get("sign") == "generator" else before.get("sign") or "",
        widget=_small(labels, _("sign")),
    )
    return fields


def accept_fields(open_questions: Iterable[str], accepted: Sequence[str], *, named: bool) -> dict[str, forms.Field]:
    """A box for each open question that has a best guess: load it as it is shown. ``named``: a substation is given."""
    asked = {*open_questions, *accepted}
    return {
        f"accept_{about}": forms.BooleanField(
            label=_("Load it as shown below"),
            required=False,
            initial=about in accepted,
            widget=forms.CheckboxInput(attrs={"class": "check"}),
        )
        for about in ACCEPTABLE
        if about in asked and not (about == "substation" and not named)
    }


def profile_of(cleaned: Mapping[str, Any], columns: Sequence[ColumnPlan]) -> dict[str, Any]:
    """The answers of a form as a profile."""
    names = ("date_order", "energy", "power_factor_convention", "decimal", "header_line", "sheet",
             "current_transformer_ratio", "voltage_transformer_ratio")  # fmt: skip
    profile = {name: cleaned[name] for name in names if cleaned.get(name)}
    accepted = [about for about in ACCEPTABLE if cleaned.get(f"accept_{about}")]
    said = {column.header: _said(cleaned, index) for index, column in enumerate(columns)}
    answered = {header: each for header, each in said.items() if each}
    return profile | ({"accept": accepted} if accepted else {}) | {"columns": answered}


def _said(cleaned: Mapping[str, Any], index: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    quantity = cleaned[f"quantity_{index}"]
    if quantity != AS_READ:
        said["quantity"] = None if quantity == LEFT_OUT else quantity
    return said | {part: cleaned[f"{part}_{index}"] for part in PARTS[1:] if cleaned[f"{part}_{index}"]}


def _small(labels: dict[str, str], what: str | Any) -> forms.Select:
    return forms.Select(attrs={"class": "select", "aria-label": labels["aria-label"] + str(what)})
