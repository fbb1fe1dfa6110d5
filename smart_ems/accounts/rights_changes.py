"""What the rights of users and groups were before a change in the administration, and what they are after it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.http import HttpRequest

from . import security_events
from .security_events import Kind

Rights = dict[str, list[str]]
BEFORE = "rights_before"


def rights_of(about: User | Group) -> Rights:
    """Each kind of right with its names, as the database has it; a right that is on or off has its own name."""
    if isinstance(about, Group):
        return {"permissions": _names(about.permissions), "sites": sites_of(about)}
    flags = ("is_active", "is_staff", "is_superuser")
    return {
        "rights": [name for name in flags if getattr(about, name)],
        "groups": sorted(about.groups.values_list("name", flat=True)),
        "permissions": _names(about.user_permissions),
        "sites": sites_of(about),
    }


def sites_of(about: User | Group) -> list[str]:
    """What is given to a user or a group itself, in words."""
    return sorted(str(each) for each in about.site_grants.select_related("substation"))


def _names(permissions: Any) -> list[str]:
    found: Any = permissions.select_related("content_type")
    return sorted(_name(each) for each in found)


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def difference(before: Rights, after: Rights) -> str:
    """What was given (+) and taken (−); empty where nothing was."""
    parts = []
    for kind, names in after.items():
        given, taken = sorted(set(names) - set(before.get(kind, []))), sorted(set(before.get(kind, [])) - set(names))
        changed = [f"+{name}" for name in given] + [f"−{name}" for name in taken]
        if changed:
            parts.append(f"{kind}: {', '.join(changed)}")
    return "; ".join(parts)


class RightsRecordedMixin:
    """Put before the ``ModelAdmin`` of users or groups: writes down who was given what, by whom."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = rights_of(type(obj)._default_manager.get(pk=obj.pk)) if change else {}
        setattr(request, BEFORE, before)
        super().save_model(request, obj, form, change)  # type: ignore[misc]  # a mixin

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]  # a mixin
        about = type(form.instance)._default_manager.get(pk=form.instance.pk)
        said = difference(getattr(request, BEFORE, {}), rights_of(about))
        if not change and isinstance(about, User):
            security_events.record(Kind.USER_MADE, about, request=request, detail=said)
        elif said:
            security_events.record(Kind.RIGHTS_CHANGED, about, request=request, detail=said)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._note_deletion(request, obj)
        super().delete_model(request, obj)  # type: ignore[misc]  # a mixin

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for each in queryset:
            self._note_deletion(request, each)
        super().delete_queryset(request, queryset)  # type: ignore[misc]  # a mixin

    def _note_deletion(self, request: HttpRequest, about: User | Group) -> None:
        if isinstance(about, User):
            security_events.record(Kind.USER_DELETED, about, request=request)
        else:
            security_events.record(Kind.RIGHTS_CHANGED, about, request=request, detail="group deleted")
