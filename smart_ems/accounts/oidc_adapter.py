"""Accounts of the provider of OpenID Connect: who may come in, and with which rights."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from . import external_roles
from .security_events import Kind, record

logger = logging.getLogger(__name__)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # without types
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """
        Raises:
            PermissionDenied: the token was made for another sign-in.
            ImmediateHttpResponse: that person has no role here, or no account where none are made.
        """
        token = sociallogin.account.extra_data.get("id_token", {})
        if not constant_time_compare(str(token.get("nonce", "")), str(sociallogin.state.get("nonce") or "none")):
            raise PermissionDenied("nonce")
        roles = self._roles(sociallogin)
        if settings.OIDC_ROLES and not roles:
            raise refused(request, _("Your account has no role in Smart EMS. Ask whoever manages its groups."))
        if sociallogin.is_existing:
            if settings.OIDC_ROLES:
                external_roles.follow(sociallogin.user, roles, request=request)
        elif not settings.OIDC_CREATE_USERS:
            raise refused(request, _("You have no account in Smart EMS. Ask an administrator."))
        sociallogin.email_addresses = []  # kept with the user; accounts are not found by their address

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OIDC_CREATE_USERS)

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        record(Kind.USER_MADE, user, request=request, detail="OpenID Connect")
        if settings.OIDC_ROLES:
            external_roles.follow(user, self._roles(sociallogin), request=request)
        return user

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """
        Raises:
            ImmediateHttpResponse: always, with a page of our own.
        """
        logger.warning("A sign-in by OpenID Connect failed: %s %s", error, exception or request.GET.get("error", ""))
        raise refused(request, _("The sign-in was cancelled or failed. Try again."))

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        from .oidc_flow import SsoProvider, sso_app

        return SsoProvider(request, app=sso_app())

    def _roles(self, sociallogin: Any) -> set[str]:
        """By the claim of the user info, or of the token."""
        data = sociallogin.account.extra_data
        groups: Any = None
        for source in ("userinfo", "id_token"):
            groups = groups or data.get(source, {}).get(settings.OIDC_GROUPS_CLAIM)
        listed = [groups] if isinstance(groups, str) else groups
        return external_roles.roles_of(listed if isinstance(listed, list) else [], settings.OIDC_ROLES)


def refused(request: HttpRequest, said: str, status: int = HTTPStatus.FORBIDDEN) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(render(request, "accounts/provider_error.html", {"said": said}, status=status))
