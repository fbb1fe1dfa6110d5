"""Signing in at the provider that ``EMS_OIDC_ISSUER`` names: authorization code with PKCE, state and nonce (OpenID
Connect Core 1.0). django-allauth's flow, which knows no nonce and leaves signatures out; here both are checked."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

DOCUMENT_KEPT_S = 600
"""Chosen: who is not signed in yet cannot make this server ask the provider at each request."""


def sso_app() -> SocialApp:
    """Not stored. Accounts belong to the issuer: those of another one are never the same."""
    return SocialApp(
        provider="openid_connect", provider_id=settings.OIDC_ISSUER, name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT_ID, secret=settings.OIDC_CLIENT_SECRET,
        settings={"server_url": settings.OIDC_ISSUER.rstrip("/"), "oauth_pkce_enabled": True},
    )  # fmt: skip


class SsoProvider(OpenIDConnectProvider):  # type: ignore[misc]  # without types
    def get_oauth2_adapter(self, request: HttpRequest) -> SsoFlow:
        return SsoFlow(request)

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **values: Any
    ) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(24)
        answer: HttpResponseBase = super().redirect(
            request, process, next_url, data, nonce=nonce, scope=settings.OIDC_SCOPES, auth_params={"nonce": nonce},
            **values,
        )  # fmt: skip
        return answer

    def get_callback_url(self) -> str:
        return reverse("provider-callback")


class SsoFlow(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, settings.OIDC_ISSUER)

    def get_provider(self) -> SsoProvider:
        return SsoProvider(self.request, app=sso_app())

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("provider-callback"))

    @property
    def openid_config(self) -> Any:
        """
        Raises:
            OAuth2Error: the document is of another issuer (OpenID Connect Discovery 1.0 section 4.3).
        """
        key = f"openid-configuration of {settings.OIDC_ISSUER}"
        found = cache.get(key)
        if found is None:
            found = super().openid_config
            cache.set(key, found, DOCUMENT_KEPT_S)
        if found["issuer"].rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            raise OAuth2Error(f"Received the issuer {found['issuer']}; expected {settings.OIDC_ISSUER}.")
        return found

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **values: Any) -> Any:
        """
        Raises:
            OAuth2Error: there is no token of identity, or the user info is of somebody else (Core section 5.3.2).
        """
        if not values["response"].get("id_token"):
            raise OAuth2Error("The provider sent no id_token.")
        login = super().complete_login(request, app, token, **values)
        data = login.account.extra_data
        if data.get("userinfo", {}).get("sub") != data["id_token"]["sub"]:
            raise OAuth2Error("The user info is of somebody else than the id_token.")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> Any:
        """
        Raises:
            OAuth2Error: the token is not signed by a key of the issuer, or none for us, or over.
        """
        config = self.openid_config
        try:
            return jwtkit.verify_and_decode(
                credential=id_token, keys_url=config["jwks_uri"], issuer=config["issuer"], audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise OAuth2Error(f"The id_token cannot be read: {error}") from error
