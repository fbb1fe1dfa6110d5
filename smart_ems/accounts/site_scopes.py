"""What one user is given, as the scope that queries obey (``core.site_rights``)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from core.site_rights import SiteScope, holder
from substations.models import Substation

from .site_grant_models import SiteGrant

RIGHTS = "site_rights"
"""The attribute of a user that was read together with what it is given."""


class SiteRights(StrEnum):
    """What somebody's grants come to. NONE: nothing is said, so the policy of the installation holds."""

    ALL = "all"
    GIVEN = "given"
    NONE = "none"


def held_by(user: Combinable | int) -> QuerySet[SiteGrant]:
    """What is given to a user (a key, or the column of an outer query), directly and by groups."""
    return SiteGrant.objects.filter(Q(user_id=user) | Q(group__user=user))


def rights_column(user: Combinable) -> Case:
    """The ``SiteRights`` of each user of a query, so that nobody has to ask once more."""
    held = held_by(user)
    return Case(
        When(Exists(held.filter(everything=True)), then=Value(SiteRights.ALL.value)),
        When(Exists(held), then=Value(SiteRights.GIVEN.value)),
        default=Value(SiteRights.NONE.value),
    )


def rights_of(user: User | AnonymousUser) -> SiteRights:
    if user.pk is None:
        return SiteRights.GIVEN
    if user.is_superuser:
        return SiteRights.ALL
    if not hasattr(user, RIGHTS):
        given = list(held_by(user.pk).values_list("everything", flat=True))
        found = SiteRights.ALL if any(given) else SiteRights.GIVEN if given else SiteRights.NONE
        setattr(user, RIGHTS, found.value)
    found = SiteRights(getattr(user, RIGHTS))
    if found is SiteRights.NONE:
        return SiteRights.GIVEN if settings.SITES == "given" else SiteRights.ALL
    return found


def sees_all(user: User | AnonymousUser) -> bool:
    return rights_of(user) is SiteRights.ALL


class GivenSites:
    """The scope of a user who is given part of the plant, or nothing: sub-selects, whatever that comes to."""

    def __init__(self, user_id: int | None) -> None:
        self.user_id = user_id

    def substations(self) -> Any:
        held = self._held()
        one = Q(pk__in=held.filter(substation__isnull=False).values("substation_id"))
        return Substation._base_manager.filter(one | Q(site__in=self.sites())).values("pk")

    def sites(self) -> Any:
        return self._held().exclude(site="").values("site")

    def stamp(self) -> str:
        return repr(sorted(self._held().values_list("pk", "site", "substation_id").distinct(), key=str))

    def _held(self) -> QuerySet[SiteGrant]:
        return SiteGrant.objects.none() if self.user_id is None else held_by(self.user_id)


def scope_of(user: User | AnonymousUser) -> SiteScope | None:
    """None: everything. Nobody known is given nothing."""
    return None if sees_all(user) else GivenSites(user.pk)


class ActingUser:
    """Holds the scope of a user, worked out when it is first asked for."""

    def __init__(self, user: User | AnonymousUser | None) -> None:
        self._user = user
        self._scope: SiteScope | None = None
        self._is_known = False

    def act_as(self, user: User | AnonymousUser) -> None:
        """From now on for somebody else: a token says who asks after the request has come in."""
        self._user, self._is_known = user, False

    def user(self) -> User | AnonymousUser:
        return self._user or AnonymousUser()

    def scope(self) -> SiteScope | None:
        if not self._is_known:
            self._scope, self._is_known = scope_of(self.user()), True
        return self._scope


class RequestUser(ActingUser):
    """The user of a request: who is signed in, until a token says another one."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(None)
        self._request = request

    def user(self) -> User | AnonymousUser:
        return self._user or self._request.user


def act_as(user: User) -> None:
    """What follows in this request is done for a user whom a token names."""
    acting = holder()
    if isinstance(acting, ActingUser):
        acting.act_as(user)


class GrantRegister:
    """What the apps below ask of grants (``core.site_rights``)."""

    def acting(self, user: User | None) -> ActingUser:
        return ActingUser(user)

    def who_see(self, user_ids: Iterable[int], substation_id: int | None) -> set[int]:
        """One query."""
        key = substation_id or 0  # no substation has it
        site = Substation._base_manager.filter(pk=key).exclude(site="").values("site")
        held = held_by(OuterRef("pk")).filter(Q(substation_id=key) | Q(site__in=site))
        users = User.objects.filter(pk__in=user_ids)
        rows = users.annotate(**{RIGHTS: rights_column(OuterRef("pk")), "holds": Exists(held)})
        return {user.pk for user in rows if sees_all(user) or getattr(user, "holds", False)}
