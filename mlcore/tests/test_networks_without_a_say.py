"""Updating from a version whose networks had no say: such models judge as regressions and are trained again."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from mlcore.models import Detector, TrainingAttempt
from mlcore.training.schedule import demand
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def detector(code: str, tier: str, *, is_active: bool = True) -> Detector:
    substation, _ = Substation.objects.get_or_create(code=code)
    Reading.objects.get_or_create(substation=substation, at=NOW)
    return Detector.objects.create(
        substation=substation,
        version=Detector.objects.filter(substation=substation).count() + 1,
        tier=tier,
        is_active=is_active,
        trained_from=NOW - timedelta(days=90),
        trained_until=NOW,
        row_count=9000,
        arrays=b"",
        sha256="",
    )


def update() -> None:
    import_module("mlcore.migrations.0013_networks_without_a_say").ask_for_training(apps, None)


def test_models_with_a_network_become_regressions_and_are_asked_for_again() -> None:
    own, old, plain = detector("A", "own"), detector("A", "fleet", is_active=False), detector("B", "regression")
    update()
    assert {Detector.objects.get(pk=each.pk).tier for each in (own, old, plain)} == {"regression"}
    asked = TrainingAttempt.objects.filter(requested_at__isnull=False)
    assert list(asked.values_list("substation__code", flat=True)) == ["A"]
    assert own.substation_id in demand(Substation.objects.all()).asked


def test_a_second_time_asks_nobody() -> None:
    detector("A", "own")
    update()
    TrainingAttempt.objects.update(requested_at=None)
    update()
    assert not TrainingAttempt.objects.filter(requested_at__isnull=False).exists()
