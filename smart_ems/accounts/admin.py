"""Users in the administration: who may change users cannot thereby become more than they are. Beside them, the tokens
of everybody."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.read_only_admin import RecordMixin

from . import second_factor
from .invitation_admin import InvitationAdmin
from .rights_changes import RightsRecordedMixin
from .security_event_admin import SecurityEventAdmin
from .security_events import Kind, record, record_token
from .site_grant_admin import GivenSubstationAdmin, GivenToGroup, GivenToUser
from .token_models import ApiToken

__all__ = [
    "ApiTokenAdmin",
    "GivenSubstationAdmin",
    "GuardedUserAdmin",
    "InvitationAdmin",
    "RecordedGroupAdmin",
    "SecurityEventAdmin",
]

RIGHTS = ("is_superuser", "is_staff", "user_permissions", "groups")
"""What gives rights: given by superusers alone."""

admin.site.unregister(User)
admin.site.unregister(Group)
for hidden in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(hidden)  # of allauth: they hold secrets, or are used by none of its parts that are used here


@admin.register(User)
class GuardedUserAdmin(RightsRecordedMixin, UserAdmin[User]):
    """A holder of ``auth.change_user`` who is no superuser gives no rights and touches no superuser."""

    inlines = (GivenToUser,)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj is not None else ()

    actions = ("end_second_factor",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        """Deleting many asks for no permission of each."""
        actions = super().get_actions(request)
        if not request.user.is_superuser:
            actions.pop("delete_selected", None)
        return actions

    @admin.action(description=_("End second factor (lost phone or key)"), permissions=["change"])
    def end_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Their sessions end too. Superusers are left out where somebody else asks."""
        touched = [user for user in queryset if _may_touch(request, user)]
        count = sum(second_factor.end(user, request=request) for user in touched)
        said = ngettext("The second factor of %(count)d user is ended.", "Of %(count)d users it is ended.", count)
        self.message_user(request, said % {"count": count})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == HTTPStatus.FOUND:
            record(Kind.PASSWORD_CHANGED, User.objects.get(pk=id), request=request)
        return answer


@admin.register(Group)
class RecordedGroupAdmin(RightsRecordedMixin, GroupAdmin):
    """Groups give rights: what they give is written down."""

    inlines = (GivenToGroup,)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or bool(request.user.is_superuser) or not user.is_superuser


@admin.register(ApiToken)
class ApiTokenAdmin(RecordMixin, admin.ModelAdmin[ApiToken]):
    """Tokens of everybody, to look at and to revoke (delete); nobody sees a token itself."""

    list_display = ("user", "name", "hint", "shown_scopes", "created_at", "last_used_at", "expires_at")
    list_select_related = ("user",)
    list_filter = ("created_at", "last_used_at", "expires_at")
    search_fields = ("user__username", "name", "hint")

    @admin.display(description=_("scopes"))
    def shown_scopes(self, token: ApiToken) -> str:
        return ", ".join(token.scope_labels)

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        super().delete_model(request, obj)
        record_token(Kind.TOKEN_REVOKED, obj, request=request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("user"):
            record_token(Kind.TOKEN_REVOKED, token, request=request)
        super().delete_queryset(request, queryset)
