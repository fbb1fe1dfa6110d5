"""Invitations: made by staff or a command, used once on a page of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from smart_ems.accounts import invitations
from smart_ems.accounts.models import Invitation, SecurityEvent
from smart_ems.dashboard.tests.scene import text

pytestmark = pytest.mark.django_db
ADD = "/admin/accounts/invitation/add/"
FORM = {
    "username": "ola", "first_name": "Ola", "last_name": "Nord", "password1": "a lamp beside the river",
    "password2": "a lamp beside the river",
}  # fmt: skip


@pytest.fixture
def path(db: None) -> str:
    return invitations.invite(Invitation(email="ola@example.org", role="operator"), by=None, now=timezone.now())


def test_the_link_makes_an_account_with_the_role(path: str) -> None:
    assert "invited as Operator" in text(Client().get(path))
    assert Client().post(path, FORM).headers["Location"] == "/sign-in/"
    user = User.objects.get()
    assert (user.username, user.email, user.get_full_name()) == ("ola", "ola@example.org", "Ola Nord")
    assert [group.name for group in user.groups.all()] == ["operator"]
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert Client().post("/sign-in/", {"username": "ola", "password": FORM["password1"]}).headers["Location"] == "/"
    assert Invitation.objects.get().user == user
    assert SecurityEvent.objects.get(kind="invitation_used").account == "ola"


def test_it_is_good_once(path: str) -> None:
    Client().post(path, FORM)
    for answer in (Client().get(path), Client().post(path, FORM | {"username": "mia"})):
        assert answer.status_code == 410
        assert "was used or revoked" in text(answer)
    assert User.objects.count() == 1


def test_of_two_at_once_one_makes_the_account(path: str) -> None:
    invitation = invitations.find(path.split("/")[2], now=timezone.now())
    assert invitation is not None
    request = Client().get("/sign-in/").wsgi_request
    made = [
        invitations.accept(invitation, User(username=name), now=timezone.now(), request=request)
        for name in ("ola", "mia")
    ]
    assert made == [True, False]
    assert User.objects.count() == 1


def test_it_is_good_for_seven_days(path: str) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(path, FORM).status_code == 410
    assert not User.objects.exists()


@pytest.mark.parametrize("secret", ["x", "%00", "..", "x" * 900])
def test_a_made_up_link_opens_nothing(secret: str) -> None:
    assert Client().get(f"/invitation/{secret}/").status_code in (400, 404, 410)


@pytest.mark.parametrize(
    "change", [{"password1": "short", "password2": "short"}, {"password2": "another"}, {"username": ""}]
)
def test_a_bad_form_uses_nothing_up(path: str, change: dict[str, str]) -> None:
    assert Client().post(path, FORM | change).status_code == 200
    assert not User.objects.exists()
    assert Client().get(path).status_code == 200


def test_nothing_but_name_and_password_is_taken_from_the_form(path: str) -> None:
    Client().post(path, FORM | {"is_superuser": "1", "is_staff": "1", "email": "x@example.org", "groups": "1"})
    user = User.objects.get()
    assert (user.is_superuser, user.is_staff, user.email) == (False, False, "ola@example.org")


def test_the_secret_is_stored_as_a_hash(path: str) -> None:
    assert path.split("/")[2] not in str(Invitation.objects.values())


def test_staff_invite_by_mail_and_see_the_link_once(admin_client: Client) -> None:
    page = text(admin_client.post(ADD, {"email": "ola@example.org", "role": "engineer"}, follow=True))
    shown = re.search(r"http://testserver(/invitation/[\w-]+/)", page)
    assert shown
    assert shown[1] in str(mail.outbox[0].body)
    assert mail.outbox[0].to == ["ola@example.org"]
    assert Client().get(shown[1]).status_code == 200
    event = SecurityEvent.objects.get(kind="invited")
    assert (event.account, event.actor, event.detail) == ("ola@example.org", "admin", "engineer")
    assert "/invitation/" not in text(admin_client.get("/admin/accounts/invitation/")).replace(
        "accounts/invitation/", ""
    )


def test_a_mail_server_that_is_away_is_said(admin_client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 9
    page = text(admin_client.post(ADD, {"email": "ola@example.org", "role": "viewer"}, follow=True))
    assert "cannot be sent" in page
    assert "/invitation/" in page


def test_revoking_is_deleting_and_nothing_is_changed(admin_client: Client, path: str) -> None:
    found = Invitation.objects.get()
    change = f"/admin/accounts/invitation/{found.pk}/change/"
    admin_client.post(change, {"email": "x@example.org", "role": "viewer"})
    assert Invitation.objects.get().email == "ola@example.org"
    admin_client.post(f"/admin/accounts/invitation/{found.pk}/delete/", {"post": "yes"})
    assert Client().get(path).status_code == 410


def test_nobody_gives_more_than_they_have(person: Callable[[str], User]) -> None:
    helper = person("operator")
    helper.is_staff = True
    helper.save()
    helper.user_permissions.add(*Permission.objects.filter(content_type__model="invitation"))
    client = Client()
    client.force_login(helper)
    page = text(client.get(ADD))
    assert 'value="operator"' in page
    assert 'value="engineer"' not in page
    client.post(ADD, {"email": "ola@example.org", "role": "engineer"})
    assert not Invitation.objects.exists()
    client.post(ADD, {"email": "ola@example.org", "role": "operator"})
    assert Invitation.objects.count() == 1


def test_who_has_no_role_invites_nobody(person: Callable[[str], User]) -> None:
    helper = person("outsider")
    User.objects.update(is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(content_type__model="invitation"))
    client = Client()
    client.force_login(helper)
    assert client.get(ADD).status_code == 403


def test_a_command_prints_the_link(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite", "ola@example.org", "--role", "viewer")
    path = "/invitation/" + capsys.readouterr().out.strip().split("/invitation/")[1]
    assert mail.outbox == []
    assert Client().get(path).status_code == 200
    call_command("invite", "mia@example.org", "--role", "viewer", "--mail")
    assert len(mail.outbox) == 1
    with pytest.raises(CommandError, match="Received “nobody”"):
        call_command("invite", "nobody", "--role", "viewer")
