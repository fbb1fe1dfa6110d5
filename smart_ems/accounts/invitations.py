"""Inviting somebody, and the account that is made of it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from smart_ems.roles import ROLES

from .invitation_models import Invitation
from .security_events import Kind, record

# chosen: a holiday week; a link found later in a mailbox opens nothing.
LASTS = timedelta(days=7)


def roles_to_give(user: User) -> list[str]:
    """The roles into which somebody may invite: nobody gives more than they have."""
    return [role for role, permissions in ROLES.items() if user.has_perms(permissions)]


def invite(invitation: Invitation, *, by: User | None, now: datetime, request: Any = None) -> str:
    """Store a new invitation of an address into a role; the path of its link, which can be shown this one time."""
    secret = secrets.token_urlsafe(32)
    invitation.digest = _digest_of(secret)
    invitation.invited_by = by
    invitation.created_at, invitation.expires_at = now, now + LASTS
    invitation.full_clean()
    invitation.save(force_insert=True)
    record(Kind.INVITED, invitation.email[:150], request=request, detail=invitation.role)
    return reverse("invitation", args=[secret])


def mail(invitation: Invitation, path: str) -> None:
    """
    Raises:
        OSError: the mail server does not take it.
    """
    said = _("You are invited to Smart EMS. Choose your name and password here until %(day)s:\n\n%(link)s")
    words = {"day": f"{invitation.expires_at:%Y-%m-%d}", "link": f"{settings.PUBLIC_URL}{path}"}
    send_mail(_("Your account of Smart EMS"), said % words, None, [invitation.email])


def find(secret: str, *, now: datetime) -> Invitation | None:
    """The invitation of a link that can still be used."""
    found = Invitation.objects.filter(digest=_digest_of(secret), used_at=None, expires_at__gt=now)
    return found.first()


@transaction.atomic
def accept(invitation: Invitation, user: User, *, now: datetime, request: Any) -> bool:
    """Store the new account with its role; False where somebody used the link meanwhile."""
    # Under a lock, and saved: an UPDATE would be missing in the history of changes.
    unused = Invitation.objects.select_for_update().filter(pk=invitation.pk, used_at=None, expires_at__gt=now).first()
    if unused is None:
        return False
    user.email = invitation.email
    user.save()
    user.groups.add(Group.objects.get(name=invitation.role))
    unused.used_at, unused.user = now, user
    unused.save(update_fields=["used_at", "user"])
    record(Kind.INVITATION_USED, user, request=request, detail=f"{invitation.email}: {invitation.role}")
    return True


def _digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
