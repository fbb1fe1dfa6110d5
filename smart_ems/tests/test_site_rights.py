"""A user sees what is given: the union of what the user and the user's groups are given, in every model there is."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import ManyToManyField

from core.site_rights import SiteQuerySet
from substations.models import Substation

from .site_scenes import scoped_models
from .test_names import APPS

pytestmark = pytest.mark.django_db
NOT_SCOPED = {
    "accounts.SiteGrant": "what is given itself: superusers alone see it",
    "reports.Report_covers": "no page shows it: by it the reports themselves are narrowed",
}
"""Models with a way to a substation that are not narrowed, each with the reason."""
OF_NO_SUBSTATION = {
    "of an account": {
        "accounts.ApiToken", "accounts.Invitation", "accounts.Preferences", "accounts.SecurityEvent",
        "accounts.SignInAttempt",
        "accounts.UserSession", "alerts.KeptAnswer", "notifications.Absence", "notifications.QuietHours",
    },
    "of the whole plant, changed by those who have all": {
        "losses.BankPrice", "losses.CarbonFactor", "losses.Tariff", "losses.TariffVersion",
        "notifications.EscalationPolicy", "notifications.NotificationChannel", "notifications.NotificationRoute",
        "notifications.OnCallRotation", "notifications.PolicyStep", "notifications.RotationMember",
        "notifications.RotationOverride",
    },
    "of the system itself": {
        "alerts.SystemAlarm", "notifications.Pulse", "notifications.PushIdentity", "notifications.RoutingFloor",
        "retention.PruningState",
    },
    "narrowed where it is read (kpi_scope)": {"alerts.AlarmDay"},
}  # fmt: skip
"""Models without a way to a substation: whoever adds one decides whether a row may name what is not given."""


def leads_to_a_substation(model: Any, seen: frozenset[Any] = frozenset()) -> bool:
    if model is Substation:
        return True
    targets = {f.related_model for f in model._meta.get_fields() if isinstance(f, models.ForeignKey | ManyToManyField)}
    return any(leads_to_a_substation(each, seen | {model}) for each in targets - seen - {model} if each)


def test_every_model_that_leads_to_a_substation_is_scoped() -> None:
    found = [each for each in apps.get_models(include_auto_created=True) if leads_to_a_substation(each)]
    bare = {each._meta.label for each in found if getattr(each, "site_path", None) is None}
    assert bare == NOT_SCOPED.keys()


def test_every_other_model_has_been_thought_of() -> None:
    ours = {each for each in apps.get_models() if each.__module__.split(".")[0] in APPS}
    others = {each._meta.label for each in ours - set(scoped_models())} - NOT_SCOPED.keys()
    assert others == set().union(*OF_NO_SUBSTATION.values())


def test_what_is_scoped_reads_through_a_scoped_query_set() -> None:
    assert len(scoped_models()) > 40
    for each in scoped_models():
        assert isinstance(each._default_manager.all(), SiteQuerySet), each
        names = {manager.name for manager in each._meta.managers if not isinstance(manager.all(), SiteQuerySet)}
        assert not names, each
