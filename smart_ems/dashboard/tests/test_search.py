"""Search everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from ingestion.models import Upload

from .scene import SignIn, alerted, station, text

pytestmark = pytest.mark.django_db
URL = "/search/"
FRAGMENT = {"HX-Request": "true"}


def upload(name: str) -> Upload:
    return Upload.objects.create(original_name=name, size=1, sha256=name, fingerprint=name, state="loaded")


def hits(client: Client, query: str) -> dict[str, list[str]]:
    groups = client.get(URL, {"q": query}).context["groups"]
    return {group.title: [hit.label for hit in group.hits] for group in groups}


def test_anonymous_visitors_are_sent_to_the_sign_in_page(client: Client) -> None:
    assert client.get(URL).headers["Location"] == "/sign-in/?next=/search/"


def test_it_is_only_read(signed_in: SignIn) -> None:
    assert signed_in("viewer").post(URL, {"q": "a"}).status_code == 405


def test_a_substation_is_found_by_code_name_and_site(signed_in: SignIn) -> None:
    station("SS-01", name="North yard", site="Lake works", trained=False)
    client = signed_in("viewer")
    for query in ("ss-01", "NORTH", " lake "):
        assert hits(client, query) == {"Substations": ["SS-01 North yard"]}, query


def test_an_alert_is_found_by_number_cause_and_substation(signed_in: SignIn) -> None:
    alert = alerted(station("SS-01", name="North yard", trained=False))
    client = signed_in("viewer")
    for query in (str(alert.pk), f"#{alert.pk}", "capacitor bank", "ss-01", "north"):
        assert hits(client, query)["Alerts"] == [f"#{alert.pk} Capacitor bank failure · SS-01 North yard"], query
    assert "Alerts" not in hits(client, f"#{alert.pk + 1}")


def test_open_alerts_come_before_closed_ones(signed_in: SignIn) -> None:
    stations = [station(code, trained=False) for code in ("A", "B")]
    first, second = (alerted(each) for each in stations)
    type(first).objects.filter(pk=second.pk).update(closed_at=second.raised_at, closure="resolved")
    assert hits(signed_in("viewer"), "capacitor")["Alerts"][0].startswith(f"#{first.pk} ")


def test_files_models_and_pages_are_found(signed_in: SignIn) -> None:
    station("SS-01")
    upload("models-export.csv")
    client = signed_in("viewer")
    assert hits(client, "model") == {"Files": ["models-export.csv"], "Pages": ["Models"]}
    assert hits(client, "ss-01")["Models"] == ["Model of SS-01"]


def test_without_a_text_the_pages_are_offered(signed_in: SignIn) -> None:
    assert list(hits(signed_in("viewer"), " ")) == ["Pages"]


def test_nothing_found_says_what_can_be_searched_for(signed_in: SignIn) -> None:
    assert "No results." in text(signed_in("viewer").get(URL, {"q": "zzz"}))


def test_those_without_a_role_find_only_their_own_pages(signed_in: SignIn) -> None:
    alerted(station("SS-01"))
    upload("ss-01.csv")
    client = signed_in("outsider")
    assert hits(client, "ss-01") == {}
    assert hits(client, "")["Pages"] == ["Preferences", "Change password", "API"]


def test_a_role_finds_what_it_may_see(signed_in: SignIn) -> None:
    Group.objects.get(name="viewer").permissions.remove(Permission.objects.get(codename="view_alert"))
    alerted(station("SS-01"))
    client = signed_in("viewer")
    assert set(hits(client, "ss-01")) == {"Substations", "Models"}
    assert "Upload readings" not in hits(client, "")["Pages"]
    assert "Upload readings" in hits(signed_in("operator"), "")["Pages"]


def test_the_dialog_gets_the_results_alone(signed_in: SignIn) -> None:
    station("SS-01")
    answer = signed_in("viewer").get(URL, {"q": "ss"}, headers=FRAGMENT)
    assert "<html" not in text(answer)
    assert 'role="option"' in text(answer)
    assert "HX-Request" in answer.headers["Vary"]


def test_what_is_searched_for_and_found_is_escaped(signed_in: SignIn) -> None:
    upload('"><script>alert(1)</script>.csv')
    page = text(signed_in("viewer").get(URL, {"q": '"><script>alert'}))
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("query", ["9" * 40, "%", "_", "#", "١٢", "x" * 5000])
def test_strange_texts_are_answered(signed_in: SignIn, query: str) -> None:
    station("SS-01")
    assert signed_in("viewer").get(URL, {"q": query}).status_code == 200


@pytest.mark.parametrize("count", [1, 30])
def test_one_query_per_kind_however_much_there_is(
    signed_in: SignIn, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        alerted(station(f"SS-{number:02d}"))
        upload(f"ss-{number:02d}.csv")
    client = signed_in("viewer")
    with django_assert_num_queries(8):  # session, user, two for the permissions, four kinds
        found = client.get(URL, {"q": "ss-"}, headers=FRAGMENT)
    assert text(found).count('role="option"') == min(count, 6) * 4


def test_a_superuser_finds_everything(admin_client: Client, admin_user: User) -> None:
    alerted(station("SS-01"))
    assert {"Substations", "Alerts", "Models"} <= set(hits(admin_client, "ss-01"))
