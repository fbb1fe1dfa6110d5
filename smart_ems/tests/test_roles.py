"""The three roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission

from smart_ems import roles
from smart_ems.accounts.administrator import create_first_administrator

pytestmark = pytest.mark.django_db


def held(name: str) -> set[str]:
    found = Permission.objects.filter(group__name=name).select_related("content_type")
    return {f"{each.content_type.app_label}.{each.codename}" for each in found}


def test_a_fresh_database_has_them_with_every_permission_that_is_named() -> None:
    assert {name: held(name) for name in roles.ROLES} == {name: set(wanted) for name, wanted in roles.ROLES.items()}


def test_each_holds_what_the_one_before_it_holds() -> None:
    assert held("viewer") < held("operator") < held("engineer")


def test_a_viewer_only_looks_and_nobody_but_a_superuser_administers_people() -> None:
    assert all(".view_" in each for each in held("viewer") - {"reports.add_report"})
    assert not any(each.startswith(("auth.", "accounts.")) for each in held("engineer"))
    changes = {f"alerts.{verb}_{name}" for verb in ("change", "delete") for name in ("alert", "alertevent")}
    assert not changes & held("engineer")


def test_an_operator_handles_alerts_and_uploads_but_not_the_grid() -> None:
    gained = held("operator") - held("viewer")
    assert {"alerts.acknowledge_alert", "alerts.resolve_alert", "ingestion.add_upload"} <= gained
    assert "substations.change_substation" not in gained


def test_syncing_again_restores_what_is_missing_and_keeps_what_was_added() -> None:
    viewer = Group.objects.get(name="viewer")
    extra = Permission.objects.get(codename="add_upload")
    viewer.permissions.set([extra])
    roles.sync()
    assert held("viewer") == {*roles.VIEWS, "ingestion.add_upload"}
    assert Group.objects.filter(name="viewer").count() == 1


def test_the_first_administrator_is_made_once_with_a_password_of_its_own() -> None:
    first = create_first_administrator()
    assert first is not None
    assert len(first) >= 16
    assert create_first_administrator() is None
