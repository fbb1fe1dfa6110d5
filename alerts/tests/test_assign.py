"""Assigning: whose an alert is."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from alerts import assignment, services
from alerts.changes import Conflict
from alerts.lifecycle import Refused
from alerts.models import Alert, AlertEvent

from .alert_scenes import Cast, fresh, raised, resolved
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db


def url(alert: Alert) -> str:
    return f"/alerts/{alert.pk}/assign/"


def test_it_is_kept_with_who_did_it_and_changes_nothing_else(person: Cast) -> None:
    by, to = person("engineer"), person("operator")
    alert = fresh(assignment.assign(raised(), by=by, assignee=to, note="you know the bank"))
    assert (alert.assignee, alert.state) == (to, "unacknowledged")
    event = AlertEvent.objects.get(action="assign")
    assert (event.actor, event.comment) == (by, "to operator-user: you know the bank")
    assert not event.announces


def test_it_can_be_taken_back(person: Cast) -> None:
    by = person("operator")
    alert = assignment.assign(assignment.assign(raised(), by=by, assignee=by), by=by, assignee=None)
    assert fresh(alert).assignee is None


def test_it_is_refused_for_somebody_who_may_not_acknowledge(person: Cast) -> None:
    by, viewer, alert = person("operator"), person("viewer"), raised()
    away = User.objects.create_user("away", is_superuser=True, is_active=False)
    for who in (viewer, away):
        with pytest.raises(ValueError, match=f"{who}.*operator"):
            assignment.assign(alert, by=by, assignee=who)
    assert not AlertEvent.objects.filter(action="assign").exists()


def test_a_closed_alert_is_nobodys(person: Cast) -> None:
    by = person("operator")
    with pytest.raises(Refused):
        assignment.assign(resolved(raised(), by), by=by, assignee=by)


def test_a_copy_that_is_out_of_date_writes_nothing(person: Cast) -> None:
    alert, by = raised(), person("operator")
    services.acknowledge(fresh(alert), by=by)
    with pytest.raises(Conflict):
        assignment.assign(alert, by=by, assignee=by, version=alert.version)


# The page
def test_viewers_may_not(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "post", url(raised()), refused=("viewer", "outsider"))


def test_the_form_names_those_who_may_and_the_page_shows_whose_it_is(signed_in: SignIn, person: Cast) -> None:
    alert, client = raised(), signed_in("operator")
    person("viewer")
    page = text(client.get(alert.get_absolute_url()))
    assert 'value="operator-user"' in page
    assert 'value="viewer-user"' not in page
    assert client.post(url(alert), {"assignee": "operator-user", "version": alert.version}).status_code == 302
    assert "Assigned to operator-user" in text(client.get(alert.get_absolute_url()))


def test_somebody_else_is_refused_with_the_reason(signed_in: SignIn, person: Cast) -> None:
    alert, client = raised(), signed_in("operator")
    person("viewer")
    response = client.post(url(alert), {"assignee": "viewer-user", "version": alert.version})
    assert response.status_code == 422
    assert "Nothing was changed." in text(response)


def test_the_list_can_be_narrowed_to_mine_and_to_nobodys(signed_in: SignIn, person: Cast) -> None:
    client = signed_in("operator")
    me = User.objects.get(username="operator-user")
    assignment.assign(raised("A"), by=me, assignee=me)
    assignment.assign(raised("B"), by=me, assignee=person("engineer"))
    raised("C")

    def found(query: str) -> list[str]:
        return [each.substation.code for each in client.get(f"/alerts/{query}").context["page"].object_list]

    assert found("?assignee=me") == ["A"]
    assert found("?assignee=nobody") == ["C"]
    assert sorted(found("")) == ["A", "B", "C"]


# The API
def test_programs_assign_too_and_are_told_who_may_not(signed_in: SignIn, person: Cast) -> None:
    alert, client = raised(), signed_in("operator")
    person("viewer")
    address = f"/api/alerts/{alert.pk}/assign/"
    answer = client.post(address, {"assignee": "operator-user"}, "application/json")
    assert (answer.status_code, answer.json()["assignee"]) == (200, "operator-user")
    assert client.post(address, {"assignee": None}, "application/json").json()["assignee"] is None
    wrong = client.post(address, {"assignee": "viewer-user"}, "application/json")
    assert (wrong.status_code, "viewer-user" in wrong.json()["assignee"][0]) == (400, True)
    assert client.get("/api/alerts/?assignee=nobody").json()["count"] == 1
    assert client.get("/api/alerts/?assignee=me").json()["count"] == 0
