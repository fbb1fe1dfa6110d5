"""The grid in the Django admin."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alerts.tests.alert_scenes import raised
from substations.models import Link, PendingRange, Reading, Substation
from substations.registry import LinkRow, register

from .readings_pages import AT, STEP, SignIn, read, text

pytestmark = pytest.mark.django_db
BASE = "/admin/substations/"


@pytest.fixture
def grid() -> dict[str, Substation]:
    plates: list[dict[str, Any]] = [
        {"code": "A", "name": "North, yard", "rated_kva": 630.0, "capacitor_steps": 6},
        {"code": "B", "latitude": 18.5, "longitude": 73.8},
    ]
    return register(plates, [LinkRow(None, "A", r_ohm=0.1), LinkRow("A", "B", x_ohm=0.2, status="open")])


def exported(client: Client, model: str) -> str:
    asked = {"format": "0", "resource": "0"} | dict.fromkeys(fields(model), "on")
    answer = client.post(f"{BASE}{model}/export/", asked)
    assert answer.status_code == 200
    assert "csv" in answer.headers["Content-Type"]
    return text(answer)


def fields(model: str) -> list[str]:
    resource = admin.site._registry[{"substation": Substation, "link": Link}[model]].resource_classes[0]  # type: ignore[attr-defined]  # of import_export
    return [f"{resource.__name__.lower()}_{name}" for name in resource().fields]


def imported(client: Client, model: str, content: str) -> Any:
    """Upload, look at the preview, confirm: as a person does."""
    file = SimpleUploadedFile("grid.csv", content.encode(), content_type="text/csv")
    preview = client.post(f"{BASE}{model}/import/", {"format": "0", "resource": "0", "import_file": file})
    if "confirm_form" not in (preview.context or {}) or preview.context["confirm_form"] is None:
        return preview
    return client.post(f"{BASE}{model}/process_import/", preview.context["confirm_form"].initial, follow=True)


def everything() -> tuple[list[Any], list[Any]]:
    return list(Substation.objects.values()), list(Link.objects.order_by("pk").values())


@pytest.mark.parametrize("model", ["substation", "link"])
@pytest.mark.usefixtures("grid")
def test_what_is_exported_can_be_imported_and_changes_nothing(admin_client: Client, model: str) -> None:
    before = everything()
    content = exported(admin_client, model)
    assert len(list(csv.DictReader(io.StringIO(content)))) == 2
    assert imported(admin_client, model, content).status_code == 200
    assert everything() == before


@pytest.mark.usefixtures("grid")
def test_what_is_exported_restores_an_emptied_grid(admin_client: Client) -> None:
    stations, links = exported(admin_client, "substation"), exported(admin_client, "link")
    assert links.splitlines()[0].startswith("source,target")
    Substation.objects.all().delete()
    imported(admin_client, "substation", stations)
    imported(admin_client, "link", links)
    assert list(Substation.objects.values_list("code", "name", "rated_kva")) == [
        ("A", "North, yard", 630.0), ("B", "", None),
    ]  # fmt: skip
    assert [(str(link), link.status) for link in Link.objects.order_by("pk")] == [
        ("grid supply → A", "closed"), ("A → B", "open"),
    ]  # fmt: skip


@pytest.mark.usefixtures("grid")
def test_an_import_changes_what_it_names_and_nothing_else(admin_client: Client) -> None:
    imported(admin_client, "substation", "code,rated_kva\nA,800\nC,250\n")
    assert list(Substation.objects.values_list("code", "name", "rated_kva")) == [
        ("A", "North, yard", 800.0), ("B", "", None), ("C", "", 250.0),
    ]  # fmt: skip


@pytest.mark.usefixtures("grid")
@pytest.mark.parametrize(
    ("model", "content", "said"),
    [
        ("substation", "code,rated_kva\nA,-5\n", "greater than or equal to 1"),
        ("substation", "code,rated_kva\nA,nan\n", "expected a number"),
        ("substation", "code,time_zone\nA,Mars/Olympus\n", "is not a time zone"),
        ("substation", "code\na b\n", "A code has no spaces, no control characters and none of / \\ ? # %."),
        ("link", "source,target\nA,NONE\n", "does not exist"),
        ("link", "source,target\nA,A\n", "link_joins_two_substations"),
    ],
)
def test_a_bad_row_is_shown_and_nothing_is_imported(admin_client: Client, model: str, content: str, said: str) -> None:
    before = everything()
    answer = imported(admin_client, model, content)
    assert answer.status_code == 200
    assert said in text(answer)
    assert everything() == before


def test_importing_needs_the_permission(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    User.objects.update(is_staff=True)
    assert client.get(f"{BASE}substation/").status_code == 200
    for path in ("substation/import/", "link/import/", "substation/add/"):
        assert client.get(BASE + path).status_code == 403


@pytest.mark.parametrize(("model", "queries"), [("substation", 10), ("link", 9), ("pendingrange", 8)])
@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_of_a_list_does_not_grow(
    admin_client: Client, django_assert_max_num_queries: Any, model: str, queries: int, count: int
) -> None:
    first = Substation.objects.create(code="A")
    for number in range(count):
        other = Substation.objects.create(code=f"B{number}")
        Link.objects.create(source=first, target=other)
        PendingRange.objects.create(substation=other, start=AT, end=AT + STEP)
    with django_assert_max_num_queries(queries):
        assert admin_client.get(f"{BASE}{model}/").status_code == 200


@pytest.mark.parametrize(("model", "text"), [("substation", "yard"), ("link", "A")])
@pytest.mark.usefixtures("grid")
def test_a_list_can_be_searched(admin_client: Client, model: str, text: str) -> None:
    answer = admin_client.get(f"{BASE}{model}/", {"q": text})
    assert answer.context["cl"].result_count == (1 if model == "substation" else 2)


def test_readings_are_no_page_of_the_admin_but_a_link_to_one(admin_client: Client) -> None:
    substation = Substation.objects.create(code="A")
    assert Reading not in admin.site._registry
    page = text(admin_client.get(f"{BASE}substation/"))
    assert '<a href="/substations/A/">open page</a>' in page
    assert "15 min" in page
    assert admin_client.get(f"{BASE}substation/{substation.pk}/change/").status_code == 200


def test_deleting_counts_the_readings_and_does_not_list_them(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    substation = Substation.objects.create(code="A")
    read(substation, 1234)
    url = f"{BASE}substation/{substation.pk}/delete/"
    with django_assert_max_num_queries(32):
        page = text(admin_client.get(url))
    assert len(page) < 30_000
    assert "1234" in page.replace(",", "")
    assert admin_client.post(url, {"post": "yes"}).status_code == 302
    assert not Reading.objects.exists()


def test_one_with_alerts_cannot_be_deleted_and_the_page_says_so(admin_client: Client) -> None:
    alert = raised("A")
    url = f"{BASE}substation/{alert.substation_id}/delete/"
    page = text(admin_client.get(url))
    assert "would require deleting the following protected related objects" in page
    assert "Capacitor bank failure" in page
    admin_client.post(url, {"post": "yes"})
    assert Substation.objects.filter(code="A").exists()


def test_a_pending_range_is_looked_at_and_not_touched(admin_client: Client) -> None:
    pending = PendingRange.objects.create(substation=Substation.objects.create(code="A"), start=AT, end=AT + STEP)
    assert admin_client.get(f"{BASE}pendingrange/{pending.pk}/change/").status_code == 200
    for path in ("add/", f"{pending.pk}/change/", f"{pending.pk}/delete/"):
        assert admin_client.post(f"{BASE}pendingrange/{path}", {"post": "yes"}).status_code == 403


def test_text_that_a_spreadsheet_would_run_is_guarded_and_comes_back_as_it_was_and_numbers_stay_numbers(
    admin_client: Client,
) -> None:
    Substation.objects.create(code="=A1", name='=HYPERLINK("x")', site="-5", latitude=-3.5, longitude=-70.25)
    Substation.objects.create(code="B", name="'=quoted before", site="+49")
    Link.objects.create(source=None, target=Substation.objects.get(code="=A1"), r_ohm=0.25, conductor="@home")
    before = everything()
    stations, links = exported(admin_client, "substation"), exported(admin_client, "link")
    rows = list(csv.DictReader(io.StringIO(stations)))
    assert [row["code"] for row in rows] == ["'=A1", "B"]
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("x")', "''=quoted before"]
    assert [row["latitude"] for row in rows] == ["-3.5", ""]
    assert next(csv.DictReader(io.StringIO(links)))["target"] == "'=A1"
    imported(admin_client, "substation", stations)
    imported(admin_client, "link", links)
    assert everything() == before
    Substation.objects.all().delete()
    imported(admin_client, "substation", stations)
    assert list(Substation.objects.order_by("code").values_list("code", "name", "site", "latitude")) == [
        ("=A1", '=HYPERLINK("x")', "-5", -3.5), ("B", "'=quoted before", "+49", None),
    ]  # fmt: skip
