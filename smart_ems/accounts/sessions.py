"""The sessions of a user: noted while they are used, listed, and ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from smart_ems.client_address import address_of

from .browser_names import browser_name
from .session_models import UserSession
from .session_store import NOTES, Notes, is_over, moment_of

NOTED_EVERY_S = 60.0
"""Chosen: a page asks every few seconds, and a session is stored once a minute."""
# chosen: what of a session's key is enough to see that it has another.
KEY_LENGTH = 8
# chosen: more sign-ins than anybody tells apart.
MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session as its user sees it."""

    pk: int
    since: datetime
    seen: datetime
    address: str
    browser: str
    is_current: bool


def begin(request: Any, user: User) -> None:
    """Note a new sign-in, and drop sessions that ended by time."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    if request.session.session_key is None:
        request.session.save()
    _note(request, user.pk, since=time.time())


def note_use(request: Any) -> None:
    """Keep that a session is used, at most once a minute, or when its key has changed. That moves its end by itself."""
    user_id = request.session.get(SESSION_KEY)
    if user_id is None or request.session.session_key is None:
        return
    notes: Notes | None = request.session.get(NOTES)
    now = time.time()
    is_noted = notes is not None and notes["key"] == request.session.session_key[:KEY_LENGTH]
    if notes is None or not is_noted or now - notes["seen"] >= NOTED_EVERY_S:
        _note(request, int(user_id), since=notes["since"] if notes else now)


def _note(request: Any, user_id: int, *, since: float) -> None:
    session = request.session
    browser = browser_name(request.META.get("HTTP_USER_AGENT", ""))
    session[NOTES] = Notes(
        since=since, seen=time.time(), address=address_of(request), browser=browser,
        key=session.session_key[:KEY_LENGTH],
    )  # fmt: skip
    try:
        with transaction.atomic():
            UserSession.objects.get_or_create(session_id=session.session_key, defaults={"user_id": user_id})
    except IntegrityError:
        return  # it was ended meanwhile, or another request has just written it


def of(user: User, current_key: str | None) -> list[SignedIn]:
    """The sessions of a user that are good now, the current one first, then by last use."""
    rows = UserSession.objects.filter(user=user, session__expire_date__gt=timezone.now())
    found = [
        _shown(row, notes, is_current=row.session_id == current_key)
        for row in rows.select_related("session").order_by("-session__expire_date")[:MAX_LISTED]
        if (notes := _notes_of(row, user)) is not None
    ]
    return sorted(found, key=lambda each: (not each.is_current, -each.seen.timestamp()))


def _notes_of(row: UserSession, user: User) -> Notes | None:
    """None for a session that is none any more: signed with an older password, or too old."""
    data = row.session.get_decoded()
    is_good = constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    notes: Notes | None = data.get(NOTES)
    return notes if is_good and not is_over(data) else None


def _shown(row: UserSession, notes: Notes, *, is_current: bool) -> SignedIn:
    since, seen = moment_of(notes["since"]), moment_of(notes["seen"])
    return SignedIn(row.pk, since, seen, notes["address"], notes["browser"], is_current)


def end(user: User, pk: int) -> bool:
    """End one session of a user; whether there was one."""
    count, _by_table = Session.objects.filter(belongs_to__pk=pk, belongs_to__user=user).delete()
    return bool(count)


def end_others(user: User, current_key: str | None) -> int:
    """End every session of a user but the current one; how many there were."""
    others = Session.objects.filter(belongs_to__user=user).exclude(session_key=current_key)
    count = others.count()
    others.delete()
    return count
