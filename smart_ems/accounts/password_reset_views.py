"""The pages of a forgotten password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView

from smart_ems.client_address import address_of

from . import password_reset


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "email", "autofocus": True}),
    )  # fmt: skip


@method_decorator(login_not_required, name="dispatch")
class ForgotPasswordView(FormView[AddressForm]):
    form_class = AddressForm
    template_name = "accounts/forgot_password.html"

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        return super().get_context_data(**values) | {"is_possible": password_reset.is_possible()}

    def form_valid(self, form: AddressForm) -> HttpResponse:
        if password_reset.is_possible():
            password_reset.ask(form.cleaned_data["email"], asked_from=address_of(self.request))
        return self.render_to_response(self.get_context_data(form=form, is_sent=True))


class ResetPasswordView(PasswordResetConfirmView):
    """The link is good for an hour, and until the password is changed or somebody signs in."""

    template_name = "accounts/reset_password.html"
    success_url = reverse_lazy("login")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        password_reset.done(form.user, self.request)
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return answer
