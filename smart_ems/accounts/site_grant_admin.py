"""What is given, in the administration: at the user, at the group, and at the substation. Superusers give."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from substations.admin import SubstationAdmin
from substations.models import Substation

from . import security_events
from .rights_changes import BEFORE, difference
from .security_events import Kind
from .site_grant_models import SiteGrant

Holders = dict[User | Group, list[str]]


class BySuperusers:
    """Put before an inline: who may change users cannot thereby give more than they are given."""

    def _may(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)


class _GivenInline(BySuperusers, admin.TabularInline[SiteGrant, Any]):
    model = SiteGrant
    extra = 0
    verbose_name = _("given site")
    verbose_name_plural = _("given sites")


class GivenToUser(_GivenInline):
    fk_name = "user"
    fields = ("everything", "site", "substation")
    autocomplete_fields = ("substation",)


class GivenToGroup(GivenToUser):
    fk_name = "group"


class GivenHere(_GivenInline):
    """Of one substation: to whom it is given by itself. Who is given its site, or all, is not named here."""

    fk_name = "substation"
    fields = ("user", "group")
    autocomplete_fields = ("user", "group")
    verbose_name_plural = _("given to")


admin.site.unregister(Substation)


@admin.register(Substation)
class GivenSubstationAdmin(SubstationAdmin):
    """The substation with those to whom it is given; each change is written down."""

    inlines = (*SubstationAdmin.inlines, GivenHere)  # type: ignore[assignment]  # the base has fewer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        setattr(request, BEFORE, _holders(obj) if change else {})
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        before: Holders = getattr(request, BEFORE, {})
        after = _holders(form.instance)
        for holder in {**before, **after}:
            said = difference({"sites": before.get(holder, [])}, {"sites": after.get(holder, [])})
            if said:
                security_events.record(Kind.RIGHTS_CHANGED, holder, request=request, detail=said)


def _holders(substation: Substation) -> Holders:
    """Users and groups to whom a substation is given by itself."""
    found: Holders = defaultdict(list)
    for each in SiteGrant.objects.filter(substation=substation).select_related("user", "group"):
        found[each.holder].append(substation.code)
    return dict(found)
