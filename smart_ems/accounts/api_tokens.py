"""Making, finding and ending tokens of the API.

A token is 256 random bits: its plain SHA-256 is stored, since nobody can guess what a slower hash would protect.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from .site_scopes import RIGHTS, rights_column
from .token_models import ApiToken, Scope

PREFIX = "ems_"
"""So that scanners for leaked secrets, and people, see what it is."""
HINT_LENGTH = 10
# chosen: a year of use before somebody has to look at it again; as GitLab and others give at most.
DEFAULT_DAYS = 365
# chosen: more than anybody tells apart; a script that makes one at each run is noticed.
MAX_TOKENS = 100
# chosen: a script that signs in by password at each run works on, and a leaked token of it is soon no good.
BY_PASSWORD_DAYS = 1
MAX_BY_PASSWORD = 20
BY_PASSWORD = "by password"  # noqa: S105  (a name)
USE_NOTED_EVERY = timedelta(minutes=1)
# chosen: long enough to see on the page why a program stopped.
EXPIRED_KEPT_FOR = timedelta(days=30)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def default_days() -> int:
    return min(DEFAULT_DAYS, settings.TOKEN_MAX_DAYS or DEFAULT_DAYS)


def expiry(days: int, *, now: datetime) -> datetime | None:
    """When a token made now for so many days expires; None for 0, which is never.

    Raises:
        ValidationError: the site does not allow so long a time.
    """
    limit = settings.TOKEN_MAX_DAYS
    if limit and not 1 <= days <= limit:
        said = _("Received %(days)d days; expected 1 to %(limit)d.") % {"days": days, "limit": limit}
        raise ValidationError(said, code="days")
    if days < 0 or days > timedelta.max.days // 1000:
        raise ValidationError(_("Received %(days)d days; expected 1 or more, or 0 for never.") % {"days": days})
    return now + timedelta(days=days) if days else None


@transaction.atomic
def make(user: User, *, name: str, scopes: Iterable[str], days: int, now: datetime) -> tuple[ApiToken, str]:
    """A new token and its secret, which can be shown this one time.

    Raises:
        ValidationError: no such scope or time, no name or too long a one, or the user has too many tokens.
    """
    expires_at = expiry(days, now=now)
    ApiToken.objects.filter(expires_at__lte=now - EXPIRED_KEPT_FOR).delete()
    if valid(now).filter(user=user).count() >= MAX_TOKENS:
        raise ValidationError(_("You have %(count)d tokens: revoke one first.") % {"count": MAX_TOKENS})
    secret = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        user=user, name=name, scopes=_known(scopes), digest=digest_of(secret), hint=secret[:HINT_LENGTH],
        created_at=now, expires_at=expires_at,
    )  # fmt: skip
    made.full_clean()
    made.save(force_insert=True)
    return made, secret


def _known(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    if not wanted or wanted - set(Scope.values):
        received = ", ".join(sorted(wanted)) or _("none")
        said = _("Received the scopes %(received)s; expected one or more of %(expected)s.")
        raise ValidationError(said % {"received": received, "expected": ", ".join(Scope.values)})
    return [scope for scope in Scope.values if scope in wanted]


def make_by_password(user: User, *, now: datetime) -> tuple[ApiToken, str]:
    """A token for somebody who gave name and password: with every scope, and for a day. The newest twenty stay."""
    before = ApiToken.objects.filter(user=user, name=BY_PASSWORD).order_by("-created_at", "-pk")
    ApiToken.objects.filter(pk__in=list(before.values_list("pk", flat=True)[MAX_BY_PASSWORD - 1 :])).delete()
    return make(user, name=BY_PASSWORD, scopes=Scope.values, days=BY_PASSWORD_DAYS, now=now)


def valid(now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now))


def find(secret: str) -> ApiToken | None:
    """The token of a secret with its user and their preferences, also an expired one."""
    found = ApiToken.objects.select_related("user", "user__preferences")
    found = found.annotate(**{RIGHTS: rights_column(OuterRef("user"))})
    token = found.filter(digest=digest_of(secret)).first()
    if token is not None:
        setattr(token.user, RIGHTS, getattr(token, RIGHTS))
    return token


def note_use(token: ApiToken, *, now: datetime) -> bool:
    """Keep when it was used last, at most once a minute: a meter that sends each second does not write each second.

    True where this is the first use.
    """
    if token.last_used_at is not None and token.last_used_at > now - USE_NOTED_EVERY:
        return False
    mine = ApiToken.objects.filter(pk=token.pk)
    if token.last_used_at is None and mine.filter(last_used_at=None).update(last_used_at=now):
        return True
    mine.update(last_used_at=now)
    return False


def end_all(user: User) -> int:
    """Revoke every token of a user; how many there were."""
    count, _by_table = ApiToken.objects.filter(user=user).delete()
    return count
