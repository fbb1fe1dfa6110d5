"""A database of the version before tables changed their app or their name: its rows and permissions are still there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
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


@pytest.fixture
def made_before() -> Iterator[Made]:
    """The database as it was; ``made_before("mlcore.Detector")`` is the manager of a table of that time."""
    for app, name in BEFORE:
        call_command("migrate", app, name, verbosity=0)
    apps = MigrationExecutor(connection).loader.project_state([node for node in BEFORE if node[1] != "zero"]).apps
    yield lambda name: apps.get_model(name).objects
    update()


def update() -> None:
    call_command("migrate", verbosity=0)  # as an administrator does: this renames content types, too


def test_preferences_and_attempts_to_sign_in_are_kept(made_before: Made) -> None:
    user = User.objects.create_user("ola", password="secret-pass-1")
    made_before("smart_ems.Preferences").create(
        user_id=user.pk, theme="dark", density="compact", time_zone="Asia/Tokyo"
    )
    made_before("smart_ems.SignInAttempt").create(account="a" * 64, address="192.0.2.1", at=AT, succeeded=False)
    update()
    kept = Preferences.objects.get()
    assert (kept.user, kept.theme, kept.density, kept.time_zone) == (user, "dark", "compact", "Asia/Tokyo")
    attempt = SignInAttempt.objects.get()
    assert (attempt.account, attempt.address, attempt.at, attempt.succeeded) == ("a" * 64, "192.0.2.1", AT, False)
    Preferences.objects.create(user=User.objects.create_user("mia"))
    assert SignInAttempt.objects.create(account="b" * 64, address="::1", at=AT, succeeded=True).pk > attempt.pk


def test_what_waits_and_who_works_on_it_is_kept(made_before: Made) -> None:
    substation = made_before("substations.Substation").create(code="SS-01")
    made_before("substations.Span").create(substation=substation, start=AT, end=AT)
    made_before("mlcore.StreamKeeper").create(first_id=substation.pk, process=TOKEN, judged_until=AT)
    made_before("ingestion.Upload").create(lease_until=AT, lease_token=TOKEN, original_name="a.csv", size=1)
    update()
    waiting, owner, upload = PendingRange.objects.get(), ScorerOwnership.objects.get(), Upload.objects.get()
    assert (waiting.substation.code, waiting.start, waiting.end) == ("SS-01", AT, AT)
    assert (owner.first_id, owner.process) == (substation.pk, TOKEN)
    assert (upload.original_name, upload.claimed_until, upload.claimed_by) == ("a.csv", AT, TOKEN)


@pytest.mark.parametrize(
    ("before", "after"),
    [("limits", "limits"), ("fleet", "regression")],  # a network of that time has no say and is not used
)
def test_a_model_keeps_its_tier_if_it_has_no_network(before: str, after: str, made_before: Made) -> None:
    substation = made_before("substations.Substation").create(code="SS-01")
    made_before("mlcore.Detector").create(
        substation_id=substation.pk,
        version=1,
        **{OLD_NAME_OF_TIER: before},
        trained_from=AT,
        trained_until=AT,
        arrays=b"",
        row_count=1,
    )
    update()
    assert Detector.objects.get().tier == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("smart_ems.view_preferences", "accounts.view_preferences"),
        ("smart_ems.delete_signinattempt", "accounts.delete_signinattempt"),
        ("substations.view_span", "substations.view_pendingrange"),
        ("mlcore.view_streamkeeper", "mlcore.view_scorerownership"),
    ],
)
def test_who_was_given_a_permission_still_has_it(before: str, after: str, made_before: Made) -> None:
    app, codename = before.split(".")
    user = User.objects.create_user("ola")
    user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    update()
    assert User.objects.get().has_perm(after)
    assert Permission.objects.filter(codename=after.split(".")[1]).count() == 1
