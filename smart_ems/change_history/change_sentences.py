"""A stored change in the words of the reader: fields by their labels, choices by theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from .models import ConfigurationChange

# chosen: what stands in a line of a table; longer values are opened.
MAX_IN_A_LINE = 80


@dataclass(frozen=True, slots=True)
class ShownField:
    """One field with its value before and after; ``is_long``: a document rather than a value."""

    label: str
    before: str
    after: str
    is_long: bool


@dataclass(frozen=True, slots=True)
class ShownChange:
    change: ConfigurationChange
    kind: str
    fields: list[ShownField]


def shown(changes: Iterable[ConfigurationChange]) -> list[ShownChange]:
    return [ShownChange(change, kind_label(change.subject), _fields(change)) for change in changes]


def kind_label(subject: str) -> str:
    """What a model is called; its stored name where there is no such model any more."""
    model = _model(subject)
    return str(capfirst(model._meta.verbose_name)) if model is not None else subject


def _model(subject: str) -> Any:
    try:
        return apps.get_model(subject)
    except (LookupError, ValueError):
        return None


def _fields(change: ConfigurationChange) -> list[ShownField]:
    model = _model(change.subject)
    return [_field(model, name, *values) for name, values in change.changes.items()]


def _field(model: Any, name: str, old: Any, new: Any) -> ShownField:
    try:
        field = model._meta.get_field(name) if model is not None else None
    except FieldDoesNotExist:
        field = None
    choices = dict(getattr(field, "flatchoices", ()))
    label = str(capfirst(getattr(field, "verbose_name", name)))
    words = (value if isinstance(value, list | dict) else choices.get(value, value) for value in (old, new))
    before, after = map(_text, words)
    return ShownField(label, before, after, max(len(before), len(after)) > MAX_IN_A_LINE)


def _text(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(str(each) for each in value)
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, list | dict) else str(value)
