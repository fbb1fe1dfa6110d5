"""Which version of a detector is active: candidates, roll-back, pins, and the record of it all."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from mlcore.models import Detector, DetectorEvent
from substations.models import PendingRange, Reading

Action = DetectorEvent.Action


class Unusable(Exception):
    """A version whose artifact was refused cannot be made active."""


def record(detector: Detector, action: DetectorEvent.Action, *, by: User | None = None, note: str = "") -> None:
    DetectorEvent.objects.create(detector=detector, action=action, actor=by, note=note)


@transaction.atomic
def activate(detector: Detector, *, by: User | None = None, note: str = "") -> None:
    """Make one version the active one of its substation; the newest readings are judged by it from now on.

    Raises:
        Unusable: its artifact was refused.
    """
    if detector.broken_reason:
        raise Unusable(f"Version {detector.version} cannot be used: {detector.broken_reason}")
    siblings = Detector.objects.select_for_update().filter(substation=detector.substation_id)
    siblings.exclude(pk=detector.pk).filter(is_active=True).update(is_active=False, is_pinned=False)
    if not siblings.filter(pk=detector.pk, is_active=False).update(is_active=True):
        return
    detector.is_active = True
    record(detector, Action.ACTIVATED, by=by, note=note)
    if detector.version == 1:  # the whole record is judged by it, not only what is newest
        return
    newest = Reading.objects.filter(substation=detector.substation_id).aggregate(Max("at"))["at__max"]
    if newest:
        PendingRange.objects.create(substation_id=detector.substation_id, start=newest, end=newest)


@transaction.atomic
def pin(detector: Detector, *, pinned: bool, by: User) -> bool:
    """Keep the active version whatever is trained later, or let that go again; whether anything changed."""
    changed = Detector.objects.filter(pk=detector.pk, is_active=True, is_pinned=not pinned).update(is_pinned=pinned)
    if changed:
        detector.is_pinned = pinned
        record(detector, Action.PINNED if pinned else Action.UNPINNED, by=by)
    return bool(changed)


@transaction.atomic
def refuse(detector: Detector, reason: str) -> None:
    """Remember, once, that an artifact cannot be used."""
    if Detector.objects.filter(pk=detector.pk, broken_reason="").update(broken_reason=reason[:300]):
        record(detector, Action.REFUSED, note=reason)
