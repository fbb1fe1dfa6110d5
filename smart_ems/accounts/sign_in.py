"""How often somebody may try to sign in, on the page or by the API.

Tries are counted in the database, by account and by where they come from: the network of the client, or the browser if
the account was signed in from it before. Guessing is slowed down and nobody is locked out:

- Five wrong passwords from one network close the account to that network alone, for fifteen minutes.
- A browser that the account was signed in from has a count of its own, whatever its network does.
- Thirty wrong ones from all networks together leave each network one try in fifteen minutes: too few to guess with many
  addresses, and enough for somebody who knows the password. Networks that it was signed in from keep their five.

There is no limit by address alone: behind one proxy that would close the site to everybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from smart_ems.client_address import address_of, network_of

from .known_devices import device_of
from .models import SignInAttempt

# chosen: a person mistypes less often, and is locked out for no longer than a coffee; 480 guesses a day are hopeless.
WINDOW = timedelta(minutes=15)
MAX_FROM_ONE_PLACE = 5
# chosen: more than a team that mistypes, less than a botnet needs.
MAX_FROM_ANYWHERE = 30
MAX_UNDER_ATTACK = 1
# chosen: a holiday from the usual computer.
KNOWN_FOR = timedelta(days=30)
DEVICE = "device:"
CODE_OF = "second factor of "
ANY_PLACE = "anywhere"


class DirectoryAwayError(Exception):
    """The directory of accounts cannot be reached, or does not let the service's account in."""


def account_of(name: str) -> str:
    """What stands for a user name in the table: people type passwords into that field, so it is not kept itself."""
    return salted_hmac("smart_ems.accounts.sign_in", name.strip().casefold()).hexdigest()


def place_of(request: HttpRequest | None, name: str) -> str:
    """Whose budget an attempt takes: of a browser that is known, else of a network; empty for a command."""
    if request is None:
        return ""
    device = device_of(request, account_of(name))
    return DEVICE + device if device else network_of(address_of(request))


def wait(name: str, place: str, *, now: datetime) -> timedelta | None:
    """How long until another try of this account from this place is looked at; None if it is now."""
    recent = _failures(name, now)
    budget = _budget(recent, name, place, now)
    here = list(recent.filter(address=place).order_by("-at").values_list("at", flat=True)[:budget])
    return here[-1] + WINDOW - now if len(here) == budget else None


def _failures(name: str, now: datetime) -> QuerySet[SignInAttempt]:
    return SignInAttempt.objects.filter(account=account_of(name), at__gt=now - WINDOW, succeeded=False)


def _budget(recent: QuerySet[SignInAttempt], name: str, place: str, now: datetime) -> int:
    if place.startswith(DEVICE) or _is_known(name, place, now):
        return MAX_FROM_ONE_PLACE
    strange = recent.exclude(address__startswith=DEVICE)
    return MAX_FROM_ONE_PLACE if strange.count() < MAX_FROM_ANYWHERE else MAX_UNDER_ATTACK


def _is_known(name: str, place: str, now: datetime) -> bool:
    signed_in = SignInAttempt.objects.filter(account=account_of(name), address=place, succeeded=True)
    return signed_in.filter(at__gt=now - KNOWN_FOR).exists()


def begin(name: str, place: str, *, now: datetime) -> SignInAttempt | None:
    """Count an attempt before the password is looked at, so that many at once are no way round; None: it is refused.

    Drops what no question can reach any more.
    """
    if wait(name, place, now=now) is not None:
        return None
    SignInAttempt.objects.filter(at__lte=now - KNOWN_FOR).delete()
    attempt = SignInAttempt.objects.create(account=account_of(name), address=place, succeeded=False, at=now)
    before = _failures(name, now).filter(pk__lt=attempt.pk)
    if before.filter(address=place).count() >= _budget(before, name, place, now):
        attempt.delete()
        return None
    return attempt


def succeed(attempt: SignInAttempt, network: str) -> None:
    """The password was right: that ends the count of the place, and makes the network known."""
    mine = SignInAttempt.objects.filter(account=attempt.account)
    mine.filter(address=attempt.address).delete()
    mine.filter(address=network, succeeded=True).delete()
    SignInAttempt.objects.create(account=attempt.account, address=network, succeeded=True, at=attempt.at)


def begin_code(user: User, request: Any, *, now: datetime) -> SignInAttempt:
    """Count an attempt at a code of the second factor, before it is looked at.

    A code has six digits, and who gets so far knows the password: all browsers that are not known have five together.

    Raises:
        ValidationError: there were too many wrong ones; it says how long to wait.
    """
    name = f"{CODE_OF}{user.get_username()}"
    device = device_of(request, account_of(user.get_username()))
    place = DEVICE + device if device else ANY_PLACE
    attempt = begin(name, place, now=now)
    if attempt is None:
        raise too_many(wait(name, place, now=now) or WINDOW)
    return attempt


def too_many(left: timedelta) -> ValidationError:
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


class SignInForm(AuthenticationForm):
    """Says how long to wait where the limit was reached."""

    def get_invalid_login_error(self) -> ValidationError:
        if getattr(self.request, "directory_is_away", False):
            return ValidationError(_("The directory of accounts cannot be reached. Try again later."), code="away")
        name = self.cleaned_data.get("username", "")
        left = wait(name, place_of(self.request, name), now=timezone.now())
        return super().get_invalid_login_error() if left is None else too_many(left)
