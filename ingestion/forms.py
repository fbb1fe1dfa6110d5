"""The upload form and the questions about a file."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ingestion.inspection import Inspection
from ingestion.mapping import CLOCK, DATE, IGNORE, SUBSTATION, SURE, TIMESTAMP, ColumnChoice, MappingError, checked
from ingestion.options import ImportOptions, OptionError
from ingestion.units import units_of
from substations.channels import CHANNEL_NAMES, CHANNELS

# chosen: a header that names quantity and unit in full.
VERY_SURE = 0.9
_OWN_ZONE = ("", _("the substation's own"))
# The averaging periods of usual meters.
_INTERVALS = [
    (60, _("1 minute")),
    (300, _("5 minutes")),
    (600, _("10 minutes")),
    (900, _("15 minutes")),
    (1800, _("30 minutes")),
    (3600, _("1 hour")),
]


@cache  # the names are files in many folders
def _zones() -> list[tuple[str, Any]]:
    return [_OWN_ZONE, *((name, name) for name in sorted(zoneinfo.available_timezones()))]


class _ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files; cleans to a list."""

    widget = _ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        files = data if isinstance(data, (list, tuple)) else [data]
        # An empty file is answered by the service, with a reason in the list of uploads.
        self.allow_empty_file = True
        return [cast(UploadedFile[Any], super(FilesField, self).clean(file, initial)) for file in files]


# What the file dialog offers; the content decides, not the name.
_ACCEPTED = ".csv,.txt,.tsv,.gz,.zip,.xlsx,.xls,.ods,.xml,text/csv,application/gzip"


class UploadForm(forms.Form):
    file = FilesField(
        label=_("Files"),
        widget=_ManyFiles(
            attrs={
                "class": "input",
                "accept": _ACCEPTED,
            }
        ),
        help_text=_("CSV or text, also compressed with gzip; comma, semicolon or tab; one or many substations."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone of the file"),
        choices=lazy(_zones, list),
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )
    review = forms.BooleanField(
        label=_("Let me check the columns before loading"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "check"}),
    )

    def options(self) -> ImportOptions:
        return ImportOptions(time_zone=self.cleaned_data["time_zone"], review=self.cleaned_data["review"])


def _targets() -> list[Any]:
    groups: dict[Any, list[tuple[str, Any]]] = {}
    for channel in CHANNELS:
        groups.setdefault(capfirst(_(channel.group)), []).append((channel.name, _(channel.label)))
    roles = [
        (TIMESTAMP, _("Date and time")),
        (DATE, _("Date")),
        (CLOCK, _("Time of day")),
        (SUBSTATION, _("Substation")),
    ]
    return [(IGNORE, _("– ignore –")), (_("Time and place"), roles), *groups.items()]


def _units() -> list[tuple[str, str]]:
    names = dict.fromkeys(unit.name for channel in CHANNEL_NAMES for unit in units_of(channel))
    return [("", "–"), *((name, name) for name in names)]


_QUESTIONS = ("substation", "start", "interval_s", "time_zone", "day_first", "unknown")


def _small(label: str) -> dict[str, str]:
    return {"class": "select", "aria-label": label}


class AnswerForm(forms.Form):
    """What a file does not say itself: the meaning of its columns, when it starts, where it was measured."""

    substation = forms.CharField(
        label=_("Substation"),
        max_length=40,
        required=False,
        help_text=_("The file has no substation column: whose readings are these?"),
        widget=forms.TextInput(attrs={"class": "input", "list": "substation-codes"}),
    )
    start = forms.DateTimeField(
        label=_("First row measured at"),
        required=False,
        help_text=_("The file has no time column: rows are counted from here, separately for each substation."),
        widget=forms.DateTimeInput(attrs={"class": "input", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    interval_s = forms.TypedChoiceField(
        label=_("Interval between rows"),
        choices=_INTERVALS,
        coerce=int,
        initial=900,
        required=False,
        widget=forms.Select(attrs={"class": "select"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lazy(_zones, list),
        required=False,
        help_text=_("Of times that carry no offset, and of substations that are created."),
        widget=forms.Select(attrs={"class": "select"}),
    )
    day_first = forms.TypedChoiceField(
        label=_("Dates such as 03/04/2025"),
        required=False,
        empty_value=None,
        choices=[("true", _("day before month")), ("false", _("month before day"))],
        coerce=lambda value: value == "true",
        widget=forms.Select(attrs={"class": "select"}),
    )
    unknown = forms.ChoiceField(
        label=_("Substations that do not exist yet"),
        choices=[("create", _("create them")), ("reject", _("reject their rows"))],
        widget=forms.Select(attrs={"class": "select"}),
    )
    remember = forms.BooleanField(
        label=_("Remember this for files with the same columns"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "check"}),
    )

    def __init__(self, found: Inspection, options: ImportOptions, data: Any = None) -> None:
        self.found, self.before = found, options
        super().__init__(data, initial=self._initial(found, options))
        for index, header in enumerate(found.form.columns):
            choice = found.choices[header]
            self.fields[f"target_{index}"] = forms.ChoiceField(
                choices=_targets(),
                required=False,
                initial=choice["target"],
                widget=forms.Select(attrs=_small(f"{header}: {_('meaning')}")),
            )
            self.fields[f"unit_{index}"] = forms.ChoiceField(
                choices=_units(),
                required=False,
                initial=choice["unit"],
                widget=forms.Select(attrs=_small(f"{header}: {_('unit')}")),
            )
            self.fields[f"negate_{index}"] = forms.BooleanField(
                required=False,
                initial=choice.get("negate", False),
                widget=forms.CheckboxInput(
                    attrs={"class": "check", "aria-label": f"{header}: {_('reverse the sign')}"}
                ),
            )

    @staticmethod
    def _initial(found: Inspection, options: ImportOptions) -> dict[str, Any]:
        return {
            "substation": options.substation,
            "start": options.start or None,
            "interval_s": options.interval_s or found.interval_s or 900,
            "time_zone": options.time_zone or found.time_zone,
            "day_first": "true" if found.day_first else "false",
            "unknown": options.unknown if options.unknown != "ask" else "create",
        }

    def questions(self) -> list[forms.BoundField]:
        """The fields that matter for this file, most needed first."""
        wanted = ["time_zone", "unknown"]
        if self.found.has_time:
            wanted.append("day_first")
        else:
            wanted = ["start", "interval_s", *wanted]
        if not self.found.has_substation:
            wanted.insert(0, "substation")
        # What is not shown keeps its initial value, unless the mapping makes it necessary: then its error shows it.
        return [self[name] for name in dict.fromkeys([*wanted, *(n for n in _QUESTIONS if n in self.errors)])]

    def columns(self) -> list[dict[str, Any]]:
        """One entry per column of the file, for the mapping table."""
        return [
            {
                "header": header,
                "guess": self.found.guesses[header],
                "sureness": self._sureness(header),
                "percent": round(100 * self.found.guesses[header].confidence),
                "samples": [row[index] for row in self.found.rows[:3]],
                "target": self[f"target_{index}"],
                "unit": self[f"unit_{index}"],
                "negate": self[f"negate_{index}"],
            }
            for index, header in enumerate(self.found.form.columns)
        ]

    def _sureness(self, header: str) -> str:
        """``confirmed`` by a person before, else ``sure``, ``likely``, ``check``, ``unknown``."""
        guess = self.found.guesses[header]
        if self.found.recognised or self.before.mapping:
            return "confirmed"
        if not guess.target:
            return "unknown"
        if guess.confidence < SURE:
            return "check"
        return "sure" if guess.confidence >= VERY_SURE else "likely"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            choices = checked(self.found.form.columns, self._choices(cleaned))
            cleaned["options"] = self._options(cleaned, choices)
        except MappingError as error:
            raise forms.ValidationError(str(error)) from error
        except OptionError as error:
            self.add_error(error.field, str(error))
        return cleaned

    def _choices(self, cleaned: dict[str, Any]) -> dict[str, ColumnChoice]:
        chosen: dict[str, ColumnChoice] = {}
        for index, header in enumerate(self.found.form.columns):
            target, unit = cleaned[f"target_{index}"], cleaned[f"unit_{index}"]
            fits = target in CHANNEL_NAMES and unit in {known.name for known in units_of(target)}
            # Choosing another quantity leaves the old unit standing: it then means the quantity's own unit.
            moved = target != self.found.choices[header]["target"]
            chosen[header] = {
                "target": target,
                "unit": unit if fits or not moved else "",
                "negate": cleaned[f"negate_{index}"],
            }
        return chosen

    def _options(self, cleaned: dict[str, Any], choices: dict[str, ColumnChoice]) -> ImportOptions:
        targets = {choice["target"] for choice in choices.values()}
        has_time = bool(targets & {TIMESTAMP, DATE})
        if not has_time and not cleaned.get("start"):
            self.add_error("start", _("No column holds the time. When was the first row measured?"))
        if SUBSTATION not in targets and not cleaned.get("substation"):
            self.add_error("substation", _("No column names the substation. Whose readings are these?"))
        start = cleaned.get("start")
        return self.before.updated(
            mapping=choices,
            substation="" if SUBSTATION in targets else cleaned.get("substation", ""),
            start="" if has_time or not start else start.replace(tzinfo=None).isoformat(timespec="minutes"),
            interval_s=0 if has_time else cleaned.get("interval_s") or 0,
            time_zone=cleaned["time_zone"],
            day_first=cleaned["day_first"] if has_time else None,
            unknown=cleaned["unknown"],
        )
