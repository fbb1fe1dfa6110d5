"""Alerts that another one explains: silent while it lasts, back after it, and never lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alerts import planned, review, services, shelf, suppression
from alerts.feeder_networks import read_network
from alerts.lifecycle import Suppression
from alerts.models import Alert, AlertEvent
from substations.models import Link

from .alert_scenes import (
    CRITICAL,
    HOUR,
    START,
    Cast,
    actions,
    cleared,
    detected,
    fresh,
    raised,
    resolved,
    reviewed,
    revised,
    station,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SILENT = {"kind": "data_missing", "cause": "data_missing", "loss_kwh": None}


@pytest.fixture(autouse=True)
def feeder() -> None:
    """Grid → HEAD → A, B, C."""
    Link.objects.create(target=station("HEAD"))
    for code in "ABC":
        Link.objects.create(source=station("HEAD"), target=station(code))


def silenced(alert: Alert) -> int | None:
    alert = fresh(alert)
    assert (alert.suppression == Suppression.BY_DESIGN) == (alert.suppression_reason != "")
    return alert.suppressed_by_id


def announced() -> list[str]:
    """Of every announcement: substation and action, in order."""
    events = AlertEvent.objects.filter(announces=True).order_by("pk")
    return [f"{code} {action}" for code, action in events.values_list("alert__substation__code", "action")]


def over(now: datetime | None = None) -> None:
    """Two rounds of the sweep, with the off-delay between them."""
    suppression.follow(now=now or timezone.now())
    suppression.follow(now=(now or timezone.now()) + 11 * MINUTE)


def test_an_outage_upstream_is_one_announcement_whatever_order_the_silence_is_seen_in() -> None:
    for code in ("A", "B", "HEAD"):
        detected(station(code), **SILENT)
    review.review_changed()
    head = Alert.objects.get(substation__code="HEAD")
    assert {silenced(each) for each in head.suppresses.all()} == {head.pk}
    assert head.suppresses.count() == 2
    assert announced() == ["HEAD raise"]
    assert set(head.suppresses.values_list("suppression_reason", flat=True)) == {"outage"}


def test_a_child_that_was_raised_before_its_outage_is_suppressed_when_the_outage_is_known() -> None:
    child, head = raised("A", **SILENT), raised("HEAD", **SILENT)
    assert suppression.follow(now=timezone.now()) == 1
    assert suppression.follow(now=timezone.now()) == 0
    assert (silenced(child), actions(child)) == (head.pk, ["raise", "suppress"])


def test_somebody_who_is_on_an_alert_keeps_it(person: Cast) -> None:
    child = services.acknowledge(raised("A", **SILENT), by=person("operator"))
    raised("HEAD", **SILENT)
    suppression.follow(now=timezone.now())
    assert silenced(child) is None


def test_what_is_still_there_after_its_cause_comes_back_after_an_off_delay_and_is_announced() -> None:
    head, child = raised("HEAD", **SILENT), raised("A", **SILENT)
    cleared(head)
    now = timezone.now()
    suppression.follow(now=now + 5 * MINUTE)
    assert silenced(child) == head.pk
    suppression.follow(now=now + 11 * MINUTE)
    assert (fresh(child).state, silenced(child)) == ("unacknowledged", None)
    assert announced() == ["HEAD raise", "A unsuppress"]


def test_a_cause_that_returns_within_the_off_delay_keeps_them_silent() -> None:
    head, child = raised("HEAD", **SILENT), raised("A", **SILENT)
    cleared(head)
    reviewed(revised(fresh(head).detection, end=None))
    over()
    assert silenced(child) == head.pk
    assert fresh(child).suppressed_until is None


def test_what_has_cleared_with_its_cause_waits_to_be_acknowledged_and_is_not_announced() -> None:
    head, child = raised("HEAD", **SILENT), raised("A", **SILENT)
    cleared(head)
    cleared(child)
    over()
    assert fresh(child).state == "cleared_unacknowledged"
    assert announced() == ["HEAD raise"]


def test_a_cause_that_is_resolved_or_closed_brings_them_back(person: Cast) -> None:
    head, child = raised("HEAD", **SILENT), raised("A", **SILENT)
    resolved(head, person("operator"))
    over()
    assert fresh(child).state == "unacknowledged"


def test_three_of_a_feeder_are_announced_once_though_they_are_reviewed_together() -> None:
    for minutes, code in enumerate("BAC"):
        detected(station(code), start=START + minutes * MINUTE)
    review.review_changed()
    assert announced() == ["B raise"]
    assert {each.suppression_reason for each in Alert.objects.exclude(substation__code="B")} == {"feeder_fault"}


def test_a_fault_of_a_feeder_stays_one_when_others_of_it_have_closed() -> None:
    first, second, third = (raised(code, start=START + n * MINUTE) for n, code in enumerate("ABC"))
    suppression.follow(now=timezone.now())
    revised(third.detection, withdrawn_at=timezone.now())
    review.review_changed()
    over()
    assert (fresh(third).closure, silenced(second)) == ("withdrawn", first.pk)


def test_one_that_becomes_worse_than_its_cause_comes_back_at_once() -> None:
    alerts = [raised(code, start=START + n * MINUTE) for n, code in enumerate("ABC")]
    suppression.follow(now=timezone.now())
    revised(alerts[1].detection, severity=CRITICAL)
    review.review_changed()
    assert fresh(alerts[1]).state == "unacknowledged"
    assert announced() == ["A raise", "B raise", "B unsuppress"]


def test_an_open_switch_explains_missing_data_without_an_alert() -> None:
    link = Link.objects.get(target__code="A")
    link.status = Link.Status.OPEN
    link.save()
    child = raised("A", **SILENT)
    assert (fresh(child).suppression_reason, announced()) == ("supply_open", [])
    link.status = Link.Status.CLOSED
    link.save()
    over()
    assert fresh(child).state == "unacknowledged"


def test_people_may_shelve_or_work_on_what_is_suppressed(person: Cast) -> None:
    raised("HEAD", **SILENT)
    one, other = raised("A", **SILENT), raised("B", **SILENT)
    shelf.shelve(fresh(one), by=person("engineer"), minutes=60, note="known")
    planned.begin(fresh(other), by=person("viewer"), hours=2, reason="Meter exchanged")
    assert (silenced(one), silenced(other)) == (None, None)
    assert {fresh(one).suppression, fresh(other).suppression} == {"shelved", "out_of_service"}


def test_resolving_what_is_suppressed_closes_it(person: Cast) -> None:
    raised("HEAD", **SILENT)
    child = resolved(raised("A", **SILENT), person("operator"))
    assert (child.closure, silenced(child)) == ("resolved", None)


def test_thousands_of_open_alerts_are_looked_at_with_few_queries(django_assert_max_num_queries: object) -> None:
    for number in range(20):
        raised(f"S{number}", start=START + number * HOUR)
    with django_assert_max_num_queries(3):  # type: ignore[operator]  # of pytest-django
        suppression.follow(now=timezone.now())


def test_an_alert_that_is_raised_reads_what_is_around_it_and_not_the_grid(
    django_assert_max_num_queries: Any,
) -> None:
    """And finds the same explanation as the sweep, that reads all."""
    for number in range(30):
        Link.objects.create(source=station("A"), target=station(f"L{number}"))
    for number in range(3):
        raised(f"L{number}", start=START + number * MINUTE)
    alert = fresh(Alert.objects.get(substation__code="L2"))
    lock = int(connection.vendor == "postgresql")
    with django_assert_max_num_queries(10 + lock):
        found = suppression.explanation_of(alert)
    assert found == suppression.explanations(Alert.objects.unresolved(), read_network())[alert.pk]
    alone = raised("ALONE", cause="overload")
    with django_assert_max_num_queries(2 + lock):
        assert suppression.explanation_of(alone) is None


@pytest.mark.parametrize("codes", [("HEAD", "A"), ("HEAD", "A", "LEAF"), ("A", "LEAF"), ("B", "C", "A", "LEAF")])
def test_around_a_substation_is_all_that_explains_it(codes: tuple[str, ...]) -> None:
    Link.objects.create(source=station("A"), target=station("LEAF"))
    for number, code in enumerate(codes):
        raised(code, **SILENT | {"start": START + number * MINUTE})
    suppression.follow(now=timezone.now())
    whole = suppression.explanations(Alert.objects.unresolved(), read_network())
    for alert in Alert.objects.unresolved():
        assert suppression.explanation_of(alert) == whole.get(alert.pk)
