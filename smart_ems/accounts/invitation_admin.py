"""Invitations in the administration: made, listed and revoked (deleted), never changed."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from . import invitations, password_reset
from .models import Invitation

logger = logging.getLogger(__name__)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin[Invitation]):
    fields = ("email", "role")
    list_display = ("email", "role", "invited_by", "created_at", "expires_at", "used_at", "user")
    list_select_related = ("invited_by", "user")
    list_filter = ("role", "created_at")
    search_fields = ("email", "user__username")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and bool(invitations.roles_to_give(request.user))  # type: ignore[arg-type]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **values: Any) -> Any:
        """Of the roles those that the person may give."""
        field = super().formfield_for_choice_field(db_field, request, **values)
        if db_field.name == "role" and isinstance(field, forms.TypedChoiceField):
            given = invitations.roles_to_give(request.user)  # type: ignore[arg-type]
            field.choices = [(value, label) for value, label in db_field.choices if value in given]
        return field

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        path = invitations.invite(obj, by=request.user, now=timezone.now(), request=request)  # type: ignore[arg-type]
        said = _("The link, shown this one time: %(link)s") % {"link": request.build_absolute_uri(path)}
        if password_reset.is_possible():
            try:
                invitations.mail(obj, path)
                said = _("A mail was sent to %(address)s.") % {"address": obj.email} + " " + said
            except (OSError, SMTPException) as error:
                logger.warning("The invitation of %s cannot be mailed: %s", obj.email, error)
                messages.error(request, _("The mail cannot be sent: %(why)s") % {"why": error})
        messages.info(request, said)
