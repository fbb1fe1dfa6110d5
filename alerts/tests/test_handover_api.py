"""Shifts through the API: notes, handing over, taking over."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from alerts.handover_models import ShiftHandover, ShiftNote

from .alert_scenes import CRITICAL, raised
from .page_checks import SignIn

pytestmark = pytest.mark.django_db
SHIFTS, NOTES = "/api/shift-handovers/", "/api/shift-notes/"


def post(client: Client, url: str, **body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


@pytest.mark.parametrize("url", [SHIFTS, NOTES])
def test_viewers_read_operators_write_and_nobody_changes(client: Client, signed_in: SignIn, url: str) -> None:
    assert client.get(url).status_code in (401, 403)
    assert signed_in("outsider").get(url).status_code == 403
    viewer, operator = signed_in("viewer"), signed_in("operator")
    assert viewer.get(url).status_code == 200
    assert post(viewer, url, text="x", note="x").status_code == 403
    made = post(operator, url, text="x", note="x")
    assert made.status_code == 201
    for method in ("put", "patch", "delete"):
        assert getattr(operator, method)(f"{url}{made.json()['id']}/").status_code in (403, 405)


def test_a_shift_is_handed_over_with_what_is_open_and_taken_over_once(signed_in: SignIn) -> None:
    alert = raised("A", severity=CRITICAL)
    operator, engineer = signed_in("operator"), signed_in("engineer")
    assert post(operator, NOTES, text="Look at A").json()["author"] == "operator-user"
    made = post(operator, SHIFTS, note="Nothing else").json()
    assert (made["is_waiting"], made["handed_over_by"], made["taken_over_by"]) == (True, "operator-user", None)
    assert made["alerts"] == [
        {"id": alert.pk, "substation": "A", "cause": "capacitor_failure", "state": "unacknowledged"}
    ]
    assert [note["text"] for note in made["notes"]] == ["Nothing else", "Look at A"]
    again = post(operator, SHIFTS)
    assert (again.status_code, ShiftHandover.objects.count()) == (409, 1)
    url = f"{SHIFTS}{made['id']}/take-over/"
    assert post(signed_in("viewer"), url).status_code == 403
    assert post(engineer, url).json()["taken_over_by"] == "engineer-user"
    assert post(operator, url).status_code == 409
    (listed,) = operator.get(SHIFTS + "?is_waiting=false").json()["results"]
    assert listed["id"] == made["id"]
    assert post(operator, f"{SHIFTS}4711/take-over/").status_code == 404


@pytest.mark.parametrize("text", ["", "x" * 2001, None])
def test_a_note_has_a_text_of_some_length(signed_in: SignIn, text: Any) -> None:
    assert post(signed_in("operator"), NOTES, text=text).status_code == 400
    assert not ShiftNote.objects.exists()


def test_both_are_in_the_schema(signed_in: SignIn) -> None:
    schema = signed_in("engineer").get("/api/schema/?format=json").json()
    for path in (SHIFTS, SHIFTS + "{id}/take-over/", NOTES, "/api/system-alarms/{id}/acknowledge/"):
        assert path in schema["paths"], path
