"""What is forgotten when somebody is given other sites: answers that the API keeps for requests that come again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from alerts.models import KeptAnswer

from .site_grant_models import SiteGrant


def connect() -> None:
    for signal in (post_save, post_delete):
        signal.connect(_given_or_taken, sender=SiteGrant)
    pre_delete.connect(_group_deleted, sender=Group)
    m2m_changed.connect(_groups_changed, sender=User.groups.through)


def _given_or_taken(sender: object, instance: SiteGrant, **kwargs: object) -> None:
    _forget(Q(user=instance.user_id) | Q(user__groups=instance.group_id or 0))


def _group_deleted(sender: object, instance: Group, **kwargs: object) -> None:
    _forget(Q(user__groups=instance.pk))


def _groups_changed(sender: object, instance: Any, action: str, **kwargs: object) -> None:
    if action.startswith(("post", "pre_clear")):
        _forget(Q(user=instance.pk) if isinstance(instance, User) else Q(user__groups=instance.pk))


def _forget(whose: Q) -> None:
    KeptAnswer.objects.filter(pk__in=KeptAnswer.objects.filter(whose).values("pk")).delete()
