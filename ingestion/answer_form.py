"""The questions about a file as a form: what is answered becomes a profile, as ``inspect --profile`` takes it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from core.long_selects import LongSelect
from ingestion.answer_fields import PARTS, accept_fields, column_fields, profile_of
from ingestion.answer_preview import first_rows, samples
from ingestion.answer_words import AS_READ, FIELDS_OF, HEADINGS, ROLES, UNKNOWN, number, select, whole_number
from ingestion.exports.answers import CONVENTIONS, DATE_ORDERS, ENERGIES, ExportQuestion
from ingestion.exports.outcome import ColumnPlan
from ingestion.forms import zones
from ingestion.inspection import Inspection
from ingestion.options import OptionError
from substations.channels import BY_NAME


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
        widget=LongSelect(attrs={"class": "select"}),
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
    interval_s = whole_number(_("Interval between rows (s)"))
    date_order = select(_("Order of dates"), DATE_ORDERS)
    energy = select(_("Energies are"), ENERGIES)
    power_factor_convention = select(_("Sign of the power factor"), CONVENTIONS)
    decimal = select(_("Numbers"), (".", ","))
    current_transformer_ratio = number(_("Ratio of the current transformers"), min_value=0.001, max_value=1e6)
    voltage_transformer_ratio = number(_("Ratio of the voltage transformers"), min_value=0.001, max_value=1e6)
    header_line = whole_number(_("Line of the header"))
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
        accepted = self.before.profile.get("accept") or ()
        self.fields |= column_fields(self.columns_read, self.before.profile.get("columns") or {})
        self.fields |= accept_fields([q.about for q in found.questions], accepted, named=bool(self.before.substation))

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

    def questions(self) -> list[dict[str, Any]]:
        """The open questions with the fields that answer them."""
        asked = []
        shown: set[str] = set()
        for question in self.found.questions:
            if question.about == "time_zone" and self.zone_waits:
                continue
            fresh = [name for name in self._answering(question) if name not in shown and self._fits(name)]
            shown |= set(fresh)
            heading = UNKNOWN if question.choices == ("create", "reject") else HEADINGS[question.about]
            asked.append({"heading": heading, "question": question, "fields": [self[name] for name in fresh]})
        return asked

    def _answering(self, question: ExportQuestion) -> list[str]:
        if question.choices == ("create", "reject"):
            return ["unknown"]
        names = list(FIELDS_OF.get(question.about, ()))
        part = {"unit": "unit", "sign": "sign", "mapping": "quantity"}.get(question.about)
        index = next((n for n, c in enumerate(self.columns_read) if c.header == question.column), None)
        if part is not None and index is not None:
            names.append(f"{part}_{index}")
        accept = f"accept_{question.about}"
        return [*names, *([accept] if accept in self.fields else [])]

    def further(self) -> list[forms.BoundField]:
        """The answers that are not asked, for whoever knows better."""
        asked = {field.name for entry in self.questions() for field in entry["fields"]}
        names = dict.fromkeys(name for group in FIELDS_OF.values() for name in group)
        return [self[name] for name in names if name not in asked and self._fits(name)]

    def _fits(self, name: str) -> bool:
        return name != "sheet" or len(self.found.found.sheets) > 1

    def preview(self) -> dict[str, Any]:
        """The first rows as they would be stored: headers and cells."""
        return first_rows(self.found.found)

    def columns(self) -> list[dict[str, Any]]:
        """One entry per column of the file, for the table of columns."""
        asked = {field.name for entry in self.questions() for field in entry["fields"]}
        return [
            {
                "plan": column,
                "channel": BY_NAME.get(column.quantity),
                "role": ROLES.get(column.quantity, ""),
                "samples": samples(self.found.found, column.header),
                "fields": [self[name] if (name := f"{part}_{index}") not in asked else None for part in PARTS],
            }
            for index, column in enumerate(self.columns_read)
        ]

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
            cleaned["options"] = self.before.updated(profile=profile_of(cleaned, self.columns_read), **own)
        except OptionError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return cleaned
