"""A database of the version before tables changed their app or their name: its rows and permissions are still there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ingestion.models import Upload
from mlcore.models import Detector, ScorerOwnership
from smart_ems.accounts.models import Preferences, SignInAttempt
from substations.models import PendingRange

BEFORE = [
    ("alerts", "0003_shelf"),
    ("ingestion", "0001_uploads"),
    ("mlcore", "0002_streamkeeper"),
    ("smart_ems", "0002_sign_in_attempts"),
    ("substations", "0003_planned_work"),
    ("accounts", "zero"),
]
AT = datetime(2026, 1, 5, tzinfo=UTC)
OLD_NAME_OF_TIER = "rung"
TOKEN = uuid.UUID(int=7)
Made = Callable[[str], Any]

pytestmark = pytest.mark.django_db(transaction=True)


def go_back() -> Any:
    """The models of that time, whose tables the database has from now on: as ``migrate`` does it, in one go."""
    executor = MigrationExecutor(connection)
    targets = [(app, None if name == "zero" else name) for app, name in BEFORE]
    plan = executor.migration_plan(targets)
    emit_pre_migrate_signal(0, False, "default", plan=plan)
    apps = executor.migrate(targets, plan).apps
    emit_post_migrate_signal(0, False, "default", apps=apps, plan=plan)
    return executor.loader.project_state([node for node in BEFORE if node[1] != "zero"]).apps


@pytest.mark.timeout(600)
def test_what_was_stored_by_the_version_before_is_kept() -> None:
    """One test, since the way back and forth takes as long as a hundred others."""
    apps = go_back()
    try:
        for before, _after in KEPT:
            before(lambda name: apps.get_model(name).objects)
    finally:
        call_command("migrate", verbosity=0)  # as an administrator does: this renames content types, too
    for _before, after in KEPT:
        after()


def preferences_before(made: Made) -> None:
    user = User.objects.create_user("ola", password="secret-pass-1")
    made("smart_ems.Preferences").create(user_id=user.pk, theme="dark", density="compact", time_zone="Asia/Tokyo")
    made("smart_ems.SignInAttempt").create(account="a" * 64, address="192.0.2.1", at=AT, succeeded=False)


def preferences_after() -> None:
    kept = Preferences.objects.get()
    assert (kept.user.username, kept.theme, kept.density, kept.time_zone) == ("ola", "dark", "compact", "Asia/Tokyo")
    attempt = SignInAttempt.objects.get()
    assert (attempt.account, attempt.address, attempt.at, attempt.succeeded) == ("a" * 64, "192.0.2.1", AT, False)
    Preferences.objects.create(user=User.objects.create_user("mia"))
    assert SignInAttempt.objects.create(account="b" * 64, address="::1", at=AT, succeeded=True).pk > attempt.pk


def work_before(made: Made) -> None:
    substation = made("substations.Substation").create(code="SS-01")
    made("substations.Span").create(substation=substation, start=AT, end=AT)
    made("mlcore.StreamKeeper").create(first_id=substation.pk, process=TOKEN, judged_until=AT)
    made("ingestion.Upload").create(lease_until=AT, lease_token=TOKEN, original_name="a.csv", size=1)


def work_after() -> None:
    waiting, owner, upload = PendingRange.objects.get(), ScorerOwnership.objects.get(), Upload.objects.get()
    assert (waiting.substation.code, waiting.start, waiting.end) == ("SS-01", AT, AT)
    assert (owner.first.code, owner.process) == ("SS-01", TOKEN)
    assert (upload.original_name, upload.claimed_until, upload.claimed_by) == ("a.csv", AT, TOKEN)


def tiers_before(made: Made) -> None:
    for tier in ("limits", "fleet"):
        substation = made("substations.Substation").create(code=tier)
        values = {OLD_NAME_OF_TIER: tier, "trained_from": AT, "trained_until": AT, "arrays": b"", "row_count": 1}
        made("mlcore.Detector").create(substation_id=substation.pk, version=1, **values)


def tiers_after() -> None:
    """A network of that time has no say and is not used."""
    assert dict(Detector.objects.values_list("substation__code", "tier")) == {"limits": "limits", "fleet": "regression"}


PERMISSIONS = {
    "smart_ems.view_preferences": "accounts.view_preferences",
    "smart_ems.delete_signinattempt": "accounts.delete_signinattempt",
    "substations.view_span": "substations.view_pendingrange",
    "mlcore.view_streamkeeper": "mlcore.view_scorerownership",
}


def permissions_before(made: Made) -> None:
    user = User.objects.create_user("pia")
    for name in PERMISSIONS:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))


def permissions_after() -> None:
    assert User.objects.get(username="pia").get_all_permissions() >= set(PERMISSIONS.values())
    for name in PERMISSIONS.values():
        assert Permission.objects.filter(codename=name.split(".")[1]).count() == 1


KEPT = (
    (preferences_before, preferences_after),
    (work_before, work_after),
    (tiers_before, tiers_after),
    (permissions_before, permissions_after),
)
