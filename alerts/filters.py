"""How alerts are filtered: the same fields on the pages, in the CSV export and in the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from mlcore.models import Cause, Detection

from .models import Alert, Resolution

Day = forms.DateInput(attrs={"type": "date", "class": "input"})
Choice = forms.Select(attrs={"class": "select"})


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]  # the library has no types
    """Time (of the raise, whole days in UTC), substation code, severity, kind and cause."""

    since = django_filters.DateFilter("raised_at", "date__gte", label=_("From"), widget=Day)
    until = django_filters.DateFilter("raised_at", "date__lte", label=_("To"), widget=Day)
    substation = django_filters.CharFilter(
        "substation__code",
        "iexact",
        label=_("Substation"),
        widget=forms.TextInput(attrs={"class": "input", "size": 12}),
    )
    severity = django_filters.ChoiceFilter(
        choices=[("critical", _("Critical")), ("warning", _("Warning"))],
        method="by_severity",
        label=_("Severity"),
        empty_label=_("Any"),
        widget=Choice,
    )
    kind = django_filters.ChoiceFilter(
        choices=Detection.Kind.choices, label=_("Kind"), empty_label=_("Any"), widget=Choice
    )
    cause = django_filters.ChoiceFilter(choices=Cause.choices, label=_("Cause"), empty_label=_("Any"), widget=Choice)

    class Meta:
        model = Alert
        fields: list[str] = []

    def by_severity(self, queryset: Any, name: str, value: str) -> Any:
        shown = queryset.with_shown_severity()
        if value == "critical":
            return shown.filter(shown_severity__gte=Detection.Severity.CRITICAL)
        return shown.filter(shown_severity__lt=Detection.Severity.CRITICAL)


class AlertPageFilter(AlertFilter):
    """On a page the time is chosen by its range, in the user's zone, not by days in UTC."""

    since = until = None


class HistoryFilter(AlertFilter):
    """The history can also be filtered by whether an alert is over, and how it ended."""

    state = django_filters.ChoiceFilter(
        choices=[("open", _("Open")), ("closed", _("Closed"))],
        method="by_state",
        label=_("State"),
        empty_label=_("Any"),
        widget=Choice,
    )
    outcome = django_filters.ChoiceFilter(
        "resolutions__outcome",
        choices=Resolution.Outcome.choices,
        label=_("Outcome"),
        empty_label=_("Any"),
        widget=Choice,
        distinct=True,
    )

    def by_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(closed_at__isnull=value == "open")


class HistoryPageFilter(HistoryFilter):
    """On the page of the history the time is chosen by its range, not by days."""

    since = until = None
