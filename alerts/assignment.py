"""Whose an alert is: a person who looks after it until it is closed. It says nothing of whether it is acknowledged."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .changes import EventSource, apply, expect
from .lifecycle import Transition
from .models import Alert


def assignable() -> QuerySet[User]:
    """Who may be given an alert: active users who may acknowledge one."""
    right = {"content_type__app_label": "alerts", "codename": "acknowledge_alert"}
    by_group = {f"groups__permissions__{name}": value for name, value in right.items()}
    by_user = {f"user_permissions__{name}": value for name, value in right.items()}
    may = Q(is_superuser=True) | Q(**by_group) | Q(**by_user)
    return User.objects.filter(may, is_active=True).distinct().order_by("username")


@transaction.atomic
def assign(
    alert: Alert,
    *,
    by: User,
    assignee: User | None,
    note: str = "",
    version: int | None = None,
    source: EventSource = EventSource.WEB,
) -> Alert:
    """Give an alert to somebody, or to nobody.

    Raises:
        ValueError: the person may not acknowledge alerts.
        lifecycle.Refused: it is closed.
        Conflict: it is not at ``version`` any more.
    """
    if assignee is not None and not assignable().filter(pk=assignee.pk).exists():
        raise ValueError(_("%(who)s may not look after alerts: choose an operator.") % {"who": assignee})
    expect(alert, version)
    who = _("to %(who)s") % {"who": assignee} if assignee else _("to nobody")
    said = f"{who}: {note}" if note else who
    return apply(alert, Transition.ASSIGN, now=timezone.now(), by=by, comment=said, source=source, assignee=assignee)
