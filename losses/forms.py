"""The form of a tariff's version: one field for each part of the document, an example beside each."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from losses.billing_models import TariffVersion
from losses.tariffs.tariff_document import TariffError, read_json, schema

HEAD = ("currency", "decimals", "status", "note", "sources", "valid_from", "valid_to", "quadrants")
PARTS = ("seasons", "day_types", "holidays", "periods", "charges", "taxes")


def _pretty(example: Any) -> str:
    """One element a line."""
    lines = ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in example)
    return f"[\n  {lines}\n]"


def _example(name: str) -> SafeString:
    """What the schema says of a part, with its examples; of charges one of each kind, and what it comes to."""
    part = schema()["properties"][name]
    if name == "charges":
        rows = [
            (json.dumps(each["examples"][0], ensure_ascii=False), each["x-worked"]["text"]) for each in charge_kinds()
        ]
    else:
        rows = [(_pretty(each), "") for each in part.get("examples", [])]
    shown = format_html_join("", '<pre class="example">{}</pre><p>{}</p>', rows)
    text = part.get("description", "")
    return format_html("{}<details><summary>{}</summary>{}</details>", text, _("Example"), shown)


def charge_kinds() -> list[dict[str, Any]]:
    """The schema of each kind of charge; ``x-worked`` is its example worked by hand."""
    return [each for each in schema()["$defs"].values() if "kind" in each.get("properties", {})]


class DocumentPart(forms.JSONField):
    """A part of a document: an element a line, and nothing where there is none."""

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, list):
            return _pretty(value)
        return json.dumps(value, ensure_ascii=False, indent=2)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": "[[…"}) from error


def _part(name: str) -> DocumentPart:
    return DocumentPart(
        label=name.replace("_", " ").capitalize(),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 100}),
        help_text=_example(name),
    )


class TariffVersionForm(forms.ModelForm[TariffVersion]):
    """Parts as JSON; a file with a whole document takes their place."""

    file = forms.FileField(
        label=_("JSON file"), required=False, help_text=_("A whole document: it takes the place of the parts below.")
    )
    head = DocumentPart(label=_("Head"), widget=forms.Textarea(attrs={"rows": 14, "cols": 100}), required=False)
    seasons = _part("seasons")
    day_types = _part("day_types")
    holidays = _part("holidays")
    periods = _part("periods")
    charges = _part("charges")
    taxes = _part("taxes")

    class Meta:
        model = TariffVersion
        fields = ("tariff", "worked")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        document = self.instance.document or {}
        self.fields["head"].initial = {name: document[name] for name in HEAD if name in document} or EXAMPLE_HEAD
        self.fields["head"].help_text = _("Currency, status, sources with their dates, first and last day.")
        self.fields["worked"].help_text = _("Bills worked by hand; a version that does not agree is refused.")
        for name in PARTS:
            self.fields[name].initial = document.get(name)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        tariff = values.get("tariff")
        if self.errors or tariff is None:
            return values
        if values.get("file"):
            document = _read(values["file"].read())
        else:
            parts = {name: values[name] for name in PARTS if values.get(name)}
            document = {"schema": 1, "name": tariff.name, **(values.get("head") or {}), **parts}
        if isinstance(document, dict) and document.get("name") != tariff.name:
            message = _("Received the document of “%(name)s”; expected one of “%(tariff)s”.")
            raise ValidationError(message, params={"name": document.get("name"), "tariff": tariff.name})
        self.instance.document = document
        return values


EXAMPLE_HEAD = {
    "currency": "INR", "status": "example", "sources": [{"title": "Tariff order", "date": "2026-04-01"}],
    "valid_from": "2026-04-01",
}  # fmt: skip


def _read(content: bytes) -> Any:
    try:
        return read_json(content)
    except TariffError as error:
        raise ValidationError({"file": error.problems}) from error
