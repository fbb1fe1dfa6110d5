"""Changes become rows: each saved or deleted object of a tracked model is compared with what was stored before.

Django sends no signal for ``QuerySet.update`` and the bulk methods: what is configured is saved object by object, which
a test looks after.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.utils import timezone

from core.authorship import current

from .field_values import Values, difference, value_of
from .models import ConfigurationChange
from .tracked_models import Tracked

Action = ConfigurationChange.ChangeAction
BEFORE = "_values_before_change"
LAST_NAME = "_name_before_deletion"


def listen_to(tracked: Tracked) -> None:
    """From now on, write down each change of a model."""
    recorder = ChangeRecorder(tracked)
    for signal, receiver in (
        (pre_save, recorder.note_before),
        (post_save, recorder.saved),
        (pre_delete, recorder.note_last),
        (post_delete, recorder.deleted),
    ):
        signal.connect(receiver, tracked.model, weak=False, dispatch_uid=f"change_history.{receiver.__name__}")
    for name in tracked.many:
        through = tracked.model._meta.get_field(name).remote_field.through  # type: ignore[union-attr]
        m2m_changed.connect(SetRecorder(tracked, name), through, weak=False, dispatch_uid=f"change_history.{name}")
    # Deleting, and changing a set, is a transaction with its signals by itself; saving becomes one, so that a process
    # that dies in between leaves no change of which nothing is known.
    whole: Any = transaction.atomic(savepoint=False)
    tracked.model.save_base = whole(tracked.model.save_base)  # type: ignore[method-assign]


class ChangeRecorder:
    """Receives the signals of one model."""

    def __init__(self, tracked: Tracked) -> None:
        self._tracked = tracked

    def note_before(self, sender: Any, instance: models.Model, **kwargs: Any) -> None:
        names = self._names(kwargs.get("update_fields"))
        is_stored = instance.pk is not None and not instance._state.adding
        found = sender._base_manager.filter(pk=instance.pk).first() if is_stored and names else None
        before = {name: value_of(found, name, self._tracked) for name in names} if found else {}
        setattr(instance, BEFORE, before)

    def saved(self, sender: Any, instance: models.Model, *, created: bool, raw: bool = False, **kwargs: Any) -> None:
        if raw:  # a fixture or a restored backup: its own history is in it
            return
        before: Values = getattr(instance, BEFORE, {})
        names = self._names(kwargs.get("update_fields"))
        after = {name: value_of(instance, name, self._tracked) for name in names}
        changes = difference(before, after)
        if created or changes:
            record(self._tracked, instance, Action.MADE if created else Action.CHANGED, changes)

    def note_last(self, sender: Any, instance: models.Model, **kwargs: Any) -> None:
        """What it was called as well: what its name is made of may go before it does."""
        self.note_before(sender, instance)
        setattr(instance, LAST_NAME, str(instance))

    def deleted(self, sender: Any, instance: models.Model, **kwargs: Any) -> None:
        changes = difference(getattr(instance, BEFORE, {}), {})
        record(self._tracked, instance, Action.DELETED, changes, name=getattr(instance, LAST_NAME))

    def _names(self, update_fields: Any) -> list[str]:
        return [name for name in self._tracked.fields if not update_fields or name in update_fields]


class SetRecorder:
    """Receives what is put into a set of related objects, and taken out of it, from either side."""

    def __init__(self, tracked: Tracked, name: str) -> None:
        self._tracked, self._name = tracked, name

    def __call__(self, sender: Any, instance: models.Model, action: str, reverse: bool, **kwargs: Any) -> None:
        if action.startswith("pre_"):
            held = self._held(instance, reverse, kwargs["pk_set"])
            setattr(instance, BEFORE, {each: self._members(each) for each in held})
            return
        for each, before in getattr(instance, BEFORE, {}).items():
            changes = difference({self._name: before}, {self._name: self._members(each)})
            if changes:
                record(self._tracked, each, Action.CHANGED, changes)

    def _held(self, instance: models.Model, reverse: bool, pks: set[Any] | None) -> list[Any]:
        """The objects of the tracked model whose set changes; from the other side it may be many."""
        if not reverse:
            return [instance]
        manager = self._tracked.model._base_manager
        if pks is not None:
            return list(manager.filter(pk__in=pks))
        return list(manager.filter(**{self._name: instance.pk}))  # all are taken out

    def _members(self, instance: Any) -> list[str]:
        found: Any = getattr(instance, self._name).all()
        return sorted(str(each) for each in found)


def record(
    tracked: Tracked, instance: models.Model, action: str, changes: dict[str, list[Any]], *, name: str = ""
) -> None:
    """Add one row about an object, under the name that it has unless another is given."""
    author = current()
    ConfigurationChange.objects.create(
        at=timezone.now(),
        author=author.name,
        origin=author.origin,
        address=author.address,
        action=action,
        subject=instance._meta.label_lower,
        subject_pk=str(instance.pk),
        name=(name or str(instance))[:200],
        substation_pk=tracked.substation_of(instance),
        changes=changes,
    )
