"""How second factors are stored and named: their secrets are encrypted with the secret key of the installation."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.secret_box import SecretsUnreadable, seal, unseal


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # without types
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is wrong, or its time is over."),
        "incorrect_key": gettext_lazy("The security key was not recognised. Try again."),
    }

    def encrypt(self, text: str) -> str:
        return seal({"secret": text})

    def decrypt(self, encrypted_text: str) -> str:
        """
        Raises:
            PermissionDenied: it was stored with another secret key.
        """
        try:
            return str(unseal(encrypted_text)["secret"])
        except SecretsUnreadable as error:
            said = _("This second factor was stored with another EMS_SECRET_KEY. An administrator has to end it.")
            raise PermissionDenied(said) from error

    def get_totp_label(self, user: User) -> str:
        return user.get_username()

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()

    def _get_site_name(self) -> str:
        return "Smart EMS"

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002  (its name)
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Security key %(number)d") % {"number": number}
