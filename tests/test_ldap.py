"""Signing in by the password of a directory: a real slapd, with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from smart_ems import roles
from smart_ems.accounts import sign_in
from smart_ems.accounts.models import SecurityEvent, SignInAttempt

from . import directory
from .conftest import free_port, need

pytestmark = pytest.mark.django_db
PASSWORD = directory.PASSWORD


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[directory.Directory]:
    need("slapd", directory.SLAPD is not None, "install slapd")
    with directory.running(tmp_path_factory.mktemp("ldap"), free_port(), free_port()) as running:
        yield running


@pytest.fixture(autouse=True)
def configured(slapd: directory.Directory, settings: Any) -> None:
    settings.LDAP_URL, settings.LDAP_CA_FILE, settings.LDAP_BASE = slapd.url, str(slapd.ca_file), directory.BASE
    settings.LDAP_BIND_DN, settings.LDAP_BIND_PASSWORD = directory.SERVICE, directory.SERVICE_PASSWORD
    settings.LDAP_ROLES = {
        directory.group("operators"): {"operator"},
        directory.group("grid admins"): {"staff"},  # names are compared without regard to case
    }
    roles.sync()


def attempt(name: str, password: str = PASSWORD) -> tuple[bool, str]:
    """Whether it got in, and the page."""
    client = Client()
    answer = client.post("/sign-in/", {"username": name, "password": password})
    return "_auth_user_id" in client.session, answer.content.decode()


def test_a_person_of_the_directory_gets_an_account_with_the_rights_of_its_groups() -> None:
    assert attempt("ola")[0]
    user = User.objects.get()
    assert (user.username, user.email, user.first_name, user.last_name) == (
        "ola",
        "mail-of-0@example.org",
        "Ola",
        "Nord",
    )
    assert not user.has_usable_password()
    assert ([group.name for group in user.groups.all()], user.is_staff) == (["operator"], True)
    assert SecurityEvent.objects.get(kind="signed_in").detail == "LDAP"
    assert attempt("ola")[0]
    assert User.objects.count() == 1


def test_rights_follow_the_groups_at_each_sign_in(settings: Any) -> None:
    attempt("ola")
    settings.LDAP_ROLES = {directory.group("operators"): {"engineer"}}
    assert attempt("ola")[0]
    user = User.objects.get()
    assert ([group.name for group in user.groups.all()], user.is_staff) == (["engineer"], False)


def test_groups_beside_the_roles_stay() -> None:
    attempt("ola")
    User.objects.get().groups.add(Group.objects.create(name="night shift"))
    attempt("ola")
    assert sorted(group.name for group in User.objects.get().groups.all()) == ["night shift", "operator"]


@pytest.mark.parametrize("password", ["wrong", "", "\x00", "x" * 5000])
def test_a_wrong_password_is_none(password: str) -> None:
    """A directory takes an empty one from everybody (RFC 4513 section 5.1.2)."""
    is_in, page = attempt("ola", password)
    assert not is_in
    assert "cannot be reached" not in page
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["*", "ola)(uid=*", "o*", "nobody", "\x00", "ola\\", "(", "ola,ou=people"])
def test_a_name_is_no_filter(name: str) -> None:
    assert not attempt(name)[0]
    assert not User.objects.exists()


def test_a_name_with_characters_of_filters_is_found() -> None:
    assert attempt("jan*(x)")[0]
    assert User.objects.get().username == "jan*(x)"


def test_who_is_in_no_group_with_a_role_stays_out() -> None:
    assert not attempt("mia")[0]
    assert not User.objects.exists()


def test_nobody_takes_over_an_account_by_its_name() -> None:
    local = User.objects.create_user("ola", password="secret-pass-1")
    assert not attempt("ola")[0]
    assert attempt("ola", "secret-pass-1")[0]
    local.set_unusable_password()
    local.save()
    assert not attempt("ola")[0]


def test_who_was_disabled_stays_out() -> None:
    attempt("ola")
    User.objects.update(is_active=False)
    assert not attempt("ola")[0]


def test_guesses_are_limited_as_others() -> None:
    for _each in range(sign_in.MAX_FROM_ONE_PLACE):
        attempt("ola", "wrong")
    is_in, page = attempt("ola")
    assert not is_in
    assert "Too many attempts" in page


def test_it_is_not_touched_by_passwords_being_off(settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False
    assert attempt("ola")[0]


def test_a_token_by_password_works_too() -> None:
    answer = Client().post("/api/token/", {"username": "ola", "password": PASSWORD})
    assert answer.status_code == 200


def test_ldaps_works_too(slapd: directory.Directory, settings: Any) -> None:
    settings.LDAP_URL = slapd.tls_url
    assert attempt("ola")[0]


@pytest.mark.parametrize("scheme", ["url", "tls_url"])
def test_a_server_with_an_unknown_certificate_gets_no_password(
    slapd: directory.Directory, settings: Any, scheme: str
) -> None:
    settings.LDAP_URL, settings.LDAP_CA_FILE = getattr(slapd, scheme), ""
    is_in, page = attempt("ola")
    assert not is_in
    assert "cannot be reached" in page


def test_nor_one_whose_certificate_has_another_name(slapd: directory.Directory, settings: Any) -> None:
    settings.LDAP_URL = slapd.tls_url.replace("localhost", "127.0.0.1")
    assert "cannot be reached" in attempt("ola")[1]


def test_without_tls_only_where_that_is_said(settings: Any) -> None:
    settings.LDAP_TLS, settings.LDAP_CA_FILE = "none", ""
    assert attempt("ola")[0]


def test_a_directory_that_is_away_is_said_and_counts_no_attempt(settings: Any) -> None:
    settings.LDAP_URL = f"ldap://localhost:{free_port()}"
    User.objects.create_user("local", password="secret-pass-1")
    for _each in range(sign_in.MAX_FROM_ONE_PLACE + 1):
        assert "The directory of accounts cannot be reached" in attempt("ola")[1]
    assert not SignInAttempt.objects.exists()
    assert attempt("local", "secret-pass-1")[0]


def test_a_service_account_that_is_refused_is_said(settings: Any) -> None:
    settings.LDAP_BIND_PASSWORD = "wrong"
    assert "cannot be reached" in attempt("ola")[1]
