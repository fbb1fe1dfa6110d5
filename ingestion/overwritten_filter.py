"""How overwritten readings are filtered: the same fields on the page, in the CSV export and in the API."""

from __future__ import annotations

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from .overwritten_models import OverwrittenReading

Text = forms.TextInput(attrs={"class": "input", "size": 12})


class OverwrittenFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """Substation code, source (for example upload 12) and who brought the new values."""

    substation = django_filters.CharFilter("substation__code", "iexact", label=_("Substation"), widget=Text)
    source = django_filters.CharFilter("source", "iexact", label=_("From"), widget=Text)
    author = django_filters.CharFilter("author", "iexact", label=_("By"), widget=Text)

    class Meta:
        model = OverwrittenReading
        fields: list[str] = []


class OverwrittenApiFilter(OverwrittenFilter):
    """With the time of the reading as parameters."""

    since = django_filters.IsoDateTimeFilter("at", "gte", label=_("From"))
    until = django_filters.IsoDateTimeFilter("at", "lt", label=_("To"))
