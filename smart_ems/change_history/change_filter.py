"""How changes are filtered: the same fields on the page, in the CSV export and in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from substations.models import Substation

from .change_sentences import kind_label
from .models import ConfigurationChange
from .tracked_models import TRACKED

Text = forms.TextInput(attrs={"class": "input", "size": 12})
Choice = forms.Select(attrs={"class": "select"})


def kinds() -> list[tuple[str, str]]:
    """Each kind of object that can be configured, with its name, in the order of the names."""
    return sorted(((each.label.lower(), kind_label(each.label)) for each in TRACKED), key=lambda kind: kind[1])


class ChangeFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """Kind of object, one object by its key, substation code, name, author, way and action."""

    subject = django_filters.ChoiceFilter(choices=kinds, label=_("Kind"), empty_label=_("Any"), widget=Choice)
    subject_pk = django_filters.CharFilter("subject_pk", "exact", widget=forms.HiddenInput())
    substation = django_filters.CharFilter(method="by_substation", label=_("Substation"), widget=Text)
    name = django_filters.CharFilter("name", "icontains", label=_("Name"), widget=Text)
    author = django_filters.CharFilter("author", "iexact", label=_("By"), widget=Text)
    origin = django_filters.ChoiceFilter(
        choices=ConfigurationChange.Origin.choices, label=_("By way of"), empty_label=_("Any"), widget=Choice
    )
    action = django_filters.ChoiceFilter(
        choices=ConfigurationChange.ChangeAction.choices, label=_("What"), empty_label=_("Any"), widget=Choice
    )

    class Meta:
        model = ConfigurationChange
        fields: list[str] = []

    def by_substation(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of the substation itself and of what belongs to it; one that was deleted is found by its name."""
        known = Substation.objects.filter(code__iexact=value).values("pk")
        gone = Q(subject="substations.substation", name__istartswith=f"{value} ") | Q(
            subject="substations.substation", name__iexact=value
        )
        return queryset.filter(Q(substation_pk__in=known) | gone)


class ChangeApiFilter(ChangeFilter):
    """With the time as parameters, which a page takes from its range."""

    since = django_filters.IsoDateTimeFilter("at", "gte", label=_("From"))
    until = django_filters.IsoDateTimeFilter("at", "lt", label=_("To"))
