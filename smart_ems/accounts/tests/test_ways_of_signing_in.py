"""What is configured of a provider and a directory: what is half set is named, and so is what goes without TLS."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from smart_ems import checks
from smart_ems.accounts.external_roles import roles_of
from smart_ems.dashboard.tests.scene import text
from smart_ems.env import GIVEN_ROLES, roles_by_group


@pytest.mark.parametrize(
    ("name", "value", "found"), [("OIDC_ISSUER", "https://id.example", "E001"), ("LDAP_URL", "ldaps://d", "E002")]
)
def test_what_is_half_set_is_named(settings: Any, name: str, value: str, found: str) -> None:
    assert checks.ways_of_signing_in() == []
    setattr(settings, name, value)
    assert [error.id for error in checks.ways_of_signing_in()] == [f"smart_ems.{found}"]


def test_what_goes_without_tls_is_named(settings: Any) -> None:
    settings.OIDC_ISSUER = "https://id.example"
    settings.LDAP_URL = "ldap://directory.example"
    assert checks.encrypted_ways_of_signing_in() == []
    settings.LDAP_TLS = "none"
    assert [each.id for each in checks.encrypted_ways_of_signing_in()] == ["smart_ems.W004"]


def test_groups_with_equals_signs_and_of_two_roles_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMS_LDAP_ROLES", "cn=ops,dc=x=operator; boss=engineer ;boss=staff;")
    assert roles_by_group("EMS_LDAP_ROLES") == {"cn=ops,dc=x": {"operator"}, "boss": {"engineer", "staff"}}


@pytest.mark.parametrize("value", ["ops", "=viewer", "ops=admin", "ops=", "ops=operator,boss=engineer2"])
def test_what_is_no_pair_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EMS_OIDC_ROLES", value)
    with pytest.raises(ImproperlyConfigured, match="EMS_OIDC_ROLES: received"):
        roles_by_group("EMS_OIDC_ROLES")


@given(st.lists(st.text(max_size=5)), st.dictionaries(st.text(max_size=5), st.sets(st.sampled_from(GIVEN_ROLES))))
def test_a_role_comes_from_a_group_that_gives_it_alone(groups: list[str], mapping: dict[str, set[str]]) -> None:
    mapping = {name.casefold(): roles for name, roles in mapping.items()}
    expected = {role for group in groups for role in mapping.get(group.casefold(), set())}
    assert roles_of(groups, mapping) == expected


@pytest.mark.django_db
def test_passwords_kept_here_can_be_left_to_superusers(settings: Any) -> None:
    User.objects.create_user("mia", password="secret-pass-1")
    User.objects.create_superuser("root", password="secret-pass-1")
    settings.PASSWORD_SIGN_IN = False
    refused = Client().post("/sign-in/", {"username": "mia", "password": "secret-pass-1"})
    assert "correct username and password" in text(refused)
    assert Client().post("/sign-in/", {"username": "root", "password": "secret-pass-1"}).status_code == 302


@pytest.mark.django_db
def test_who_has_no_password_here_is_offered_no_change_of_it() -> None:
    client = Client()
    user = User.objects.create_superuser("root", password="secret-pass-1")
    client.force_login(user)
    assert "Change password" in text(client.get("/sessions/"))
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    assert "Change password" not in text(client.get("/sessions/"))
