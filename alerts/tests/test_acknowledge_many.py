"""Acknowledging the rows that were ticked."""

from __future__ import annotations

from typing import Any

import pytest

from alerts import bulk, services
from alerts.models import Alert

from .alert_scenes import Cast, fresh, raised
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/acknowledge/"


def tick(*alerts: Alert) -> list[str]:
    return [f"{alert.pk}:{alert.version}" for alert in alerts]


def test_only_operators_may_and_by_post_alone(signed_in: SignIn) -> None:
    alert = raised()
    assert_guarded(signed_in, "post", URL, refused=("outsider", "viewer"), alert=tick(alert))
    assert signed_in("operator").get(URL).status_code == 405
    assert not fresh(alert).acknowledged


def test_those_that_are_ticked_and_no_others(signed_in: SignIn) -> None:
    one, two, other = raised("A"), raised("B"), raised("C")
    answer = signed_in("operator").post(URL, {"alert": tick(one, two), "next": "/alerts/?kind=loss"}, follow=True)
    assert answer.redirect_chain == [("/alerts/?kind=loss", 302)]
    assert "2 alerts acknowledged." in text(answer)
    assert [fresh(each).acknowledged for each in (one, two, other)] == [True, True, False]


def test_one_that_moved_is_named_and_holds_up_nobody(signed_in: SignIn, person: Cast) -> None:
    gone, here = raised("GONE"), raised("HERE")
    ticked = tick(gone, here)
    services.acknowledge(gone, by=person("engineer"))
    page = text(signed_in("operator").post(URL, {"alert": ticked}, follow=True))
    assert "1 alert acknowledged." in page
    assert "GONE, Capacitor bank failure: The alert has changed" in page
    assert fresh(here).acknowledged


def test_nothing_ticked_is_said(signed_in: SignIn) -> None:
    assert "Nothing was selected" in text(signed_in("operator").post(URL, follow=True))


@pytest.mark.parametrize("sent", ["", "x", "1", "1:", ":1", "4711:1", "1:1:1", "9" * 40 + ":1"])
def test_what_is_no_alert_is_named_and_changes_nothing(person: Cast, sent: str) -> None:
    result = bulk.acknowledge([sent], by=person("operator"))
    assert (len(result.changed), len(result.skipped)) == (0, 1)


def test_it_sends_nobody_to_another_site(signed_in: SignIn) -> None:
    answer = signed_in("operator").post(URL, {"alert": tick(raised()), "next": "https://example.org/"})
    assert answer.headers["Location"] == "/alerts/"


def test_it_counts_the_queries_of_one_alert_only_once_each(person: Cast, django_assert_max_num_queries: Any) -> None:
    user = person("operator")
    ticked = tick(*(raised(f"S{number}") for number in range(10)))
    with django_assert_max_num_queries(2 + 10 * 6):
        assert len(bulk.acknowledge(ticked, by=user).changed) == 10
