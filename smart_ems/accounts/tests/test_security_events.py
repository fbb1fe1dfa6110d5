"""What is written down of accounts: when, whose, by whom and from which address; nothing of it changes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from smart_ems.accounts import security_events
from smart_ems.accounts.models import ApiToken, SecurityEvent
from smart_ems.accounts.rights_changes import difference
from smart_ems.accounts.tests.token_scenes import bearer, token_of
from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
Kind = SecurityEvent.SecurityKind
PASSWORD, HOME = "secret-pass-1", "192.0.2.7"
LIST = "/admin/accounts/securityevent/"


def sign_in(client: Client, password: str = PASSWORD, name: str = "viewer-user") -> Client:
    client.post("/sign-in/", {"username": name, "password": password}, REMOTE_ADDR=HOME)
    return client


def written() -> list[tuple[str, str, str, str]]:
    """Kind, account, actor and detail, the oldest first."""
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", "account", "actor", "detail"))


def kinds() -> list[str]:
    return [kind for kind, *_rest in written()]


def forget() -> None:
    SecurityEvent.objects.all().delete()


def test_signing_in_and_out_is_written_down_with_the_address(person: Cast) -> None:
    person("viewer")
    sign_in(Client()).post("/sign-out/", REMOTE_ADDR=HOME)
    assert written() == [
        ("signed_in", "viewer-user", "viewer-user", ""),
        ("signed_out", "viewer-user", "viewer-user", ""),
    ]
    assert set(SecurityEvent.objects.values_list("address", flat=True)) == {HOME}


def test_a_wrong_password_is_and_what_stands_for_an_unknown_name_is_not(person: Cast) -> None:
    person("viewer")
    sign_in(Client(), "wrong")
    sign_in(Client(), "x", name="hunter2-typed-into-the-wrong-field")
    assert written() == [("refused", "viewer-user", "", "")]


def test_guesses_that_are_not_looked_at_fill_no_table(person: Cast) -> None:
    person("viewer")
    for _each in range(9):
        sign_in(Client(), "wrong")
    assert kinds() == ["refused"] * 5


def test_the_life_of_a_token_is_written_down(person: Cast) -> None:
    person("viewer")
    client = sign_in(Client())
    forget()
    page = text(client.post("/tokens/", {"name": "meter", "scopes": ["read"], "days": "30"}))
    secret = page.split('value="ems_')[1].split('"')[0]
    for _each in range(2):
        Client().get("/api/tokens/", headers=bearer(f"ems_{secret}"))
    client.post(f"/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert kinds() == ["token_made", "token_first_used", "token_revoked"]
    assert all("meter (ems_" in detail and secret not in detail for *_rest, detail in written())


def test_so_are_tokens_by_password_by_command_by_api_and_of_an_administrator(
    person: Cast, admin_client: Client
) -> None:
    user = person("viewer")
    forget()
    token = Client().post("/api/token/", {"username": user.username, "password": PASSWORD}).json()["token"]
    pk = ApiToken.objects.get().pk
    Client().delete(f"/api/tokens/{pk}/", headers=bearer(token))
    call_command("make_token", user.username, "--name", "x", "--scope", "read", stdout=None)
    admin_client.post(f"/admin/accounts/apitoken/{ApiToken.objects.get().pk}/delete/", {"post": "yes"})
    assert [(kind, actor) for kind, _account, actor, _detail in written()] == [
        ("token_made", ""), ("token_first_used", ""), ("token_revoked", "viewer-user"), ("token_made", ""),
        ("token_revoked", "admin"),
    ]  # fmt: skip
    assert {account for _kind, account, *_rest in written()} == {"viewer-user"}


def test_a_new_password_and_sessions_that_are_ended_are(person: Cast) -> None:
    user = person("viewer")
    token_of(user)
    client, _other, _third = sign_in(Client()), sign_in(Client()), sign_in(Client())
    pk = user.user_sessions.order_by("pk")[1].pk
    forget()
    client.post(f"/sessions/{pk}/end/")
    client.post("/sessions/end-others/")
    client.post("/sessions/end-others/")
    new = {"old_password": PASSWORD, "new_password1": "another-word-77", "new_password2": "another-word-77"}
    client.post("/password/", new | {"end_tokens": "on"})
    assert kinds() == ["session_ended", "session_ended", "password_changed", "token_revoked"]


def test_the_administrations_own_page_of_passwords_is_that_of_the_product(admin_client: Client) -> None:
    assert admin_client.get("/admin/password_change/").headers["Location"] == "/password/"


NO_SITES = {"site_grants-TOTAL_FORMS": "0", "site_grants-INITIAL_FORMS": "0"}


def form_of(user: User, **change: Any) -> dict[str, Any]:
    return {"username": user.username, "is_active": "on", "groups": [each.pk for each in user.groups.all()],
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", **NO_SITES, **change}  # fmt: skip


def test_rights_that_are_given_and_taken_are(person: Cast, admin_client: Client) -> None:
    user, operator = person("viewer"), Group.objects.get(name="operator")
    forget()
    url = f"/admin/auth/user/{user.pk}/change/"
    assert admin_client.post(url, form_of(user, groups=[operator.pk], is_staff="on")).status_code == 302
    admin_client.post(url, form_of(user, is_staff="on", first_name="Vi", groups=[operator.pk]))
    admin_client.post(
        f"/admin/auth/user/{user.pk}/password/", {"password1": "another-word-77", "password2": "another-word-77"}
    )
    admin_client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})
    assert written() == [
        ("rights_changed", "viewer-user", "admin", "rights: +is_staff; groups: +operator, −viewer"),
        ("password_changed", "viewer-user", "admin", ""),
        ("user_deleted", "viewer-user", "admin", ""),
    ]


def test_a_new_user_and_the_rights_of_a_group_are(admin_client: Client) -> None:
    forget()
    form = {
        "username": "mia",
        "password1": "another-word-77",
        "password2": "another-word-77",
        "usable_password": "true",
    }
    admin_client.post("/admin/auth/user/add/", form)
    group = Group.objects.create(name="night shift")
    kept = Permission.objects.get(codename="view_alert")
    url = f"/admin/auth/group/{group.pk}/change/"
    admin_client.post(url, {"name": group.name, "permissions": [kept.pk], **NO_SITES})
    admin_client.post(url, {"name": group.name, "permissions": [kept.pk], **NO_SITES})
    admin_client.post("/admin/auth/group/", {"action": "delete_selected", "_selected_action": group.pk, "post": "yes"})
    assert written() == [
        ("user_made", "mia", "admin", "rights: +is_active"),
        ("rights_changed", "night shift", "admin", "permissions: +alerts.view_alert"),
        ("rights_changed", "night shift", "admin", "group deleted"),
    ]


@given(*[st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), unique=True))] * 2)
def test_a_difference_is_empty_where_nothing_changed_alone(before: Any, after: Any) -> None:
    before, after = ({kind: sorted(each.get(kind, [])) for kind in "abc"} for each in (before, after))
    assert (difference(before, after) == "") == (before == after)


def test_an_event_is_neither_changed_nor_deleted() -> None:
    security_events.record(Kind.SIGNED_IN, "somebody")
    event = SecurityEvent.objects.get()
    for change in (event.save, event.delete):
        with pytest.raises(TypeError):
            change()


def test_staff_who_may_see_them_and_change_none(admin_client: Client, signed_in: SignIn) -> None:
    security_events.record(Kind.SIGNED_IN, "somebody")
    pk = SecurityEvent.objects.latest("pk").pk
    assert "somebody" in text(admin_client.get(LIST))
    assert "somebody" in text(admin_client.get(f"{LIST}?q=somebody"))
    assert admin_client.get(f"{LIST}add/").status_code == 403
    for page in ("change", "delete"):
        assert admin_client.post(f"{LIST}{pk}/{page}/", {"account": "x", "post": "yes"}).status_code == 403
    assert SecurityEvent.objects.filter(account="somebody").exists()
    engineer = signed_in("engineer")
    assert engineer.get(LIST).status_code == 302
    User.objects.filter(username="engineer-user").update(is_staff=True)
    assert engineer.get(LIST).status_code == 403


def test_they_leave_as_csv_that_no_spreadsheet_runs(admin_client: Client) -> None:
    security_events.record(Kind.RIGHTS_CHANGED, "@SUM(A1)", detail="=1+1")
    event = SecurityEvent.objects.latest("pk")
    answer: Any = admin_client.post(LIST, {"action": "as_csv", "_selected_action": [event.pk]})
    head, row = csv.reader(b"".join(answer.streaming_content).decode().splitlines())
    assert head == ["at", "kind", "account", "actor", "address", "detail"]
    assert row[1:] == ["rights_changed", "'@SUM(A1)", "", "", "'=1+1"]
    assert row[0] == event.at.isoformat()


def test_more_events_cost_no_more_queries(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for _each in range(20):
        security_events.record(Kind.SIGNED_IN, "somebody")
    admin_client.get(LIST)
    with django_assert_max_num_queries(8):
        admin_client.get(LIST)


def test_times_are_now() -> None:
    before = timezone.now()
    security_events.record(Kind.SIGNED_IN, "somebody")
    assert before <= SecurityEvent.objects.get().at <= timezone.now()
