"""Pages of channels: list, make, change, test, other secrets, in and out of use."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.requests import EmsRequest
from core.saved_fields import save_fields

from . import channel_services
from .channel_models import ENTERED_KINDS, NotificationChannel
from .forms import ChannelForm
from .outbox_models import OutgoingMessage
from .page_tabs import tabs
from .route_models import NotificationRoute
from .secret_box import SecretsUnreadable
from .transports.mail import has_mail_server
from .transports.message_lines import path_of

sees_channels = permission_required("notifications.view_notificationchannel", raise_exception=True)
adds_channels = permission_required("notifications.add_notificationchannel", raise_exception=True)
changes_channels = permission_required("notifications.change_notificationchannel", raise_exception=True)
deletes_channels = permission_required("notifications.delete_notificationchannel", raise_exception=True)


@require_GET
@sees_channels
def channels(request: EmsRequest) -> HttpResponse:
    found = NotificationChannel.objects.kept().select_related("owner")
    context = {"channels": found, "tabs": tabs("channels"), "has_mail_server": has_mail_server()}
    return render(request, "notifications/channels.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@adds_channels
def add_channel(request: EmsRequest) -> HttpResponse:
    """``?kind=`` chooses the form."""
    wanted = request.GET.get("kind", "")
    kind = wanted if wanted in dict(ENTERED_KINDS) else "email"
    form = ChannelForm(request.POST if request.method == "POST" else None, kind=kind)
    if request.method == "POST" and form.is_valid():
        return channel_page(request, form.save(), secret=form.made_secret)
    kinds = [(label, f"?kind={name}", name == kind, None) for name, label in ENTERED_KINDS]
    context = {"form": form, "kinds": kinds, "tabs": tabs("channels")}
    return render(request, "notifications/add_channel.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@sees_channels
def channel(request: EmsRequest, pk: int) -> HttpResponse:
    """One channel; a POST changes it."""
    found = _get(pk)
    return _change(request, found) if request.method == "POST" else channel_page(request, found)


@changes_channels
def _change(request: EmsRequest, found: NotificationChannel) -> HttpResponse:
    try:
        form = ChannelForm(request.POST, kind=found.kind, instance=found)
        is_valid = form.is_valid()
    except SecretsUnreadable:  # enter the address again: a new secret comes with it
        found.sealed = ""
        form = ChannelForm(request.POST, kind=found.kind, instance=found)
        is_valid = form.is_valid()
    if not is_valid:
        return channel_page(request, _get(found.pk), form=form, status=422)
    return channel_page(request, form.save(), secret=form.made_secret)


def channel_page(
    request: EmsRequest,
    found: NotificationChannel,
    *,
    form: ChannelForm | None = None,
    secret: str = "",
    result: OutgoingMessage | None = None,
    made: NotificationRoute | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a channel. secret: shown this one time. result: of a test. made: a route just made for it."""
    context = {
        "channel": found,
        "form": form or ChannelForm(kind=found.kind, instance=found),
        "secret": secret,
        "result": result,
        "made": made,
        "file": path_of(found) if found.kind == "file" else None,
        "signs_twice": _signs_twice(found),
        "tabs": tabs("channels"),
        "newest": found.messages.all()[:10],
    }
    return render(request, "notifications/channel.html", context, status=status)


def _signs_twice(found: NotificationChannel) -> bool:
    try:
        return len(found.secrets.get("secrets", [])) > 1
    except SecretsUnreadable:
        return False


def _get(pk: int) -> NotificationChannel:
    return get_object_or_404(NotificationChannel.objects.kept().select_related("owner"), pk=pk)


@never_cache
@require_POST
@changes_channels
def try_channel(request: EmsRequest, pk: int) -> HttpResponse:
    """Send a test, once, and show what became of it."""
    found = _get(pk)
    result = channel_services.send_test(found)
    return channel_page(request, _get(pk), result=result)


@never_cache
@require_POST
@changes_channels
def rotate_secret(request: EmsRequest, pk: int) -> HttpResponse:
    """Another secret for a webhook; the one before goes on to sign until it is retired."""
    found = _get(pk)
    try:
        return channel_page(request, found, secret=channel_services.rotate_secret(found))
    except SecretsUnreadable as error:
        messages.error(request, str(error))
        return redirect("notifications:channel", pk)


@require_POST
@changes_channels
def retire_secret(request: EmsRequest, pk: int) -> HttpResponse:
    found = _get(pk)
    try:
        if channel_services.retire_secret(found):
            messages.success(request, _("Messages are signed with the newest secret alone."))
    except SecretsUnreadable as error:
        messages.error(request, str(error))
    return redirect("notifications:channel", pk)


@require_POST
@changes_channels
def switch_channel(request: EmsRequest, pk: int) -> HttpResponse:
    """In use, or not; ``on`` says which."""
    on = request.POST.get("on") == "1"
    save_fields(_get(pk), is_enabled=on, disabled_reason="")
    return redirect("notifications:channel", pk)


@require_POST
@deletes_channels
def remove_channel(request: EmsRequest, pk: int) -> HttpResponse:
    channel_services.archive(_get(pk), now=timezone.now())
    messages.success(request, _("The channel is removed; what it sent is kept."))
    return redirect("notifications:channels")
