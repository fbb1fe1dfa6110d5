"""A field to choose from hundreds of rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


class LongSelect(forms.Select):
    """Django's, written here: a template for each of 500 options took half of a page's time."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        options = _options(self.choices, set(self.format_value(value)))
        return format_html(
            '<select name="{}"{}>{}</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), options
        )


def _options(choices: Iterable[tuple[Any, Any]], chosen: set[str]) -> SafeString:
    """Those of a group stand as a list in the place of a label."""
    return format_html_join(
        "\n",
        "{}",
        (
            (
                format_html('<optgroup label="{}">{}</optgroup>', key, _options(label, chosen))
                if isinstance(label, list | tuple)
                else format_html(
                    '<option value="{}"{}>{}</option>',
                    "" if key is None else key,
                    mark_safe(" selected") if str(key or "") in chosen else "",
                    label,
                ),
            )
            for key, label in choices
        ),
    )
