"""The page of one's own sessions: look, end one, end all others."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from core.requests import EmsRequest, render_page

from . import sessions
from .security_events import Kind, record


@require_GET
def session_list(request: EmsRequest) -> HttpResponse:
    return render_page(request, "accounts/sessions.html", _context(request))


@require_POST
def end_session(request: EmsRequest, pk: int) -> HttpResponse:
    if not sessions.end(request.user, pk):
        raise Http404
    record(Kind.SESSION_ENDED, request.user, request=request)
    return _answer(request, _("The session is ended."))


@require_POST
def end_other_sessions(request: EmsRequest) -> HttpResponse:
    count = sessions.end_others(request.user, request.session.session_key)
    if count:
        record(Kind.SESSION_ENDED, request.user, request=request, detail=f"{count} others")
    said = ngettext("%(count)d other session is ended.", "%(count)d other sessions are ended.", count)
    return _answer(request, said % {"count": count})


def _answer(request: EmsRequest, said: str) -> HttpResponse:
    if request.htmx:
        return render(request, "accounts/_sessions.html", _context(request) | {"said": said})
    return redirect("sessions")


def _context(request: EmsRequest) -> dict[str, object]:
    return {"sessions": sessions.of(request.user, request.session.session_key)}
