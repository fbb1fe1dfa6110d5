"""The forms of second factors: guesses of codes are limited as those of passwords are, and a code is good once."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import sign_in
from .security_events import Kind, record

CODE_FIELD = forms.CharField(
    label=gettext_lazy("Code"),
    max_length=32,
    widget=forms.TextInput(
        attrs={"class": "input", "autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none"}
    ),
)


def check_code(user: User, code: str, request: Any) -> None:
    """Take a code of the app or a recovery code of somebody, who cannot use it a second time.

    Raises:
        ValidationError: it is wrong or was used, or there were too many wrong ones.
    """
    attempt = sign_in.begin_code(user, request, now=timezone.now())
    try:
        kind = _taken(user, code)
    except ValidationError:
        record(Kind.CODE_REFUSED, user, request=request)
        raise
    sign_in.succeed(attempt, attempt.address)
    if kind == Authenticator.Type.RECOVERY_CODES:
        record(Kind.RECOVERY_CODE_USED, user, request=request)


@transaction.atomic
def _taken(user: User, code: str) -> str:
    """Under a lock of the person's factors: of two requests with one code, one gets in."""
    manual = Authenticator.objects.select_for_update().filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    for factor in manual.order_by("-type"):
        is_right = _takes_counter(factor, code) if factor.type == Authenticator.Type.TOTP else False
        if is_right or (factor.type != Authenticator.Type.TOTP and factor.wrap().validate_code(code)):
            factor.record_usage()
            return str(factor.type)
    raise get_adapter().validation_error("incorrect_code")


def _takes_counter(factor: Authenticator, code: str) -> bool:
    """Whether it is a code of the app; its time step and those before it are used up then (RFC 6238 section 5.2)."""
    secret = decrypt(factor.data["secret"])
    steps = [
        step
        for step in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    ]
    if not steps:
        return False
    if steps[0] <= factor.data.get("last_counter", 0):
        raise ValidationError(_("This code was used already. Wait for the next one."), code="used")
    factor.data["last_counter"] = steps[0]
    factor.save(update_fields=["data"])
    return True


class LimitedCodeMixin:
    """Put before a form of allauth that asks for a code."""

    user: User
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        check_code(self.user, code, context.request)
        used = Authenticator.objects.filter(user=self.user).exclude(last_used_at=None).order_by("-last_used_at")
        self.authenticator = used[0]
        return code


class CodeForm(LimitedCodeMixin, AuthenticateForm):  # type: ignore[misc]  # without types
    code = CODE_FIELD


class ConfirmingCodeForm(LimitedCodeMixin, ReauthenticateForm):  # type: ignore[misc]
    code = CODE_FIELD


class AppForm(ActivateTOTPForm):  # type: ignore[misc]
    code = forms.CharField(label=gettext_lazy("Code of the app"), max_length=16, widget=CODE_FIELD.widget)


class SoundCredentialMixin:
    """Put before a form that takes the answer of a security key: what is none of the right form is wrong, too."""

    def clean(self) -> Any:
        return self._sound(super().clean)  # type: ignore[misc]  # a mixin

    def _sound(self, checked: Any) -> Any:
        try:
            return checked()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise get_adapter().validation_error("incorrect_key") from error


class NewKeyForm(SoundCredentialMixin, AddWebAuthnForm):  # type: ignore[misc]
    # chosen: a name for a key fits into one line
    name = forms.CharField(
        label=gettext_lazy("Name of the key"), max_length=60, required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )  # fmt: skip


class KeyForm(SoundCredentialMixin, AuthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return self._sound(super().clean_credential)


class ConfirmingKeyForm(SoundCredentialMixin, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    def clean_credential(self) -> Any:
        return self._sound(super().clean_credential)
