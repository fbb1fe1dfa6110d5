"""From readings posted to the API to what an alert says: it clears, comes back, and is resolved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from alerts import review
from alerts import services as alerting
from alerts.models import Alert
from alerts.tests.alert_scenes import FINDINGS, detected, reviewed, station
from mlcore import services as mlcore
from mlcore.scoring.scorers import SCORERS
from mlcore.tests.conftest import no_autoencoder  # noqa: F401  # a fixture
from mlcore.tests.grid import DAY, stored
from smart_ems import pipeline
from substations.channels import CHANNEL_NAMES
from substations.models import Reading
from substations.simulation import Simulation, SimulationSpec, random_grid, simulate

pytestmark = pytest.mark.django_db
CODE, TRAINED_DAYS, HOUR = "SS-02", 12, 3600
SPEC = SimulationSpec(substations=4, days=18, interval_min=15, seed=2)
Faulty = Callable[[int], float]
"""Share of the active power that is added to the reactive power, by seconds of the record."""


@pytest.fixture(scope="session")
def calm() -> Simulation:
    """Four substations for eighteen days of quarter hours without any fault."""
    values = {name: getattr(SPEC, name) for name in SPEC.__dataclass_fields__} | {"events": ()}
    return simulate(SimulationSpec(**values), random_grid(SPEC))


class Field:
    """The meters of the grid, whose readings are posted, judged and reviewed hour by hour."""

    def __init__(self, made: Simulation, client: Client) -> None:
        self.made, self.client = made, client
        self.begin_s = made.spec.start_s + TRAINED_DAYS * DAY
        self.history: list[tuple[int, str]] = []

    def rows(self, first_s: int, until_s: int, fault: Faulty, codes: Iterable[str]) -> list[dict[str, Any]]:
        wanted = (self.made.times_s >= first_s) & (self.made.times_s < until_s)
        rows = []
        for code in codes:
            table = self.made.values[self.made.grid.codes.index(code)][wanted]
            for at_s, values in zip(self.made.times_s[wanted].tolist(), table, strict=True):
                row = {name: float(v) for name, v in zip(CHANNEL_NAMES, values, strict=True) if np.isfinite(v)}
                if code == CODE and (share := fault(int(at_s) - self.begin_s)):
                    _with_more_kvar(row, share)
                rows.append({"substation": code, "at": datetime.fromtimestamp(at_s, UTC).isoformat(), **row})
        return rows

    def post(self, rows: list[dict[str, Any]]) -> None:
        answer = self.client.post("/api/readings/", rows, content_type="application/json")
        assert answer.status_code == 200, answer.content
        mlcore.score_pending()
        review.review_changed()

    def play(self, from_h: float, until_h: float, fault: Faulty, codes: Iterable[str] | None = None) -> None:
        """Post the readings of some hours after the training, hour by hour, and note the alert's condition."""
        for hour in np.arange(from_h, until_h, 1.0):
            first_s = self.begin_s + round(hour * HOUR)
            self.post(self.rows(first_s, first_s + HOUR, fault, codes or self.made.grid.codes))
            alert = Alert.objects.filter(substation__code=CODE, kind="loss").order_by("-raised_at").first()
            self.history.append((round(hour + 1), alert.condition if alert and not alert.closed_at else "-"))

    def first(self, condition: str, after_h: float) -> int:
        """The first hour after which the alert had a condition."""
        return next(hour for hour, seen in self.history if hour > after_h and seen == condition)


def _with_more_kvar(row: dict[str, Any], share: float) -> None:
    active_kw, before_kva = row["active_power_kw"], row["apparent_power_kva"]
    row["reactive_power_kvar"] += share * active_kw
    row["apparent_power_kva"] = math.hypot(active_kw, row["reactive_power_kvar"])
    row["power_factor"] = active_kw / row["apparent_power_kva"]
    for name in ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a"):
        if name in row:
            row[name] *= row["apparent_power_kva"] / before_kva


def during(*hours: tuple[float, float]) -> Faulty:
    return lambda second: 0.6 if any(first * HOUR <= second < last * HOUR for first, last in hours) else 0.0


@pytest.fixture
def field(
    calm: Simulation,
    no_autoencoder: None,  # noqa: F811
    signed_in: Callable[[str], Client],
) -> Field:
    stored(calm, until_day=TRAINED_DAYS)
    mlcore.train_due()
    mlcore.score_pending()
    review.review_changed()
    assert not Alert.objects.unresolved().exists()
    return Field(calm, signed_in("operator"))


@pytest.mark.parametrize("hours", [5, 72])
def test_an_alert_clears_two_hours_after_the_readings_are_normal(field: Field, hours: int) -> None:
    fault = during((6, 6 + hours))
    field.play(0, 6 + hours + 4, fault)
    assert field.first("active", 6) <= 8
    assert field.first("cleared", 6 + hours) <= 6 + hours + 3


def the_alert() -> Alert:
    return Alert.objects.get(substation__code=CODE, kind="loss")


def let_the_verify_window_pass() -> int:
    Alert.objects.filter(verify_at__isnull=False).update(verify_at=timezone.now() - timedelta(seconds=1))
    return alerting.verify_due()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_second_fault_after_that_is_another_occurrence(field: Field, restarted: bool) -> None:
    """Also where the worker that judges has been replaced meanwhile, and knows the database alone."""
    fault = during((6, 11), (16, 21))
    field.play(0, 16, fault)
    assert (the_alert().condition, the_alert().occurrences) == ("cleared", 1)
    if restarted:
        SCORERS.clear()
    field.play(16, 25, fault)
    assert field.first("active", 16) <= 18
    assert field.first("cleared", 21) <= 24
    assert the_alert().occurrences == 2
    events = the_alert().events.order_by("seq").values_list("action", flat=True)
    assert [action for action in events if action in ("raise", "clear", "return")] == [
        "raise", "clear", "return", "clear",
    ]  # fmt: skip


def test_a_second_fault_opens_what_was_closed_again(field: Field, person: Callable[[str], User]) -> None:
    fault = during((6, 11), (16, 21))
    field.play(0, 15, fault)
    alerting.resolve(the_alert(), by=person("engineer"), findings=FINDINGS)
    field.play(15, 19, fault)
    found = Alert.objects.filter(substation__code=CODE, kind="loss", closed_at__isnull=True).get()
    assert (found.condition, found.occurrences, found.acknowledged) == ("active", 2, False)
    assert found.events.get(action="reopen").comment == "It is back."


def test_resolving_right_after_a_repair_is_not_contradicted_by_what_was_before(
    field: Field, person: Callable[[str], User]
) -> None:
    fault = during((6, 30))
    field.play(0, 30, fault)
    alerting.resolve(the_alert(), by=person("engineer"), findings=FINDINGS)
    for hour in range(30, 34):
        field.play(hour, hour + 1, fault)
        assert let_the_verify_window_pass() == 0
    assert (the_alert().closure, the_alert().condition, the_alert().verify_at) == ("resolved", "cleared", None)


def test_resolving_what_was_not_repaired_is_contradicted_by_the_next_readings(
    field: Field, person: Callable[[str], User]
) -> None:
    fault = during((6, 40))
    field.play(0, 30, fault)
    alerting.resolve(the_alert(), by=person("engineer"), findings=FINDINGS)
    assert let_the_verify_window_pass() == 0, "nothing came since: nobody knows yet"
    field.play(30, 31, fault)
    assert let_the_verify_window_pass() == 1
    assert (the_alert().closed_at, the_alert().condition) == (None, "active")


def test_a_late_batch_of_a_repaired_fault_brings_nothing_back(field: Field, person: Callable[[str], User]) -> None:
    """Readings from before the repair that come after it, and after the alert was resolved."""
    fault = during((6, 20))
    others = [code for code in field.made.grid.codes if code != CODE]
    field.play(0, 14, fault)
    field.play(14, 18, fault, others)
    field.play(18, 24, fault)
    assert the_alert().condition == "cleared"
    alerting.resolve(the_alert(), by=person("engineer"), findings=FINDINGS)
    first_s = field.begin_s + 14 * HOUR
    field.post(field.rows(first_s, first_s + 4 * HOUR, fault, [CODE]))
    assert let_the_verify_window_pass() == 0
    assert (the_alert().closure, the_alert().condition) == ("resolved", "cleared")


def test_a_late_batch_that_shows_a_fault_which_is_over_is_raised_and_has_cleared(field: Field) -> None:
    fault = during((6, 12))
    others = [code for code in field.made.grid.codes if code != CODE]
    field.play(0, 6, fault)
    field.play(6, 12, fault, others)
    field.play(12, 16, fault)
    assert not Alert.objects.filter(substation__code=CODE, kind="loss").exists()
    first_s = field.begin_s + 6 * HOUR
    field.post(field.rows(first_s, first_s + 6 * HOUR, fault, [CODE]))
    assert (the_alert().condition, the_alert().closed_at) == ("cleared", None)


def test_a_silent_substation_is_an_alert_of_its_own_and_ends_no_loss(signed_in: Callable[[str], Client]) -> None:
    """Three intervals and the grace after the newest reading; readings that return clear it."""
    client, now = signed_in("operator"), timezone.now()
    loss = reviewed(detected(station(CODE), start=now - timedelta(hours=5)))

    def post(at: datetime) -> None:
        row = {"substation": CODE, "at": at.isoformat(), "active_power_kw": 100.0}
        assert client.post("/api/readings/", row, content_type="application/json").json()[0]["outcome"] == "accepted"

    def look() -> str:
        pipeline.sweep()
        review.review_changed()
        missing = Alert.objects.filter(substation__code=CODE, kind="data_missing").first()
        return missing.condition if missing else "none"

    post(now - timedelta(minutes=49))
    assert look() == "none"
    Reading.objects.update(at=now - timedelta(minutes=51))
    assert look() == "active"
    loss.refresh_from_db()
    assert (loss.condition, loss.closed_at) == ("active", None)
    post(now)
    assert look() == "cleared"
    loss.refresh_from_db()
    assert loss.condition == "active"
