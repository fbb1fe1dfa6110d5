"""What of django-allauth's sign-in is different here: no sign-up, no messages of its own, our address of the client."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from smart_ems.client_address import address_of

from .session_store import NOTES


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # without types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **values: Any) -> None:
        """Pages say what has happened themselves."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def is_reauthentication_required(self, *, app: str, **values: Any) -> bool:
        """Who has neither password nor second factor here, because another place knows them, has to come from there.

        Raises:
            PermissionDenied: that person signed in too long ago.
        """
        user = self.request.user
        if not user.is_authenticated or self.get_reauthentication_methods(user):
            return True
        signed_in_at = self.request.session.get(NOTES, {}).get("since", 0.0)
        if time.time() - signed_in_at > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            raise PermissionDenied(_("Sign out and in again first: this can be changed shortly after a sign-in."))
        return False
