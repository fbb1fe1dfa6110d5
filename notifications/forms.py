"""Forms of the pages of notifications. Each says in its errors what was received and what is expected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from substations.models import Substation

from . import channel_services
from .channel_models import ENTERED_KINDS, NotificationChannel, QuietHours
from .on_call_models import (
    Absence,
    EscalationPolicy,
    OnCallRotation,
    PolicyStep,
    RotationMember,
    RotationOverride,
)
from .route_models import ROUTED_KINDS, NotificationRoute

WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
Kind = NotificationChannel.ChannelKind
TARGETS = {
    Kind.EMAIL: (_("Addresses"), _("One or several, separated by commas.")),
    Kind.WEBHOOK: (_("Address"), _("https://… of your server. Messages are signed; the secret is shown once.")),
    Kind.FILE: (_("File"), _("Name of a file in the data folder that gets one JSON line for each message.")),
    Kind.PUSH: (
        _("Service address"),
        _("As apprise writes it: slack://…, tgram://…, workflows://… (Teams), pagerduty://…, twilio://…, ntfy://…."),
    ),
}


class StyledMixin:
    """Gives the widgets the classes of the project's components."""

    fields: dict[str, forms.Field]

    def style(self) -> None:
        for field in self.fields.values():
            widget = field.widget
            css = "input"
            if isinstance(widget, (forms.CheckboxInput, forms.CheckboxSelectMultiple, forms.RadioSelect)):
                css = "check"
            elif isinstance(widget, forms.Select):
                css = "select"
            if isinstance(widget, forms.TimeInput):
                widget.input_type, widget.format = "time", "%H:%M"
            elif isinstance(widget, forms.DateTimeInput):
                widget.input_type = "text"
            elif isinstance(widget, forms.DateInput):
                widget.input_type, widget.format = "date", "%Y-%m-%d"
            widget.attrs.setdefault("class", css)


def languages() -> list[tuple[str, Any]]:
    return [("", _("The site's")), *((code, gettext(name)) for code, name in settings.LANGUAGES)]


class ChannelForm(StyledMixin, forms.ModelForm[NotificationChannel]):
    """A channel of one kind. What is secret is entered, and never shown: left empty, it stays as it is."""

    target = forms.CharField(max_length=2000, required=True, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    language = forms.ChoiceField(label=_("Language"), required=False, choices=languages)

    class Meta:
        model = NotificationChannel
        fields = ["name", "owner", "language", "time_zone", "is_short", "per_minute", "tells_failures"]

    field_order = ["name", "target"]

    def __init__(self, data: Any = None, *, kind: str, instance: NotificationChannel | None = None) -> None:
        super().__init__(data, instance=instance or NotificationChannel(kind=kind))
        self.kind, self.made_secret = kind, ""
        self.is_secret = kind in (Kind.WEBHOOK, Kind.PUSH)
        target = self.fields["target"]
        if kind == Kind.BROWSER:  # the browser itself says where it is
            target.required, target.widget = False, forms.HiddenInput()
        else:
            target.label, target.help_text = TARGETS[Kind(kind)]
        if instance is not None and self.is_secret:
            target.required = False
            target.help_text = gettext("Now %(masked)s. Left empty, it stays as it is.") % {"masked": instance.masked}
        elif instance is not None and kind != Kind.BROWSER:
            self.initial["target"] = instance.destination
        else:
            self.initial["per_minute"] = channel_services.default_per_minute(kind)
        self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("username")  # type: ignore[attr-defined]
        self.style()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        target = cleaned.get("target", "")
        if target and self.kind != Kind.BROWSER and not self.errors.get("target"):
            try:
                self.made_secret = channel_services.set_target(self.instance, target)
            except ValidationError as error:
                self.add_error("target", error)
        return cleaned


class FirstRouteForm(StyledMixin, forms.Form):
    """All alerts to one place, with a test: the shortest way to a first route."""

    kind = forms.ChoiceField(label=_("Where to"), choices=ENTERED_KINDS, initial=Kind.FILE)
    target = forms.CharField(
        label=_("Address"),
        max_length=2000,
        initial="alarms",
        help_text=_("E-mail addresses, the URL of a webhook, a service's address, or a name for the file."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.style()


def sites() -> list[tuple[str, Any]]:
    named = Substation.objects.exclude(site="").order_by("site").values_list("site", flat=True).distinct()
    return [("", _("Every site")), *((site, site) for site in named)]


class RouteForm(StyledMixin, forms.ModelForm[NotificationRoute]):
    """Which alerts go where."""

    site = forms.ChoiceField(label=_("Site"), required=False, choices=sites)
    kinds = forms.MultipleChoiceField(
        label=_("Kinds (none: every kind)"),
        required=False,
        choices=ROUTED_KINDS,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedMultipleChoiceField(
        label=_("Days (none: every day)"),
        required=False,
        coerce=int,
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
    )
    choice_groups = ("channels", "kinds", "days")

    class Meta:
        model = NotificationRoute
        fields = [
            "name", "channels", "policy", "site", "min_severity", "kinds", "days", "from_time", "until_time",
            "time_zone", "wait_s", "critical_wait_s", "interval_s", "reminder_minutes",
            "tells_updates", "is_enabled",
        ]  # fmt: skip
        widgets = {"channels": forms.CheckboxSelectMultiple}

    def __init__(self, data: Any = None, *, instance: NotificationRoute | None = None) -> None:
        super().__init__(data, instance=instance)
        self.fields["channels"].queryset = NotificationChannel.objects.kept()  # type: ignore[attr-defined]
        self.style()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("channels") and not cleaned.get("policy") and not self.errors:
            raise ValidationError(gettext("Choose at least one channel or a policy: this route would reach nobody."))
        if (cleaned.get("from_time") is None) != (cleaned.get("until_time") is None):
            raise ValidationError(gettext("Received one end of the hours; expected both or none."))
        return cleaned


class StepForm(StyledMixin, forms.ModelForm[PolicyStep]):
    class Meta:
        model = PolicyStep
        fields = ["after_minutes", "channel", "user", "rotation"]

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["channel"].queryset = NotificationChannel.objects.kept()  # type: ignore[attr-defined]
        self.style()


class PolicyForm(StyledMixin, forms.ModelForm[EscalationPolicy]):
    class Meta:
        model = EscalationPolicy
        fields = ["name", "reminder_minutes"]

    def __init__(self, data: Any = None, *, instance: EscalationPolicy | None = None) -> None:
        super().__init__(data, instance=instance)
        self.style()


class RotationForm(StyledMixin, forms.ModelForm[OnCallRotation]):
    class Meta:
        model = OnCallRotation
        fields = ["name", "time_zone", "handover", "days", "first_day"]

    def __init__(self, data: Any = None, *, instance: OnCallRotation | None = None) -> None:
        super().__init__(data, instance=instance)
        self.initial.setdefault("time_zone", settings.TIME_ZONE)
        self.style()


class MemberForm(StyledMixin, forms.ModelForm[RotationMember]):
    class Meta:
        model = RotationMember
        fields = ["position", "user"]

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.fields["position"].initial = None  # an empty row stays empty
        self.initial.setdefault("position", None)
        self.style()


class OverrideForm(StyledMixin, forms.ModelForm[RotationOverride]):
    """Times are by the clock of the rotation's page: that of the server unless an offset is given."""

    class Meta:
        model = RotationOverride
        fields = ["user", "start", "end"]

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.style()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end <= start:
            raise ValidationError(gettext("The end lies before the beginning."))
        return cleaned


class AbsenceForm(StyledMixin, forms.ModelForm[Absence]):
    class Meta:
        model = Absence
        fields = ["user", "first_day", "last_day"]

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.style()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            raise ValidationError(gettext("The last day lies before the first."))
        return cleaned


class QuietHoursForm(StyledMixin, forms.ModelForm[QuietHours]):
    class Meta:
        model = QuietHours
        fields = ["start", "end", "time_zone", "critical_passes"]

    def __init__(self, data: Any = None, *, instance: QuietHours) -> None:
        super().__init__(data, instance=instance)
        self.style()


StepFormSet = forms.inlineformset_factory(EscalationPolicy, PolicyStep, form=StepForm, extra=3, max_num=20)
MemberFormSet = forms.inlineformset_factory(OnCallRotation, RotationMember, form=MemberForm, extra=3, max_num=50)
OverrideFormSet = forms.inlineformset_factory(OnCallRotation, RotationOverride, form=OverrideForm, extra=1, max_num=100)
