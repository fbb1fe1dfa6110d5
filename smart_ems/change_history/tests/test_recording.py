"""Whoever changes what is configured, by whatever way: one row says who, when, from what to what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from core.authorship import Authorship, authored
from core.saved_fields import save_fields
from losses.models import Tariff
from mlcore.models import RaisedLimit
from notifications.models import NotificationChannel, NotificationRoute
from smart_ems.accounts import api_tokens
from smart_ems.accounts.token_models import Scope
from smart_ems.change_history import recording
from smart_ems.change_history.models import ConfigurationChange
from substations.models import Link, Substation

pytestmark = pytest.mark.django_db


def changes(subject: str = "substations.substation") -> list[ConfigurationChange]:
    return list(ConfigurationChange.objects.filter(subject=subject).order_by("pk"))


@pytest.fixture
def station() -> Substation:
    made = Substation.objects.create(code="SS-01", rated_kva=630)
    ConfigurationChange.objects.all().delete()
    return made


def test_what_is_made_is_written_down_with_what_it_was_given() -> None:
    Substation.objects.create(code="SS-01", rated_kva=630)
    (change,) = changes()
    assert (change.action, change.name, change.origin) == ("made", "SS-01", "command")
    assert change.changes["rated_kva"] == [None, 630.0]
    assert "no_load_loss_w" not in change.changes  # nobody gave one


def test_a_change_keeps_both_values_of_each_field_that_changed(station: Substation) -> None:
    station.rated_kva, station.name = 1000, "Harbour"
    station.save()
    (change,) = changes()
    assert change.changes == {"name": ["", "Harbour"], "rated_kva": [630.0, 1000.0]}
    assert (change.action, change.subject_pk, change.substation_pk) == ("changed", str(station.pk), station.pk)


def test_what_is_saved_as_it_was_is_no_change(station: Substation) -> None:
    station.rated_kva = "630"  # as a form or a file has it
    station.save()
    assert changes() == []


def test_what_a_machine_keeps_is_no_change(station: Substation) -> None:
    save_fields(station, future_count=3)
    assert changes() == []


def test_only_the_fields_that_are_stored_count(station: Substation) -> None:
    station.name = "not stored"
    save_fields(station, rated_kva=800)
    assert [change.changes for change in changes()] == [{"rated_kva": [630.0, 800.0]}]


def test_what_is_deleted_keeps_its_last_values(station: Substation) -> None:
    pk = station.pk
    station.delete()
    (change,) = changes()
    assert (change.action, change.name, change.subject_pk) == ("deleted", "SS-01", str(pk))
    assert change.changes["rated_kva"] == [630.0, None]


def test_what_goes_with_it_is_written_down_too(station: Substation) -> None:
    other = Substation.objects.create(code="SS-02")
    Link.objects.create(source=station, target=other, r_ohm=0.1)
    station.delete()
    assert [(change.action, change.name) for change in changes("substations.link")] == [
        ("made", "SS-01 → SS-02"),
        ("deleted", "SS-01 → SS-02"),
    ]


def test_a_deletion_of_many_is_a_row_for_each() -> None:
    Tariff.objects.create(name="One")
    Tariff.objects.create(name="Two")
    Tariff.objects.all().delete()
    assert sorted(change.name for change in changes("losses.tariff") if change.action == "deleted") == ["One", "Two"]


def test_of_a_related_object_its_name_is_kept(station: Substation) -> None:
    RaisedLimit.objects.create(substation=station, cause="overload", factor=1.2)
    (change,) = changes("mlcore.raisedlimit")
    assert change.changes["substation"] == [None, "SS-01"]
    assert change.substation_pk == station.pk


def test_of_a_secret_only_the_change_is_kept() -> None:
    user = User.objects.create_user("bea", password="first-password-1")
    user.set_password("second-password-2")
    user.save()
    made, changed = changes("auth.user")
    assert made.changes["password"] == [None, "secret"]
    assert changed.changes == {"password": ["secret", "another secret"]}


def test_secrets_of_channels_and_tokens_stay_secrets() -> None:
    user = User.objects.create_user("bea")
    channel = NotificationChannel.objects.create(name="Ops", kind="webhook", sealed="cipher-text")
    save_fields(channel, sealed="other-text")
    _token, secret = api_tokens.make(user, name="meter", scopes=["read"], days=30, now=timezone.now())
    kept = str(list(ConfigurationChange.objects.values_list("changes", flat=True)))
    assert "cipher-text" not in kept
    assert "other-text" not in kept
    assert secret not in kept
    assert changes("notifications.notificationchannel")[1].changes == {"sealed": ["secret", "another secret"]}


@pytest.mark.parametrize("from_the_other_side", [False, True])
def test_a_set_of_related_objects_is_kept_as_it_was_and_as_it_is(from_the_other_side: bool) -> None:
    user, group = User.objects.create_user("bea"), Group.objects.get(name="viewer")
    if from_the_other_side:
        group.user_set.add(user)
        group.user_set.clear()
    else:
        user.groups.add(group)
        user.groups.clear()
    given, taken = changes("auth.user")[1:]
    assert (given.name, given.changes) == ("bea", {"groups": [[], ["viewer"]]})
    assert taken.changes == {"groups": [["viewer"], []]}


def test_what_is_in_the_set_already_is_no_change() -> None:
    route = NotificationRoute.objects.create(name="All")
    channel = NotificationChannel.objects.create(name="Ops", kind="webhook")
    route.channels.add(channel)
    route.channels.add(channel)
    assert [change.changes for change in changes("notifications.notificationroute")[1:]] == [
        {"channels": [[], ["Ops"]]}
    ]


def test_a_fixture_brings_its_own_history(station: Substation, tmp_path: object) -> None:
    path = f"{tmp_path}/grid.json"
    call_command("dumpdata", "substations.substation", output=path, verbosity=0)
    call_command("loaddata", path, verbosity=0)
    assert changes() == []


def test_a_change_is_neither_changed_nor_deleted(station: Substation) -> None:
    save_fields(station, rated_kva=800)
    (change,) = changes()
    change.author = "somebody else"
    with pytest.raises(TypeError):
        change.save()
    with pytest.raises(TypeError):
        change.delete()


# Who, and by which way.


def test_on_a_page_it_is_who_is_signed_in(station: Substation, signed_in: Callable[[str], Client]) -> None:
    signed_in("operator").post(f"/substations/{station.code}/direction/", {"exports_power": "yes"})
    (change,) = changes()
    assert (change.author, change.origin, change.address) == ("operator-user", "page", "127.0.0.1")
    assert change.changes == {"exports_power": ["unknown", "yes"]}


def test_in_the_administration_it_is_the_administrator(station: Substation, admin_client: Client) -> None:
    Tariff.objects.create(name="One")
    admin_client.post(f"/admin/losses/tariff/{Tariff.objects.get().pk}/delete/", {"post": "yes"})
    change = changes("losses.tariff")[-1]
    assert (change.action, change.author, change.origin) == ("deleted", "admin", "administration")


def test_by_the_api_it_is_the_user_of_the_token(station: Substation, person: Callable[[str], User]) -> None:
    _token, secret = api_tokens.make(
        person("engineer"), name="script", scopes=Scope.values, days=30, now=timezone.now()
    )
    answer = Client().patch(
        f"/api/substations/{station.code}/",
        {"rated_kva": 800},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 200, answer.content
    (change,) = changes()
    assert (change.author, change.origin) == ("engineer-user", "api")


def test_in_a_worker_it_is_on_behalf_of_whom_the_work_names(station: Substation) -> None:
    with authored(lambda: Authorship("uploader", "worker")):
        save_fields(station, rated_kva=800)
    save_fields(station, rated_kva=900)
    assert [(change.author, change.origin) for change in changes()] == [("uploader", "worker"), ("", "command")]


def test_a_new_user_is_known_by_name_after_it_was_deleted(person: Callable[[str], User], station: Substation) -> None:
    user = person("engineer")
    with authored(lambda: Authorship(user.get_username(), "page")):
        save_fields(station, rated_kva=800)
    user.delete()
    assert changes()[0].author == "engineer-user"


class Died(Exception):
    """In place of the end of the process."""


@pytest.mark.django_db(transaction=True)
def test_who_dies_before_a_change_is_written_down_has_changed_nothing(
    station: Substation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*args: object, **kwargs: object) -> None:
        raise Died

    monkeypatch.setattr(recording, "record", die)
    station.rated_kva = 1000
    with pytest.raises(Died):
        station.save()
    with pytest.raises(Died):
        User.objects.create_user("one")
    with pytest.raises(Died):
        station.delete()
    station.refresh_from_db()
    assert station.rated_kva == 630
    assert not User.objects.exists()
