"""How often somebody may try to sign in, on a page, by the API or to the administration.

Tries are counted by account and address, in the database.

Guessing is stopped and nobody else is: an account is closed to the address that guesses, for fifteen minutes. Guesses
from many addresses close it to all but those it was signed in from before, so that its owner still gets in. There is no
limit by address alone: behind one proxy that would close the site to everybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from .models import SignInAttempt

# chosen: a person mistypes less often, and is locked out for no longer than a coffee; 480 guesses a day are hopeless.
WINDOW = timedelta(minutes=15)
MAX_FROM_ONE_ADDRESS = 5
# chosen: more than a team that mistypes, less than a botnet needs.
MAX_FROM_ANYWHERE = 30
# chosen: a holiday from the usual computer.
KNOWN_FOR = timedelta(days=30)


def account_of(name: str) -> str:
    """What stands for a user name in the table: people type passwords into that field, so it is not kept itself."""
    return salted_hmac("smart_ems.accounts.sign_in", name.strip().casefold()).hexdigest()


def address_of(request: HttpRequest | None) -> str:
    """Where a request comes from; empty for none, as of a command. Behind a proxy the last hop that the proxy saw."""
    if request is None:
        return ""
    address = str(request.META.get("REMOTE_ADDR") or "")
    if settings.SECURE_PROXY_SSL_HEADER:  # EMS_BEHIND_PROXY: what the proxy says can be believed
        address = str(request.META.get("HTTP_X_FORWARDED_FOR", address)).rsplit(",", 1)[-1].strip()
    return address[:64]


def wait(name: str, address: str, *, now: datetime) -> timedelta | None:
    """How long until another try of this account from this address is looked at; None if it is now."""
    recent = SignInAttempt.objects.filter(account=account_of(name), at__gt=now - WINDOW, succeeded=False)
    here = list(recent.filter(address=address).order_by("-at").values_list("at", flat=True)[:MAX_FROM_ONE_ADDRESS])
    if len(here) == MAX_FROM_ONE_ADDRESS:
        return here[-1] + WINDOW - now
    if _is_known(name, address, now):
        return None
    anywhere = list(recent.order_by("-at").values_list("at", flat=True)[:MAX_FROM_ANYWHERE])
    return anywhere[-1] + WINDOW - now if len(anywhere) == MAX_FROM_ANYWHERE else None


def _is_known(name: str, address: str, now: datetime) -> bool:
    signed_in = SignInAttempt.objects.filter(account=account_of(name), address=address, succeeded=True)
    return signed_in.filter(at__gt=now - KNOWN_FOR).exists()


def record(name: str, address: str, *, succeeded: bool, now: datetime) -> None:
    """Keep an attempt, and drop what no question can reach any more. A success ends the count of its address."""
    SignInAttempt.objects.filter(at__lte=now - KNOWN_FOR).delete()
    if succeeded:
        SignInAttempt.objects.filter(account=account_of(name), address=address).delete()
    SignInAttempt.objects.create(account=account_of(name), address=address, succeeded=succeeded, at=now)


class SignInForm(AuthenticationForm):
    """Says how long to wait where the limit was reached."""

    def get_invalid_login_error(self) -> ValidationError:
        left = wait(self.cleaned_data.get("username", ""), address_of(self.request), now=timezone.now())
        if left is None:
            return super().get_invalid_login_error()
        minutes = max(1, -(-left // timedelta(minutes=1)))
        return ValidationError(
            ngettext(
                "Too many attempts. This account can be tried again from here in %(minutes)d minute.",
                "Too many attempts. This account can be tried again from here in %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes},
            code="too_many",
        )


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The same limit for the administration."""
