"""The page of one's own tokens: look, make, revoke."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.requests import EmsRequest, render_page

from . import api_tokens
from .security_events import Kind, record_token
from .token_form import TokenForm
from .token_models import ApiToken


@require_http_methods(["GET", "POST"])
def tokens(request: EmsRequest) -> HttpResponse:
    """A POST makes a token, and its answer is the one place where the token is shown."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return render_page(request, "accounts/tokens.html", _context(request) | {"form": form})
    secret = _made(request, form)
    form = TokenForm() if secret else form
    context = _context(request) | {"form": form, "secret": secret}
    return render(request, "accounts/tokens.html", context, status=200 if secret else 422)


def _made(request: EmsRequest, form: TokenForm) -> str:
    """The secret of the token that the form asks for; empty where the form says why not."""
    if not form.is_valid():
        return ""
    try:
        token, secret = api_tokens.make(request.user, **form.cleaned_data, now=timezone.now())
    except ValidationError as error:
        form.add_error(None, error)
        return ""
    record_token(Kind.TOKEN_MADE, token, request=request)
    return secret


def _context(request: EmsRequest) -> dict[str, object]:
    return {"tokens": ApiToken.objects.filter(user=request.user), "now": timezone.now()}


@require_POST
def revoke_token(request: EmsRequest, pk: int) -> HttpResponse:
    """End a token of one's own at once."""
    token = get_object_or_404(ApiToken, pk=pk, user=request.user)
    token.delete()
    record_token(Kind.TOKEN_REVOKED, token, request=request)
    if request.htmx:
        return render(request, "accounts/_tokens.html", _context(request) | {"said": _("The token is revoked.")})
    return redirect("tokens")
