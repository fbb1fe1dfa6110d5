"""Forms of the pages of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .assignment import assignable
from .guidance import advice_of
from .models import Alert, Resolution

Text = forms.Textarea(attrs={"rows": 3, "class": "input"})


class VerbForm(forms.Form):
    """One of several forms on the same page: its own name is in its ids, since several have a note."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"id_{type(self).__name__.lower()}_%s"} | kwargs)


class AcknowledgeForm(VerbForm):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"class": "input", "placeholder": _("Note (optional)")}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class CommentForm(VerbForm):
    text = forms.CharField(
        label=_("Comment"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2, "class": "input"})
    )


class WithdrawForm(VerbForm):
    note = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


def _line(placeholder: str | Promise = "") -> forms.TextInput:
    return forms.TextInput(attrs={"class": "input", "placeholder": placeholder})


class ShelveForm(VerbForm):
    minutes = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        initial=60,
        choices=[
            (15, _("15 minutes")),
            (60, _("1 hour")),
            (240, _("4 hours")),
            (480, _("8 hours")),
            (720, _("12 hours")),
        ],
        widget=forms.Select(attrs={"class": "select"}),
    )
    note = forms.CharField(label=_("Reason"), max_length=2000, widget=_line())
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class WorkForm(VerbForm):
    hours = forms.TypedChoiceField(
        label=_("Duration"),
        coerce=float,
        initial=8,
        choices=[
            (2, _("2 hours")),
            (4, _("4 hours")),
            (8, _("8 hours")),
            (24, _("1 day")),
            (72, _("3 days")),
            (336, _("2 weeks")),
        ],
        widget=forms.Select(attrs={"class": "select"}),
    )
    reason = forms.CharField(label=_("Work"), max_length=200, widget=_line(_("e.g. oil change")))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class AssignForm(VerbForm):
    """To whom; an empty choice takes it back."""

    assignee = forms.ModelChoiceField(
        queryset=User.objects.none(),
        label=_("Assigned to"),
        required=False,
        to_field_name="username",
        empty_label=_("Nobody"),
        widget=forms.Select(attrs={"class": "select"}),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=1800, widget=_line())
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = assignable()  # type: ignore[attr-defined]  # a ModelChoiceField


class ComeBackForm(VerbForm):
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=_line())
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ShiftNoteForm(VerbForm):
    text = forms.CharField(
        label=_("Note for the next shift"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "input"}),
    )

    def __init__(self, *args: Any, is_required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = is_required


class ResolutionForm(forms.ModelForm[Resolution]):
    """What was found and what was done. The detected cause, the first step of the advice and, of what has cleared, the
    outcome are preselected; one text is asked for.

    A false alarm is an outcome: the cause then says what was taken for one.
    """

    checks = forms.MultipleChoiceField(
        label=_("Checked"), required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "check"})
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Resolution
        fields = ["classification", "checks", "root_cause", "corrective_action", "preventive_strategy", "outcome"]
        widgets = {
            "classification": forms.Select(attrs={"class": "select"}),
            "outcome": forms.Select(attrs={"class": "select"}),
            "root_cause": Text,
            "corrective_action": Text,
            "preventive_strategy": Text,
        }

    def __init__(self, *args: Any, steps: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checks"].choices = [(step, step) for step in steps]  # type: ignore[attr-defined]  # it has choices

    @classmethod
    def of(cls, alert: Alert, data: Any = None) -> Self:
        steps = advice_of(alert).steps
        initial: dict[str, object] = {"version": alert.version, "classification": alert.cause, "checks": steps[:1]}
        if not alert.is_active:
            initial["outcome"] = Resolution.Outcome.RESOLVED
        return cls(data, initial=initial, steps=steps)

    def clean_checks(self) -> str:
        return "\n".join(self.cleaned_data["checks"])

    def findings(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
