"""Values of fields as they are kept in the history: plain JSON that says the same when all else is gone."""

from __future__ import annotations

import math
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from .tracked_models import Tracked

Values = dict[str, Any]
# chosen: more than any amount of money has.
MAX_DIGITS = 30
HIDDEN = "secret"
HIDDEN_TOO = "another secret"


class _Secret(str):
    """Equal only to the same secret, and shown as a word."""

    __slots__ = ()


def value_of(instance: Any, name: str, tracked: Tracked) -> Any:
    """A number, text, boolean, list or dict; of a related object its name, of a date or a decimal its text."""
    field = instance._meta.get_field(name)
    value = getattr(instance, field.attname)
    if name in tracked.secrets:
        return _Secret(value) if value else None
    if value is not None and isinstance(field, models.ForeignKey):
        return str(getattr(instance, name))
    try:
        value = field.to_python(value)  # what a form or a file gave may still be text
    except (ValidationError, TypeError, ValueError):  # the database refuses it and says why
        return str(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():{'f' if abs(value.adjusted()) < MAX_DIGITS else ''}}"
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)


def difference(before: Values, after: Values) -> dict[str, list[Any]]:
    """Each field whose value is another one, with both; an empty one is left out where there is no other side."""
    changed = {}
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old != new and not (_is_empty(old) and _is_empty(new)):
            changed[name] = _shown(old, new)
    return changed


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _shown(old: Any, new: Any) -> list[Any]:
    if isinstance(new, _Secret):
        return [HIDDEN, HIDDEN_TOO] if old else [None, HIDDEN]
    return [HIDDEN if isinstance(old, _Secret) else old, new]
