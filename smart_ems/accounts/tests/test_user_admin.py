"""Who may change users, and is no superuser, makes none and touches none."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

pytestmark = pytest.mark.django_db
URL = "/admin/auth/user/"
NO_SITES = {"site_grants-TOTAL_FORMS": "0", "site_grants-INITIAL_FORMS": "0"}


@pytest.fixture
def clerk(client: Client) -> User:
    """Staff with every permission on users, signed in."""
    user = User.objects.create_user("clerk", password="secret-pass-1", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
    client.force_login(user)
    return user


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password="secret-pass-2")


def form(user: User, **values: object) -> dict[str, object]:
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {"username": user.username, "is_active": "on", "first_name": "New", **joined, **NO_SITES, **values}


def test_names_can_be_changed_and_rights_cannot(client: Client, clerk: User) -> None:
    engineers, permission = Group.objects.get(name="engineer"), Permission.objects.all()[0]
    rights = {"is_superuser": "on", "is_staff": "on", "groups": [engineers.pk], "user_permissions": [permission.pk]}
    for user in (clerk, User.objects.create_user("other")):
        before = (user.is_superuser, user.is_staff, set(user.groups.all()), set(user.user_permissions.all()))
        assert client.post(f"{URL}{user.pk}/change/", form(user, **rights)).status_code == 302
        user = User.objects.get(pk=user.pk)
        assert user.first_name == "New"
        assert (user.is_superuser, user.is_staff, set(user.groups.all()), set(user.user_permissions.all())) == before


@pytest.mark.parametrize("page", ["change", "password", "delete"])
def test_a_superuser_is_not_touched(client: Client, clerk: User, root: User, page: str) -> None:
    sent = form(root) | {"post": "yes", "password1": "another-pass-3", "password2": "another-pass-3"}
    assert client.post(f"{URL}{root.pk}/{page}/", sent).status_code == 403
    after = User.objects.get(pk=root.pk)
    assert (after.first_name, after.check_password("secret-pass-2")) == ("", True)


def test_nor_deleted_among_many(client: Client, clerk: User, root: User) -> None:
    client.post(URL, {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"})
    assert User.objects.filter(pk=root.pk).exists()


def test_a_superuser_gives_rights(client: Client, root: User) -> None:
    client.force_login(root)
    user = User.objects.create_user("other")
    assert client.post(f"{URL}{user.pk}/change/", form(user, is_superuser="on")).status_code == 302
    assert User.objects.get(pk=user.pk).is_superuser
