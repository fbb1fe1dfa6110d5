"""The upload form."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from core.long_selects import LongSelect
from ingestion.options import ImportOptions

_OWN_ZONE = ("", _("the substation's own"))


@cache  # the names are files in many folders
def zones() -> list[tuple[str, Any]]:
    """The zones to choose from, first that of each substation."""
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
        help_text=_("Tables as text or workbooks, historian exports, NEM12, Green Button; also as ZIP or gzip."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone of the file"),
        choices=lazy(zones, list),
        required=False,
        widget=LongSelect(attrs={"class": "select"}),
    )
    review = forms.BooleanField(
        label=_("Let me check the columns before loading"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "check"}),
    )

    def options(self) -> ImportOptions:
        return ImportOptions(time_zone=self.cleaned_data["time_zone"], review=self.cleaned_data["review"])
