"""To the provider of OpenID Connect, and back from it."""

from __future__ import annotations

import logging
from http import HTTPStatus

from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from requests import RequestException

from .oidc_adapter import refused
from .oidc_flow import SsoFlow, SsoProvider, sso_app

logger = logging.getLogger(__name__)
# What goes wrong where the provider is away, or answers otherwise than it should.
FAILURES = (RequestException, OAuth2Error, KeyError, TypeError, ValueError)


@login_not_required
@require_GET
def begin(request: HttpRequest) -> HttpResponseBase:
    """A link and no form: the policy of our pages lets forms lead to our own host alone."""
    if not settings.OIDC_ISSUER:
        raise Http404
    provider = SsoProvider(request, app=sso_app())
    try:
        return provider.redirect(request, AuthProcess.LOGIN, next_url=get_next_redirect_url(request))
    except ImmediateHttpResponse as error:
        return error.response  # type: ignore[no-any-return]
    except FAILURES as error:
        return _away(request, error)


@login_not_required
@require_GET
def callback(request: HttpRequest) -> HttpResponseBase:
    if not settings.OIDC_ISSUER:
        raise Http404
    try:
        answer: HttpResponseBase = OAuth2CallbackView.adapter_view(SsoFlow(request))(request)
    except FAILURES as error:
        return _away(request, error)
    return answer


def _away(request: HttpRequest, error: Exception) -> HttpResponseBase:
    logger.warning("The provider of OpenID Connect does not answer as it should: %s", error)
    said = _("%(name)s cannot be reached. Try again later.") % {"name": settings.OIDC_NAME}
    return refused(request, said, HTTPStatus.SERVICE_UNAVAILABLE).response  # type: ignore[no-any-return]
