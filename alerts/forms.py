"""Forms of the alert desk."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Resolution

Text = forms.Textarea(attrs={"rows": 3, "class": "form-control"})


class AcknowledgeForm(forms.Form):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"class": "form-control", "placeholder": _("What you are doing about it")}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Comment"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"})
    )


class WithdrawForm(forms.Form):
    note = forms.CharField(
        label=_("Why it is handed back"),
        max_length=2000,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ResolutionForm(forms.ModelForm[Resolution]):
    """What was found and what was done."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Resolution
        fields = ["classification", "root_cause", "corrective_action", "preventive_strategy", "outcome"]
        widgets = {
            "classification": forms.Select(attrs={"class": "form-select"}),
            "outcome": forms.Select(attrs={"class": "form-select"}),
            "root_cause": Text,
            "corrective_action": Text,
            "preventive_strategy": Text,
        }

    def findings(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}
