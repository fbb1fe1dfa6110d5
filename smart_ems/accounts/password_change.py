"""Changing one's password, and ending what was opened with the old one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import api_tokens, sessions
from .security_events import Kind, record
from .token_models import ApiToken


class NewPasswordForm(PasswordChangeForm):
    """With a tick for the tokens, where there are any."""

    end_tokens = forms.BooleanField(
        label=_("End my API tokens too"),
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "check"}),
        help_text=_("Programs that use them are refused until they have new ones."),
    )

    def __init__(self, user: Any, *args: Any, **values: Any) -> None:
        super().__init__(user, *args, **values)
        if not ApiToken.objects.filter(user=user).exists():
            del self.fields["end_tokens"]


class OwnPasswordView(PasswordChangeView):
    form_class = NewPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        record(Kind.PASSWORD_CHANGED, form.user, request=self.request)
        sessions.end_others(form.user, self.request.session.session_key)
        if form.cleaned_data.get("end_tokens"):
            count = api_tokens.end_all(form.user)
            record(Kind.TOKEN_REVOKED, form.user, request=self.request, detail=f"all {count}")
            said = ngettext("%(count)d API token is revoked.", "%(count)d API tokens are revoked.", count)
            messages.success(self.request, said % {"count": count})
        return answer
