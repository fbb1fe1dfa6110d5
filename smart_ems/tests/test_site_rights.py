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

pytestmark = pytest.mark.django_db
NOT_SCOPED = {
    "accounts.SiteGrant": "what is given itself: superusers alone see it",
    "losses.TariffVersion": "",
}
"""Models with a way to a substation that everybody may read, each with the reason."""
WAYS_THAT_DO_NOT_COUNT = {"auth.User"}


def leads_to_a_substation(model: Any, seen: frozenset[Any] = frozenset()) -> bool:
    if model is Substation:
        return True
    targets = {f.related_model for f in model._meta.get_fields() if isinstance(f, models.ForeignKey | ManyToManyField)}
    return any(leads_to_a_substation(each, seen | {model}) for each in targets - seen - {model} if each)


def test_every_model_that_leads_to_a_substation_is_scoped() -> None:
    found = [each for each in apps.get_models(include_auto_created=True) if leads_to_a_substation(each)]
    bare = {each._meta.label for each in found if getattr(each, "site_path", None) is None}
    assert bare == NOT_SCOPED.keys()


def test_what_is_scoped_reads_through_a_scoped_query_set() -> None:
    assert len(scoped_models()) > 40
    for each in scoped_models():
        assert isinstance(each._default_manager.all(), SiteQuerySet), each
        names = {manager.name for manager in each._meta.managers if not isinstance(manager.all(), SiteQuerySet)}
        assert not names, each
