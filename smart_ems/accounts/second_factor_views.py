"""The pages of second factors: django-allauth's views with our templates, and what these need beyond."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn

from . import second_factor


class SecondFactorView(base.AuthenticateView):  # type: ignore[misc]  # without types
    """The second step of signing in."""

    template_name = "accounts/second_factor.html"

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**values)
        return context | {"kinds": _kinds_of(self.stage.login.user)}


class ConfirmByPasswordView(ReauthenticateView):  # type: ignore[misc]
    template_name = "accounts/confirm_password.html"


class ConfirmByCodeView(base.ReauthenticateView):  # type: ignore[misc]
    template_name = "accounts/confirm_code.html"


class ConfirmByKeyView(webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    template_name = "accounts/confirm_key.html"


class FactorsView(base.IndexView):  # type: ignore[misc]
    """One's own second factors."""

    template_name = "accounts/factors.html"

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**values)
        found = list(Authenticator.objects.filter(user=self.request.user).order_by("created_at"))
        codes = [each for each in found if each.type == Authenticator.Type.RECOVERY_CODES]
        return context | {
            "app": next((each for each in found if each.type == Authenticator.Type.TOTP), None),
            "security_keys": [each for each in found if each.type == Authenticator.Type.WEBAUTHN],
            "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
            "is_required": second_factor.is_required_of(self.request.user),
        }


class AddAppView(totp.ActivateTOTPView):  # type: ignore[misc]
    template_name = "accounts/add_app.html"


class EndAppView(totp.DeactivateTOTPView):  # type: ignore[misc]
    template_name = "accounts/end_factor.html"


class AddKeyView(webauthn.AddWebAuthnView):  # type: ignore[misc]
    template_name = "accounts/add_key.html"

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**values)
        return context | values  # allauth forgets the form that was refused


class EndKeyView(webauthn.RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "accounts/end_factor.html"


class RecoveryCodesView(recovery_codes.ViewRecoveryCodesView):  # type: ignore[misc]
    template_name = "accounts/recovery_codes.html"


class NewRecoveryCodesView(recovery_codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    template_name = "accounts/new_recovery_codes.html"


def _kinds_of(user: Any) -> set[str]:
    return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
