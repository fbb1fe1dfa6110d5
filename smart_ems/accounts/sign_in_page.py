"""The page of signing in, which the administration uses too: by password, then by the second factor if there is one."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import views as auth
from django.http import HttpResponse

from . import password_reset
from .sign_in import SignInForm


class SignInView(auth.LoginView):
    """The session begins where ``user_logged_in`` is sent: after the second factor."""

    redirect_authenticated_user = True
    authentication_form = SignInForm

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        provider = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        return super().get_context_data(**values) | {"provider": provider, "can_reset": password_reset.is_possible()}

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        # A fresh sign-in counts as a confirmation where a second factor is set up right after it.
        record_authentication(self.request, user, "password", reauthenticated=True)
        login = Login(user=user, redirect_url=self.get_success_url(), email_verification="none")
        answer: HttpResponse = perform_login(self.request, login)
        return answer
