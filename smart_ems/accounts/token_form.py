"""What somebody says who makes a token."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import api_tokens
from .token_models import ApiToken, Scope

# chosen: a test, a month, a quarter and a year.
OFFERED_DAYS = (7, 30, 90, 365)
SCOPE_MEANINGS = [
    (Scope.READ, _("Read: everything that you may see")),
    (Scope.WRITE_READINGS, _("Write readings: send readings and files")),
    (Scope.OPERATE, _("Operate: every other change you may make")),
]


class TokenForm(forms.ModelForm[ApiToken]):
    """Name, scopes and how long it lasts."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes"), choices=SCOPE_MEANINGS, initial=[Scope.READ], widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=_("Expires after"), coerce=int, choices=lambda: offered_days(), initial=api_tokens.default_days
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scopes"]
        widgets = {"name": forms.TextInput(attrs={"class": "input", "autocomplete": "off"})}

    field_order = ["name", "scopes", "days"]

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["scopes"].widget.attrs["class"] = "check"
        self.fields["days"].widget.attrs["class"] = "select"


def offered_days() -> list[tuple[int, Any]]:
    """Up to what the site allows, which is offered too; without a limit also never."""
    limit = settings.TOKEN_MAX_DAYS
    days = sorted({each for each in OFFERED_DAYS if not limit or each <= limit} | ({limit} if limit else set()))
    named: list[tuple[int, Any]] = [
        (each, ngettext("%(days)d day", "%(days)d days", each) % {"days": each}) for each in days
    ]
    return named if limit else [*named, (0, _("Never"))]
