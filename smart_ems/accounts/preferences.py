"""Reading and keeping a user's preferences."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.long_selects import LongSelect
from smart_ems.client_address import address_of, network_of
from smart_ems.roles import WHOLE_PLANT

from . import sign_in
from .models import Preferences
from .security_events import record_refusal
from .site_scopes import RIGHTS, rights_column, sees_all


class Backend(ModelBackend):
    """Signs in by password, a limited number of times, and reads a user together with the preferences and with what
    its site rights come to: every page needs all three."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The user, or None where the password is wrong or the limit of attempts is reached; pages and API ask here."""
        name, now = username or "", timezone.now()
        place = sign_in.place_of(request, name)
        attempt = sign_in.begin(name, place, now=now) if place and name else None
        if place and name and attempt is None:
            return None
        try:
            user = self._known(request, name, password or "", **kwargs)
        except sign_in.DirectoryAwayError:
            setattr(request, "directory_is_away", True)  # noqa: B010  (a request has no such attribute)
            if attempt is not None:
                attempt.delete()  # no guess that was looked at
            return None
        if user is not None and attempt is not None:
            sign_in.succeed(attempt, network_of(address_of(request)))
        elif attempt is not None:
            record_refusal(name, request)
        return user

    def _known(self, request: HttpRequest | None, name: str, password: str, **kwargs: Any) -> User | None:
        """By the password here, where such sign-ins are allowed, else by the directory's, if there is one."""
        user: User | None = super().authenticate(request, username=name, password=password, **kwargs)
        if user is not None:
            return user if settings.PASSWORD_SIGN_IN or user.is_superuser else None
        if not settings.LDAP_URL:
            return None
        from . import ldap_directory  # its library is needed where there is a directory alone

        found = ldap_directory.sign_in(name, password, request=request)
        return found if found is not None and self.user_can_authenticate(found) else None

    def get_user(self, user_id: int) -> User | None:
        found = User.objects.select_related("preferences").annotate(**{RIGHTS: rights_column(OuterRef("pk"))})
        user = found.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Without those of the whole plant for somebody who is given part of it."""
        held: set[str] = super().get_all_permissions(user_obj, obj=obj)
        return held if not held or sees_all(user_obj) else held - WHOLE_PLANT

    async def aget_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return await sync_to_async(self.get_all_permissions)(user_obj, obj)


def of(user: User | AnonymousUser) -> Preferences:
    """The preferences of a user; the defaults for somebody who has not said, and before sign-in."""
    if user.pk is None:
        return Preferences()
    found: Preferences | None = getattr(user, "preferences", None)
    return found if found is not None else Preferences(user_id=user.pk)


CSS_CLASSES = {
    "time_zone": "select",
    "shortcuts": "check",
    "alarm_sound": "check",
    "desktop_notifications": "check",
    "alarm_volume": "slider",
}


@cache  # the names are files in many folders
def _zones() -> list[tuple[str, Any]]:
    """The zones of the database that are places, by region; UTC first."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        region, _slash, place = name.partition("/")
        if place and region not in ("Etc", "SystemV", "US"):
            regions.setdefault(region, []).append((name, name.replace("_", " ")))
    return [("", _("Each substation's own")), ("UTC", "UTC"), *regions.items()]


class PreferencesForm(forms.ModelForm[Preferences]):
    """Any part of the preferences: what is not sent stays as it is."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, choices=_zones, widget=LongSelect)

    class Meta:
        model = Preferences
        fields = [
            "theme", "density", "time_zone", "shortcuts", "alarm_sound", "alarm_volume", "desktop_notifications",
        ]  # fmt: skip
        widgets = {
            "theme": forms.RadioSelect,
            "density": forms.RadioSelect,
            "alarm_volume": forms.NumberInput(attrs={"type": "range", "min": 1, "max": 100, "step": 1}),
        }

    def __init__(self, data: Any = None, *, instance: Preferences, partly: bool = False) -> None:
        super().__init__(data, instance=instance)
        for name in [name for name in self.fields if partly and name not in (data or {})]:
            del self.fields[name]
        for name, css in CSS_CLASSES.items():
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = css
        if "alarm_volume" in self.fields:
            self.fields["alarm_volume"].required = False

    def with_the_rest(self) -> PreferencesForm:
        """The whole form for a part that was refused: what was sent, and the other preferences as they are."""
        kept = Preferences.objects.filter(pk=self.instance.pk).first() or Preferences(pk=self.instance.pk)
        return PreferencesForm(forms.model_to_dict(kept) | dict(self.data.items()), instance=kept)

    def clean_alarm_volume(self) -> int:
        """A form without the slider leaves the volume as it is."""
        chosen: int | None = self.cleaned_data["alarm_volume"]
        return self.instance.alarm_volume if chosen is None else chosen
