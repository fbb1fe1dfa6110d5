"""The end of a shift: notes, what is handed over, who has taken over; one waits at most."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts import assignment, handover, planned, services, shelf
from alerts.changes import Conflict
from alerts.handover_models import ShiftHandover, ShiftNote

from .alert_scenes import CRITICAL, HOUR, Cast, raised
from .page_checks import HTMX, SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/handover/"
# Session, user, the two of permissions; start, handovers (count, page), notes, waiting, counts, alerts.
QUERIES = 11


def test_what_is_open_is_kept_with_who_handed_it_over(person: Cast) -> None:
    by, now = person("operator"), timezone.now()
    raised("A")
    worst = raised("B", severity=CRITICAL)
    done = handover.hand_over(by=by, text="B is worse than it looks", now=now)
    assert (done.handed_over_by, done.end, done.taken_over_by) == (by, now, None)
    assert [code for _number, code, _cause, _state in done.alerts] == ["B", "A"]
    assert done.counts["critical"] == 1
    assert ShiftNote.objects.get().text == "B is worse than it looks"
    services.acknowledge(worst, by=by)
    assert ShiftHandover.objects.get().alerts[0][3] == "unacknowledged", "what was handed over does not change"


def test_a_shift_begins_where_the_one_before_ended_twelve_hours_ago_at_most(person: Cast) -> None:
    by, now = person("operator"), timezone.now()
    assert handover.shift_start(now) == now - 12 * HOUR
    handover.take_over(handover.hand_over(by=by, now=now), by=by, now=now)
    assert handover.shift_start(now + 8 * HOUR) == now
    assert handover.shift_start(now + 20 * HOUR) == now + 8 * HOUR
    second = handover.hand_over(by=by, now=now + 8 * HOUR)
    assert (second.start, second.end) == (now, now + 8 * HOUR)


def test_one_waits_at_most_and_one_person_takes_over(person: Cast) -> None:
    by, other, now = person("operator"), person("engineer"), timezone.now()
    first = handover.hand_over(by=by, now=now)
    with pytest.raises(Conflict, match="handed over already"):
        handover.hand_over(by=other, text="lost?", now=now + HOUR)
    assert not ShiftNote.objects.exists(), "a refused handover leaves no note"
    assert handover.take_over(first, by=other, now=now + HOUR).taken_over_by == other
    with pytest.raises(Conflict, match="Somebody else"):
        handover.take_over(first, by=by, now=now + 2 * HOUR)
    assert handover.waiting() is None


# The page


def test_those_without_a_role_see_nothing_and_viewers_change_nothing(signed_in: SignIn, person: Cast) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))
    waits = handover.hand_over(by=person("operator"), now=timezone.now())
    viewer = signed_in("viewer")
    for path in ("note/", "end/", f"{waits.pk}/take-over/"):
        assert viewer.post(URL + path, {"text": "x"}).status_code == 403
        assert viewer.get(URL + path).status_code == 405
    assert "Take over" not in text(viewer.get(URL))


def test_it_shows_what_is_open_shelved_and_out_of_service_and_whose_it_is(signed_in: SignIn, person: Cast) -> None:
    engineer, operator = person("engineer"), person("operator")
    assignment.assign(raised("MINE"), by=engineer, assignee=operator)
    shelf.shelve(raised("ASIDE"), by=engineer, minutes=60, note="later")
    planned.begin(raised("WORK"), by=engineer, hours=2, reason="Oil change")
    page = text(signed_in("viewer").get(URL))
    for word in ("MINE", "ASIDE", "WORK", "operator-user", "Shelved", "Out of service", "until"):
        assert word in page


def handed_over(client: Client, **fields: Any) -> Any:
    return client.post(f"{URL}end/", fields, follow=True)


def test_notes_belong_to_the_shift_in_which_they_were_written(signed_in: SignIn) -> None:
    client = signed_in("operator")
    client.post(f"{URL}note/", {"text": "Bank <b>3</b> is off"})
    page = text(client.get(URL))
    assert "Bank &lt;b&gt;3&lt;/b&gt; is off" in page
    handed_over(client, **{"last-text": "Good night"})
    response = client.get(URL)
    assert response.context["notes"] == []
    [(_shift, notes)] = response.context["earlier"]
    assert [note.text for note in notes] == ["Good night", "Bank <b>3</b> is off"]


def test_somebody_confirms_that_the_next_shift_has_begun(signed_in: SignIn) -> None:
    assert "waits until somebody takes over" in text(handed_over(signed_in("operator")))
    next_one = signed_in("engineer")
    assert "operator-user handed over the shift" in text(next_one.get(URL))
    path = f"{URL}{ShiftHandover.objects.get().pk}/take-over/"
    assert "You have taken over the shift." in text(next_one.post(path, follow=True))
    assert ShiftHandover.objects.get().taken_over_by.username == "engineer-user"  # type: ignore[union-attr]
    again = next_one.post(path)
    assert (again.status_code, "Somebody else has taken over already." in text(again)) == (409, True)
    assert next_one.post(f"{URL}999/take-over/").status_code == 404


def test_a_second_handover_is_refused_and_what_was_typed_stays(signed_in: SignIn) -> None:
    client = signed_in("operator")
    handed_over(client)
    answer = client.post(f"{URL}end/", {"last-text": "typed in vain?"})
    assert answer.status_code == 409
    assert "waits to be taken over" in text(answer)
    assert ShiftHandover.objects.count() == 1


@pytest.mark.parametrize(("wrong", "why"), [("", "This field is required."), ("x" * 4001, "at most 4000")])
def test_a_note_that_is_none_or_too_long_is_refused(signed_in: SignIn, wrong: str, why: str) -> None:
    answer = signed_in("operator").post(f"{URL}note/", {"text": wrong})
    assert answer.status_code == 422
    assert why in text(answer)


def test_it_is_a_fragment_for_htmx(signed_in: SignIn) -> None:
    part = text(signed_in("viewer").get(URL, headers=HTMX))
    assert "<html" not in part
    assert 'id="handover"' in part


@pytest.mark.parametrize("count", [1, 15])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, person: Cast, django_assert_num_queries: Any, count: int
) -> None:
    by, now = person("operator"), timezone.now()
    for number in range(count):
        raised(f"S{number}")
        at = now - (count - number) * timedelta(hours=1)
        handover.take_over(handover.hand_over(by=by, text="x", now=at), by=by, now=at)
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)


def test_the_admin_shows_the_log_and_changes_nothing(admin_client: Client, person: Cast) -> None:
    waits = handover.hand_over(by=person("operator"), text="x", now=timezone.now())
    for name, pk in (("shifthandover", waits.pk), ("shiftnote", ShiftNote.objects.get().pk)):
        assert admin_client.get(f"/admin/alerts/{name}/").status_code == 200
        assert admin_client.post(f"/admin/alerts/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403
