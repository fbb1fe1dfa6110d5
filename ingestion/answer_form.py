"""The questions about a file as a form: what is answered becomes a profile, as ``inspect --profile`` takes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ingestion.exports.answers import ACCEPTABLE, CONVENTIONS, DATE_ORDERS, ENERGIES, ExportQuestion
from ingestion.exports.outcome import ColumnPlan
from ingestion.exports.unit_table import UNIT_NAMES
from ingestion.forms import zones
from ingestion.inspection import Inspection
from ingestion.mapping import CLOCK, DATE, SUBSTATION, TIMESTAMP
from ingestion.options import OptionError
from substations.channels import BY_NAME, CHANNELS

AS_READ, LEFT_OUT = "", "-"
PARTS = ("quantity", "unit", "factor", "sign")
PREVIEWED = 6  # chosen: enough to see the step of time and the size of values
SHOWN_VALUES = 3  # chosen: a line of a narrow column
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
_UNKNOWN = _("Are these new substations?")
_HEADINGS = {
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
_ROLES = {
    TIMESTAMP: _("Date and time"),
    DATE: _("Date"),
    CLOCK: _("Time of day"),
    SUBSTATION: _("Substation"),
}
# The answers that a question may need, by what it is about.
_FIELDS_OF = {
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


def _select(label: str | Any, values: tuple[str, ...]) -> forms.ChoiceField:
    choices = [(AS_READ, _("as read")), *((value, _WORDS[value]) for value in values)]
    return forms.ChoiceField(
        label=label, choices=choices, required=False, widget=forms.Select(attrs={"class": "select"})
    )


def _number(label: str | Any, **limits: Any) -> forms.Field:
    widget = forms.NumberInput(attrs={"class": "input", "step": "any"})
    return forms.FloatField(label=label, required=False, widget=widget, **limits)


def _whole_number(label: str | Any) -> forms.Field:
    return forms.IntegerField(
        label=label, required=False, min_value=1, max_value=100_000, widget=forms.NumberInput(attrs={"class": "input"})
    )


def _targets() -> list[Any]:
    groups: dict[Any, list[tuple[str, Any]]] = {}
    for channel in CHANNELS:
        groups.setdefault(capfirst(_(channel.group)), []).append((channel.name, _(channel.label)))
    return [
        (AS_READ, _("as read")),
        (LEFT_OUT, _("– leave out –")),
        (_("Time and place"), list(_ROLES.items())),
        *groups.items(),
    ]


class AnswerForm(forms.Form):
    """What a file does not say itself. A field left as it is answers nothing: the reading of the file counts."""

    substation = forms.CharField(
        label=_("Substation"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "list": "substation-codes"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lazy(zones, list),
        required=False,
        help_text=_("Of times that do not say theirs, and of substations that are created."),
        widget=forms.Select(attrs={"class": "select"}),
    )
    unknown = forms.ChoiceField(
        label=_("Substations that do not exist yet"),
        choices=[("create", _("create them")), ("reject", _("reject their rows"))],
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )
    start = forms.DateTimeField(
        label=_("First row measured at"),
        required=False,
        help_text=_("Where no column holds the time: rows are counted from here, separately for each substation."),
        widget=forms.DateTimeInput(attrs={"class": "input", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    interval_s = _whole_number(_("Interval between rows (s)"))
    date_order = _select(_("Order of dates"), DATE_ORDERS)
    energy = _select(_("Energies are"), ENERGIES)
    power_factor_convention = _select(_("Sign of the power factor"), CONVENTIONS)
    decimal = _select(_("Numbers"), (".", ","))
    current_transformer_ratio = _number(_("Ratio of the current transformers"), min_value=0.001, max_value=1e6)
    voltage_transformer_ratio = _number(_("Ratio of the voltage transformers"), min_value=0.001, max_value=1e6)
    header_line = _whole_number(_("Line of the header"))
    sheet = forms.ChoiceField(label=_("Sheet"), required=False, widget=forms.Select(attrs={"class": "select"}))
    remember = forms.BooleanField(
        label=_("Remember these answers for files like this one"),
        required=False,
        help_text=_("From the same sender, with such a name and the same columns."),
        widget=forms.CheckboxInput(attrs={"class": "check"}),
    )

    def __init__(self, found: Inspection, data: Any = None, *, may_create: bool, has_substations: bool) -> None:
        self.found, self.before = found, found.options
        self.columns_read: list[ColumnPlan] = found.found.columns
        self.may_create = may_create
        open_questions = {q.about for q in found.questions if not q.choices}
        # A known substation brings its zone: it is asked first, and the zone only where that does not settle it.
        self.zone_waits = has_substations and "substation" in open_questions and not found.options.substation
        super().__init__(data, initial=self._initial(), use_required_attribute=False)
        unknown = self.fields["unknown"]
        if isinstance(unknown, forms.ChoiceField) and not may_create:
            unknown.choices = [("reject", _("reject their rows"))]
            unknown.help_text = _("Your role may not add substations; an engineer's may.")
        sheet = self.fields["sheet"]
        if isinstance(sheet, forms.ChoiceField):
            sheet.choices = [(AS_READ, _("as read")), *((name, name) for name in found.found.sheets)]
        self._add_columns()
        self._add_accepts()

    def _initial(self) -> dict[str, Any]:
        given = self.before.as_profile
        named = {"date_order", "energy", "power_factor_convention", "decimal", "header_line", "sheet", "substation",
                 "time_zone", "current_transformer_ratio", "voltage_transformer_ratio", "start"}  # fmt: skip
        initial = {name: given[name] for name in named if given.get(name)}
        if any(q.about == "time_zone" for q in self.found.questions) and not self.zone_waits:
            initial.setdefault("time_zone", settings.TIME_ZONE)  # offered, and taken only if it is sent
        initial["interval_s"] = given.get("interval_s") or None
        initial["unknown"] = self.before.unknown if self.before.unknown != "ask" else "create"
        if not self.may_create:
            initial["unknown"] = "reject"
        return initial

    def _add_columns(self) -> None:
        said: dict[str, Any] = self.before.profile.get("columns") or {}
        for index, column in enumerate(self.columns_read):
            before = said.get(column.header) or {}
            quantity = (before["quantity"] or LEFT_OUT) if "quantity" in before else AS_READ
            labels = {"aria-label": f"{column.header}: "}
            self.fields[f"quantity_{index}"] = forms.ChoiceField(
                label=_("Meaning of “%s”") % column.header,
                choices=_targets(),
                required=False,
                initial=quantity,
                widget=_small(labels, _("meaning")),
            )
            self.fields[f"unit_{index}"] = forms.ChoiceField(
                label=_("Unit of “%s”") % column.header,
                choices=[(AS_READ, _("as read")), *((name, name) for name in UNIT_NAMES)],
                required=False,
                initial=before.get("unit") or "",
                widget=_small(labels, _("unit")),
            )
            self.fields[f"factor_{index}"] = forms.FloatField(
                label=_("Factor of “%s”") % column.header,
                required=False,
                initial=before.get("factor") if before.get("factor", 1) != 1 else None,
                widget=forms.NumberInput(
                    attrs={"class": "input", "step": "any", "placeholder": "1"}
                    | {"aria-label": labels["aria-label"] + str(_("factor"))}
                ),
            )
            self.fields[f"sign_{index}"] = forms.ChoiceField(
                label=_("Sign of “%s”") % column.header,
                choices=[(AS_READ, _("as read")), ("lagging_positive", _("kept")), ("leading_positive", _("reversed"))],
                required=False,
                initial="leading_positive" if before.get("sign") == "generator" else before.get("sign") or "",
                widget=_small(labels, _("sign")),
            )

    def _add_accepts(self) -> None:
        """A box for each open question that has a best guess: load it as it is shown."""
        open_questions = {q.about for q in self.found.questions} | set(self.before.profile.get("accept") or ())
        for about in ACCEPTABLE:
            if about in open_questions and not (about == "substation" and not self.before.substation):
                self.fields[f"accept_{about}"] = forms.BooleanField(
                    label=_("Load it as shown below"),
                    required=False,
                    initial=about in (self.before.profile.get("accept") or ()),
                    widget=forms.CheckboxInput(attrs={"class": "check"}),
                )

    def questions(self) -> list[dict[str, Any]]:
        """The open questions with the fields that answer them."""
        asked = []
        shown: set[str] = set()
        for question in self.found.questions:
            if question.about == "time_zone" and self.zone_waits:
                continue
            fresh = [name for name in self._answering(question) if name not in shown and self._fits(name)]
            shown |= set(fresh)
            heading = _UNKNOWN if question.choices == ("create", "reject") else _HEADINGS[question.about]
            asked.append({"heading": heading, "question": question, "fields": [self[name] for name in fresh]})
        return asked

    def _answering(self, question: ExportQuestion) -> list[str]:
        if question.choices == ("create", "reject"):
            return ["unknown"]
        names = list(_FIELDS_OF.get(question.about, ()))
        part = {"unit": "unit", "sign": "sign", "mapping": "quantity"}.get(question.about)
        index = next((n for n, c in enumerate(self.columns_read) if c.header == question.column), None)
        if part is not None and index is not None:
            names.append(f"{part}_{index}")
        accept = f"accept_{question.about}"
        return [*names, *([accept] if accept in self.fields else [])]

    def further(self) -> list[forms.BoundField]:
        """The answers that are not asked, for whoever knows better."""
        asked = {field.name for entry in self.questions() for field in entry["fields"]}
        names = dict.fromkeys(name for group in _FIELDS_OF.values() for name in group)
        return [self[name] for name in names if name not in asked and self._fits(name)]

    def _fits(self, name: str) -> bool:
        return name != "sheet" or len(self.found.found.sheets) > 1

    def preview(self) -> dict[str, Any]:
        """The first rows as they would be stored: headers and cells."""
        found = self.found.found
        used = [n for n in range(len(CHANNELS)) if np.isfinite(found.values[:PREVIEWED, n]).any()]
        rows = [
            [station, f"{str(at)[:19].replace('T', ' ')} UTC", *("" if np.isnan(v[n]) else f"{v[n]:.6g}" for n in used)]
            for station, at, v in zip(found.stations, found.at[:PREVIEWED], found.values, strict=False)
        ]
        return {"channels": [CHANNELS[n] for n in used], "rows": rows, "count": len(found.at)}

    def columns(self) -> list[dict[str, Any]]:
        """One entry per column of the file, for the table of columns."""
        asked = {field.name for entry in self.questions() for field in entry["fields"]}
        return [
            {
                "plan": column,
                "channel": BY_NAME.get(column.quantity),
                "role": _ROLES.get(column.quantity, ""),
                "samples": self._samples(column.header),
                "fields": [self[name] if (name := f"{part}_{index}") not in asked else None for part in PARTS],
            }
            for index, column in enumerate(self.columns_read)
        ]

    def _samples(self, header: str) -> list[str]:
        table = self.found.found.table
        if table is None or header not in table.headers:
            return []
        return [row[table.headers.index(header)] for row in table.samples[:SHOWN_VALUES]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        own = {
            "substation": cleaned["substation"].strip(),
            "time_zone": cleaned["time_zone"],
            "start": cleaned["start"].replace(tzinfo=None).isoformat(timespec="minutes") if cleaned["start"] else "",
            "interval_s": cleaned["interval_s"] or 0,
            "unknown": cleaned["unknown"] or "ask",
        }
        try:
            cleaned["options"] = self.before.updated(profile=self._profile(cleaned), **own)
        except OptionError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return cleaned

    def _profile(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        names = ("date_order", "energy", "power_factor_convention", "decimal", "header_line", "sheet",
                 "current_transformer_ratio", "voltage_transformer_ratio")  # fmt: skip
        profile = {name: cleaned[name] for name in names if cleaned.get(name)}
        accepted = [about for about in ACCEPTABLE if cleaned.get(f"accept_{about}")]
        columns: dict[str, dict[str, Any]] = {}
        for index, column in enumerate(self.columns_read):
            said: dict[str, Any] = {}
            quantity = cleaned[f"quantity_{index}"]
            if quantity != AS_READ:
                said["quantity"] = None if quantity == LEFT_OUT else quantity
            said |= {
                part: cleaned[f"{part}_{index}"] for part in ("unit", "factor", "sign") if cleaned[f"{part}_{index}"]
            }
            if said:
                columns[column.header] = said
        return profile | ({"accept": accepted} if accepted else {}) | {"columns": columns}


def _small(labels: dict[str, str], what: str | Any) -> forms.Select:
    return forms.Select(attrs={"class": "select", "aria-label": labels["aria-label"] + str(what)})
