"""Giving sites: in the administration by superusers, each change written down; and what a user is given thereby."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core import site_rights
from smart_ems.accounts.models import SecurityEvent, SiteGrant
from smart_ems.accounts.preferences import Backend
from smart_ems.accounts.site_scopes import scope_of, sees_all
from substations.models import Substation

pytestmark = pytest.mark.django_db
SITES = {"A1": "North", "A2": "North", "B1": "South", "C1": ""}


def grid() -> dict[str, Substation]:
    return {code: Substation.objects.create(code=code, site=site) for code, site in SITES.items()}


def seen(user: User) -> set[str]:
    with site_rights.acting_for_user(user):
        return set(Substation.objects.values_list("code", flat=True))


def again(user: User) -> User:
    """As the next request reads the user."""
    found = Backend().get_user(user.pk)
    assert found is not None
    return found


THINGS = st.sets(st.sampled_from(["A1", "B1", "C1", "North", "South"]))


class TestUnion(TestCase):
    @settings(max_examples=25)
    @given(own=THINGS, of_group=THINGS, of_others=THINGS)
    def test_a_user_sees_what_the_user_and_the_groups_are_given_and_nothing_else(
        self, own: set[str], of_group: set[str], of_others: set[str]
    ) -> None:
        stations = grid()
        user, group = User.objects.create_user("mia"), Group.objects.create(name="shift")
        user.groups.add(group)
        other = Group.objects.create(name="others")
        for holder, things in (({"user": user}, own), ({"group": group}, of_group), ({"group": other}, of_others)):
            for name in things:
                what: dict[str, Any] = {"substation": stations[name]} if name in stations else {"site": name}
                SiteGrant.objects.create(**holder, **what)
        held = own | of_group
        expected = {code for code, site in SITES.items() if code in held or (site and site in held)}
        for each in (User.objects.get(pk=user.pk), again(user)):
            assert seen(each) == (expected if held else set(SITES))


def test_the_policy_says_what_is_seen_by_whom_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    grid()
    user = User.objects.create_user("mia")
    assert seen(user) == set(SITES)
    monkeypatch.setattr(django_settings, "SITES", "given")
    assert seen(again(user)) == set()
    SiteGrant.objects.create(user=user, everything=True)
    assert seen(again(user)) == set(SITES)
    assert seen(User.objects.create_superuser("root")) == set(SITES)


def test_everything_of_one_group_outdoes_a_site_of_another() -> None:
    grid()
    user = User.objects.create_user("mia")
    for name, what in (("part", {"site": "North"}), ("all", {"everything": True})):
        group = Group.objects.create(name=name)
        user.groups.add(group)
        SiteGrant.objects.create(group=group, **what)
    assert sees_all(again(user))
    assert scope_of(again(user)) is None


def test_a_site_is_given_with_what_joins_it_later_and_a_deleted_substation_leaves_nothing() -> None:
    stations = grid()
    user = User.objects.create_user("mia")
    SiteGrant.objects.create(user=user, substation=stations["C1"])
    stations["C1"].delete()
    assert seen(again(user)) == set()  # and not everything, as for somebody of whom nothing is said
    SiteGrant.objects.create(user=user, site="South")
    Substation.objects.create(code="B2", site="South")
    assert seen(again(user)) == {"B1", "B2"}


def test_a_user_is_read_with_the_rights_in_one_query(django_assert_num_queries: Any) -> None:
    user = User.objects.create_user("mia")
    SiteGrant.objects.create(user=user, site="North")
    with django_assert_num_queries(1):
        assert not sees_all(again(user))


@pytest.mark.parametrize("what", [{}, {"everything": True, "site": "North"}, {"site": "Nrth"}])
def test_a_grant_gives_one_thing_that_there_is(what: dict[str, Any]) -> None:
    grid()
    with pytest.raises(ValidationError, match="expected"):
        SiteGrant(user=User.objects.create_user("mia"), **what).full_clean()


def test_the_database_holds_it_to_one_holder_and_one_thing() -> None:
    station, user = grid()["A1"], User.objects.create_user("mia")
    for wrong in (
        {"site": "North"},
        {"user": user, "group": Group.objects.all()[0], "site": "North"},
        {"user": user, "site": "North", "substation": station},
        {"user": user, "everything": True, "site": "North"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SiteGrant.objects.create(**wrong)


def form(**rows: Any) -> dict[str, Any]:
    return {"site_grants-TOTAL_FORMS": "1", "site_grants-INITIAL_FORMS": "0"} | {
        f"site_grants-0-{name}": value for name, value in rows.items()
    }


def written() -> list[tuple[str, str, str]]:
    return list(SecurityEvent.objects.order_by("pk").values_list("account", "actor", "detail"))


def test_a_superuser_gives_a_user_and_a_group_sites_and_it_is_written_down(admin_client: Client) -> None:
    station, user, group = grid()["A1"], User.objects.create_user("mia"), Group.objects.create(name="shift")
    SecurityEvent._base_manager.all()._raw_delete("default")
    account = {"username": "mia", "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    answer = admin_client.post(f"/admin/auth/user/{user.pk}/change/", account | form(site="North"))
    assert answer.status_code == 302
    admin_client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "shift"} | form(substation=station.pk))
    grant = SiteGrant.objects.get(user=user)
    taken = form(id=grant.pk, user=user.pk, site="North", DELETE="on") | {"site_grants-INITIAL_FORMS": "1"}
    admin_client.post(f"/admin/auth/user/{user.pk}/change/", account | taken)
    assert written() == [
        ("mia", "admin", "sites: +North"),
        ("shift", "admin", "sites: +A1"),
        ("mia", "admin", "sites: −North"),
    ]


def test_a_slip_is_answered_in_words(admin_client: Client) -> None:
    grid()
    user = User.objects.create_user("mia")
    account = {"username": "mia", "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    answer = admin_client.post(f"/admin/auth/user/{user.pk}/change/", account | form(site="Nrth"))
    assert "Received “Nrth”; expected a site that a substation names." in answer.content.decode()


def test_a_substation_says_to_whom_it_is_given(admin_client: Client) -> None:
    station, user = grid()["A1"], User.objects.create_user("mia")
    url = f"/admin/substations/substation/{station.pk}/change/"
    SecurityEvent._base_manager.all()._raw_delete("default")
    page = admin_client.get(url)
    sent = {name: value for name, value in page.context["adminform"].form.initial.items() if value is not None}
    empty = {"links_in-TOTAL_FORMS": "0", "links_in-INITIAL_FORMS": "0"}
    prefix = page.context["inline_admin_formsets"][-1].formset.prefix
    row = {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0", f"{prefix}-0-user": user.pk}
    assert admin_client.post(url, sent | empty | row).status_code == 302
    assert written() == [("mia", "admin", "sites: +A1")]
    assert seen(again(user)) == {"A1"}


def test_who_is_no_superuser_gives_nothing(client: Client) -> None:
    grid()
    clerk, user = User.objects.create_user("clerk", is_staff=True), User.objects.create_user("mia")
    clerk.user_permissions.set(Permission.objects.all())
    client.force_login(clerk)
    account = {"username": "mia", "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    page = client.get(f"/admin/auth/user/{user.pk}/change/")
    assert "site_grants" not in page.content.decode()
    client.post(f"/admin/auth/user/{user.pk}/change/", account | form(everything="on"))
    assert not SiteGrant.objects.exists()
