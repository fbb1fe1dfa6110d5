"""Setting a forgotten password by a link that is sent by mail. Nothing that is answered tells whether an account is
there: a worker looks it up."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from smart_ems import pipeline

from . import sessions, sign_in
from .security_events import Kind, record

RESET_OF = "password reset of "


def is_possible() -> bool:
    """Whether mail can be sent."""
    return "dummy" not in settings.EMAIL_BACKEND


def ask(address: str, *, asked_from: str) -> None:
    """Let links be mailed to an address, five times within a quarter of an hour; nothing where that is reached."""
    if sign_in.begin(f"{RESET_OF}{address}", sign_in.ANY_PLACE, now=timezone.now()) is not None:
        pipeline.password_reset_wanted(address, asked_from)


def mail_links(address: str, asked_from: str) -> None:
    """A mail to each active account of the address that has a password here."""
    for user in PasswordResetForm().get_users(address):
        if settings.PASSWORD_SIGN_IN or user.is_superuser:
            send_mail(_("Set a new password for Smart EMS"), _words(user), None, [user.email])
            record(Kind.RESET_ASKED, user, detail=asked_from)


def _words(user: User) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("reset-password", args=[uid, default_token_generator.make_token(user)])
    said = _(
        "Somebody asked for a new password of the account “%(name)s”. If that was you, set it here within an hour:\n\n"
        "%(link)s\n\nIf it was not, there is nothing to do: the password stays as it is."
    )
    return said % {"name": user.get_username(), "link": f"{settings.PUBLIC_URL}{path}"}


def done(user: User, request: object) -> None:
    """The password was set: whoever was signed in with the old one is not any more."""
    record(Kind.PASSWORD_RESET, user, request=request)
    sessions.end_others(user, None)
