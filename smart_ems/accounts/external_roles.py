"""Rights that follow the groups of a provider or directory, at each sign-in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group, User

from smart_ems.roles import ROLES

from .rights_changes import difference, rights_of
from .security_events import Kind, record

STAFF = "staff"


def roles_of(groups: Iterable[object], mapping: Mapping[str, set[str]]) -> set[str]:
    """The roles that groups give; names of a directory are compared without regard to case."""
    by_name = {name.casefold(): roles for name, roles in mapping.items()}
    return set().union(*(by_name.get(str(group).casefold(), set()) for group in groups))


def follow(user: User, roles: set[str], *, request: Any = None) -> None:
    """Give an account these roles and take the others; groups beside the roles, and superusers, stay as they are."""
    if user.is_superuser:
        return
    before = rights_of(user)
    user.groups.remove(*Group.objects.filter(name__in=set(ROLES) - roles))
    user.groups.add(*Group.objects.filter(name__in=set(ROLES) & roles))
    if user.is_staff != (STAFF in roles):
        user.is_staff = STAFF in roles
        user.save(update_fields=["is_staff"])
    if said := difference(before, rights_of(user)):
        record(Kind.RIGHTS_CHANGED, user, request=request, detail=said)
