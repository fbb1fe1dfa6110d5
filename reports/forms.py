"""Forms: one for each kind of report, and a schedule."""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert
from core.time_range import FIRST, LAST
from losses.report_period import month_of, shifted
from substations.models import Substation

from .models import Report, ReportSchedule

MONTH = re.compile(r"(\d{4})-(\d{2})")
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""What a database of any kind holds."""


def month_from(text: str) -> date:
    """The first day of a month like 2026-03. ValidationError for anything else."""
    matched = MONTH.fullmatch(text.strip())
    year, month = (int(part) for part in matched.groups()) if matched else (0, 0)
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        said = gettext("Received “%(text)s” as a month; expected it like 2026-01.")
        raise ValidationError(said % {"text": text[:40]})
    return date(year, month, 1)


def time_from(text: str, zone: tzinfo) -> datetime:
    """A time like 2026-03-02T06:00, on a clock where it names no offset. ValidationError for anything else."""
    try:
        at = datetime.fromisoformat(text.strip())
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        if not FIRST <= at <= LAST:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        said = gettext("Received “%(text)s” as a time; expected it like 2026-03-02T06:00.")
        raise ValidationError(said % {"text": text[:40]}) from error
    return at


def end_of(month: date) -> date:
    return date.fromordinal(shifted(month_of(month), 1).toordinal() - 1)


class MonthField(forms.CharField):
    widget = forms.TextInput(attrs={"type": "month", "class": "input", "placeholder": "2026-03"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return month_from(text) if text else None


class ScopeForm(forms.Form):
    """Site or substation; neither is the whole grid."""

    site = forms.ChoiceField(label=_("Site"), required=False, widget=forms.Select(attrs={"class": "select"}))
    substation = forms.CharField(
        label=_("Substation"),
        required=False,
        help_text=_("Code of one, instead of a site."),
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["site"].choices = site_choices()  # type: ignore[attr-defined]  # of a ChoiceField

    def clean_substation(self) -> Substation | None:
        code = self.cleaned_data["substation"].strip()
        return substation_with(code) if code else None

    def scope(self) -> dict[str, Any]:
        substation = self.cleaned_data["substation"]
        # A site beside the code of one of its substations says nothing more.
        site = "" if substation and substation.site == self.cleaned_data["site"] else self.cleaned_data["site"]
        return {"site": site, "substation": substation}

    def report(self) -> Report:
        """What is asked for; not saved."""
        raise NotImplementedError


class MonthlyForm(ScopeForm):
    kind: str = Report.ReportKind.MONTHLY
    month = MonthField(label=_("Month"))
    to = MonthField(label=_("To"), required=False, help_text=_("Last month, where it is more than one."))

    def report(self) -> Report:
        first = self.cleaned_data["month"]
        last = end_of(self.cleaned_data["to"] or first)
        return Report(kind=self.kind, first_day=first, last_day=last, **self.scope())


class FeedersForm(MonthlyForm):
    kind = Report.ReportKind.FEEDERS


class ShiftForm(ScopeForm):
    start = forms.CharField(
        label=_("Begin"), widget=forms.TextInput(attrs={"type": "datetime-local", "class": "input"})
    )
    end = forms.CharField(label=_("End"), widget=forms.TextInput(attrs={"type": "datetime-local", "class": "input"}))

    def __init__(self, *args: Any, zone: tzinfo, **values: Any) -> None:
        super().__init__(*args, **values)
        self.zone = zone
        self.fields["start"].help_text = self.fields["end"].help_text = gettext("Clock: %(zone)s") % {"zone": zone}

    def clean_start(self) -> datetime:
        return time_from(self.cleaned_data["start"], self.zone)

    def clean_end(self) -> datetime:
        return time_from(self.cleaned_data["end"], self.zone)

    def report(self) -> Report:
        times = {name: self.cleaned_data[name] for name in ("start", "end")}
        return Report(kind=Report.ReportKind.SHIFT, **times, **self.scope())


class AlertForm(forms.Form):
    alert = forms.IntegerField(
        label=_("Alert"), min_value=1, max_value=2**63 - 1, widget=forms.NumberInput(attrs={"class": "input"}),
        help_text=_("Its number, as it stands in its title."),
    )  # fmt: skip

    def clean_alert(self) -> Alert:
        return alert_with(self.cleaned_data["alert"])

    def report(self) -> Report:
        return Report(kind=Report.ReportKind.ALERT, alert=self.cleaned_data["alert"])


class ScheduleForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Report"), choices=ReportSchedule.ScheduledKind.choices, widget=forms.Select(attrs={"class": "select"})
    )
    site = forms.ChoiceField(label=_("Site"), required=False, widget=forms.Select(attrs={"class": "select"}))
    recipients = forms.CharField(
        label=_("Addresses"),
        max_length=2000,
        help_text=_("E-mail addresses, one a line or separated by commas."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "input"}),
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["site"].choices = site_choices()  # type: ignore[attr-defined]  # of a ChoiceField

    def clean_recipients(self) -> list[str]:
        parts = re.split(r"[\s,;]+", self.cleaned_data["recipients"])
        return list(dict.fromkeys(part for part in parts if part))


def site_choices() -> list[tuple[str, str]]:
    sites = Substation.objects.exclude(site="").values_list("site", flat=True).distinct().order_by("site")
    return [("", gettext("Whole grid")), *((site, site) for site in sites)]


def substation_with(code: str) -> Substation:
    """ValidationError where there is none."""
    found = Substation.objects.filter(code=code).first()
    if found is None:
        raise ValidationError(gettext("No substation has the code “%(code)s”.") % {"code": code[:40]})
    return found


def alert_with(number: int) -> Alert:
    """ValidationError where there is none."""
    found = Alert.objects.filter(pk=number).first()
    if found is None:
        raise ValidationError(gettext("No alert has the number %(number)d.") % {"number": number})
    return found
