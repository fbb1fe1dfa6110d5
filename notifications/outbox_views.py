"""Pages of what was sent, what waits and what could not be sent; the page of a link to acknowledge."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts.changes import Conflict
from alerts.display_names import explain
from alerts.lifecycle import Refused
from core import site_rights
from core.requests import EmsRequest, render_page

from . import acknowledge_links, dispatching
from .outbox_models import Delivery, OutgoingMessage
from .page_tabs import tabs

# chosen: a few screens of rows.
PAGE_SIZE = 50
sees_deliveries = permission_required("notifications.view_delivery", raise_exception=True)
sees_messages = permission_required("notifications.view_outgoingmessage", raise_exception=True)
sends_again = permission_required("notifications.change_outgoingmessage", raise_exception=True)


@require_GET
@sees_deliveries
def deliveries(request: EmsRequest) -> HttpResponse:
    """What was or is to be said of each event, newest first; ``?state=`` filters, ``?alert=`` is one alert."""
    found = Delivery.objects.select_related("alert__substation", "channel", "message", "event")
    state, alert = request.GET.get("state", ""), request.GET.get("alert", "")
    if state in Delivery.DeliveryState.values:
        found = found.filter(state=state)
    if alert.isascii() and alert.isdigit():
        found = found.filter(alert=int(alert[:15]))
    states = [(_("All"), "?", not state, None)]
    states += [(str(label), f"?state={name}", name == state, None) for name, label in Delivery.DeliveryState.choices]
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "states": states, "tabs": tabs("deliveries")}
    return render_page(request, "notifications/deliveries.html", context)


@require_GET
@sees_messages
def dead_letters(request: EmsRequest) -> HttpResponse:
    """Messages that were given up, newest first."""
    found = OutgoingMessage.objects.standing().exclude(kind="test").select_related("channel").order_by("-ended_at")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "notifications/dead_letters.html", {"page": page, "tabs": tabs("dead-letters")})


@require_POST
@sends_again
def send_again(request: EmsRequest, pk: str) -> HttpResponse:
    """Queue a dead letter once more."""
    message = get_object_or_404(OutgoingMessage, pk=pk)
    if dispatching.send_again(message, now=timezone.now()):
        messages.success(request, _("It is sent again within seconds."))
    else:
        messages.warning(request, _("Only what was given up can be sent again."))
    return redirect("notifications:dead-letters")


@require_POST
@sends_again
def dismiss(request: EmsRequest, pk: str) -> HttpResponse:
    """Put a dead letter away."""
    get_object_or_404(OutgoingMessage, pk=pk)
    return _dismissed(request, OutgoingMessage.objects.filter(pk=pk))


@require_POST
@sends_again
def dismiss_all(request: EmsRequest) -> HttpResponse:
    """Put every dead letter away that is listed."""
    return _dismissed(request, OutgoingMessage.objects.standing().exclude(kind="test"))


def _dismissed(request: EmsRequest, letters: QuerySet[OutgoingMessage]) -> HttpResponse:
    if count := dispatching.dismiss(letters, by=request.user, now=timezone.now()):
        said = ngettext("%(n)d message is dismissed.", "%(n)d messages are dismissed.", count)
        messages.success(request, said % {"n": count})
    else:
        messages.warning(request, _("Only what was given up can be dismissed."))
    return redirect("notifications:dead-letters")


@login_not_required  # the link itself says who may, or asks for a sign-in
@never_cache
@require_http_methods(["GET", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """A link in a message: GET shows the alert and a button, POST acknowledges.

    It acts for who is signed in; else it stands for the person to whom it was sent.
    """
    if request.user.is_authenticated:
        return _acknowledge(request, token)
    with site_rights.whole_plant():
        return _acknowledge(request, token)


def _acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    followed = acknowledge_links.follow(token)
    if followed is None:
        raise Http404(_("This link was not made here, or is not there any more."))
    person = acknowledge_links.person_of(followed, request.user)
    if person is None:
        return redirect_to_login(request.get_full_path())
    now = timezone.now()
    refused, done, status = acknowledge_links.refusal(followed, now=now), False, 200
    if not refused and not person.has_perm("alerts.acknowledge_alert"):
        refused, status = _("%(who)s may not acknowledge alerts.") % {"who": person}, 403
    elif request.method == "POST":
        try:
            acknowledge_links.use(followed, by=person, now=now)
            done = True
        except acknowledge_links.LinkRefused as error:
            refused, status = str(error), 409
        except (Refused, Conflict) as error:
            refused, status = explain(error), 409
    elif refused:
        status = 410
    context = {"alert": followed.alert, "person": person, "refused": refused, "done": done}
    return render(request, "notifications/acknowledge.html", context, status=status)
