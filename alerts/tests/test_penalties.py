"""What an alert adds to the bill: worked out after a change and when a day closes, shown, sorted, in the API."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alerts import penalties
from alerts.cost_sentence import cost_sentence
from alerts.models import Alert, AlertPenalty
from losses.models import HourlyRollup, TariffAssignment
from losses.querysets import FIELDS
from losses.tariff_store import store_version
from mlcore.models import Score
from substations.models import Reading, Substation

from .alert_scenes import HOUR, START, cleared, detected, raised, reviewed, revised, station

pytestmark = pytest.mark.django_db
QUIET_DAYS, BAD_HOURS = 21, 24
DOCUMENT = {
    "schema": 1, "name": "Kerala", "currency": "INR", "status": "example", "valid_from": "2020-01-01",
    "sources": [{"title": "made for a test", "date": "2026-01-01"}],
    "charges": [
        {"kind": "energy", "id": "energy", "title": "Energy", "unit": "kWh", "prices": {"all": 6}},
        {"kind": "reactive_energy", "id": "kvarh", "title": "Reactive", "direction": "inductive", "share": 0.5,
         "per": "month", "prices": [{"at_least": 0, "price": 1}]},
    ],
}  # fmt: skip


def history(substation: Substation, hours: int = BAD_HOURS) -> None:
    """100 kW, 40 kvar before START and 90 kvar after it, of which 40 are expected."""
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "energy_import_kwh": 100.0}
    HourlyRollup.objects.bulk_create(
        HourlyRollup(
            substation=substation,
            at=START + number * HOUR,
            **plain | {"reactive_q1_kvarh": 40.0 if number < 0 else 90.0},
        )
        for number in range(-24 * QUIET_DAYS, hours)
    )
    for number in range(hours):
        at = START + number * HOUR
        Reading.objects.create(substation=substation, at=at, active_power_kw=100.0, reactive_power_kvar=90.0)
        Score.objects.create(substation=substation, at=at, expected_reactive_power_kvar=40.0)


def billed(substation: Substation) -> None:
    tariff = store_version(DOCUMENT).tariff
    TariffAssignment.objects.create(tariff=tariff, substation=substation, since=date(2026, 1, 1))


def alert_on(code: str = "SS-01", **values: Any) -> Alert:
    substation = station(code)
    history(substation)
    billed(substation)
    return reviewed(detected(substation, **values))


def test_an_episode_that_lasts_costs_more_if_it_is_left() -> None:
    alert = alert_on()
    assert penalties.refresh_penalties() == 1
    found = AlertPenalty.objects.get()
    # 2 March 8:00 to 3 March 7:00 known; 744 − 56 h ahead. Free: 50 kvarh an hour; 40 expected, 90 while it lasts.
    ahead = 744 - 32 - BAD_HOURS
    assert found.excess_kvar == 50.0
    assert found.left == pytest.approx(Decimal(max(40 * 744 + 50 * (BAD_HOURS + ahead) - 50 * 744, 0)))
    assert found.mended == 0
    assert (found.alert, found.currency, found.month) == (alert, "INR", date(2026, 3, 1))


def test_it_is_worked_out_again_after_a_change_or_another_day_and_not_before() -> None:
    alert = alert_on()
    assert [penalties.refresh_penalties() for _ in range(2)] == [1, 0]
    revised(alert.detection, cause="overload")
    assert alert.detection is not None
    reviewed(alert.detection)
    assert penalties.refresh_penalties() == 1
    newest = HourlyRollup.objects.order_by("-at").first()
    assert newest is not None
    HourlyRollup.objects.create(
        substation=alert.substation,
        at=newest.at + timedelta(days=1),
        **{name: getattr(newest, name) for name in FIELDS},
    )
    assert penalties.refresh_penalties() == 1


@pytest.mark.parametrize("values", [{"kind": "meter", "cause": "sensor_fault"}])
def test_a_meter_that_is_not_believed_has_no_penalty(values: dict[str, Any]) -> None:
    alert_on(**values)
    assert penalties.refresh_penalties() == 0


def test_without_a_tariff_or_an_expectation_there_is_none() -> None:
    reviewed(detected())
    assert penalties.refresh_penalties() == 0
    billed(station())
    history(station())
    Score.objects.all().delete()
    assert penalties.refresh_penalties() == 0


def penalty(alert: Alert, left: int) -> None:
    AlertPenalty.objects.create(
        alert=alert, month=date(2026, 3, 1), until=START, alert_version=alert.version, excess_kvar=50.0, left=left,
        mended=left / 10, currency="INR",
    )  # fmt: skip


def test_the_list_sorts_by_it(signed_in: Any) -> None:
    for code, left in (("SS-01", 310), ("SS-02", 190_000), ("SS-03", None)):
        alert = reviewed(detected(station(code)))
        if left is not None:
            penalty(alert, left)
    client = signed_in("viewer")
    page = client.get("/alerts/?sort=penalty").content.decode()
    places = [page.index(f">{code}<") for code in ("SS-02", "SS-01", "SS-03")]
    assert places == sorted(places)
    assert "₹\N{NO-BREAK SPACE}1,90,000.00" in page
    assert 'aria-sort="descending"' in page
    assert 'aria-sort="descending"' not in client.get("/alerts/").content.decode()


def test_the_page_says_what_it_adds_if_left_and_if_mended(signed_in: Any) -> None:
    alert = reviewed(detected())
    penalty(alert, 1900)
    page = " ".join(signed_in("viewer").get(alert.get_absolute_url()).content.decode().split())
    assert "₹ 1,900.00</span> if left" in page
    assert "₹ 190.00 if mended now; 50" in page


def test_the_api_has_it_and_sorts_by_it(signed_in: Any) -> None:
    for code, left in (("SS-01", 310), ("SS-02", 1900), ("SS-03", None)):
        alert = reviewed(detected(station(code)))
        if left is not None:
            penalty(alert, left)
    rows = signed_in("viewer").get("/api/alerts/?sort=penalty").json()["results"]
    assert [(row["substation"], row["penalty_if_left"], row["penalty_currency"]) for row in rows] == [
        ("SS-02", "1900.0000", "INR"), ("SS-01", "310.0000", "INR"), ("SS-03", None, None),
    ]  # fmt: skip


def test_a_sort_that_is_none_is_refused_by_the_api_and_ignored_by_the_page(signed_in: Any) -> None:
    client = signed_in("viewer")
    answer = client.get("/api/alerts/?sort=cheap")
    assert (answer.status_code, answer.json()) == (400, {"sort": ["Received “cheap”; expected penalty or urgency."]})
    assert client.get("/api/alerts/?sort=urgency").status_code == 200
    assert client.get("/alerts/?sort=cheap").status_code == 200


def sentence(alert: Alert, days: float = 1.0) -> str:
    alert = Alert.objects.select_related("penalty", "substation").get(pk=alert.pk)
    said = cost_sentence(alert, alert.substation.zone, alert.raised_at + timedelta(days=days))
    return said.replace("\N{NO-BREAK SPACE}", " ")


def test_one_sentence_says_since_when_how_much_energy_and_what_it_adds(signed_in: Any) -> None:
    alert = reviewed(detected(loss_kwh=412.0))
    penalty(alert, 1900)
    assert sentence(alert) == (
        "Capacitor bank failure since Monday 08:00: 412 kWh so far; "
        "penalty by month's end ₹ 1,900.00 if left, ₹ 190.00 if mended today."
    )
    assert sentence(alert, days=8).startswith("Capacitor bank failure since 2026-03-02 08:00: 412 kWh")
    client = signed_in("viewer")
    rows = client.get("/api/alerts/").json()["results"]
    assert "412 kWh so far; penalty by month's end ₹" in rows[0]["cost_sentence"]
    assert "412 kWh so far; penalty by month&#x27;s end ₹" in client.get(alert.get_absolute_url()).content.decode()


def test_a_sentence_leaves_out_what_is_not_known() -> None:
    assert sentence(reviewed(detected(loss_kwh=412.0))).endswith(": 412 kWh so far.")
    assert sentence(reviewed(detected(station("SS-2"), kind="meter", cause="sensor_fault"))) == ""
    free = reviewed(detected(station("SS-3"), loss_kwh=3.0))
    penalty(free, 0)
    assert sentence(free).endswith(": 3.00 kWh so far; no penalty by month's end.")


def test_what_has_cleared_adds_what_it_has_added() -> None:
    alert = cleared(raised())
    penalty(alert, 310)
    assert sentence(alert).endswith("; adds ₹ 310.00 to the month's bill.")


def test_the_mean_is_of_readings_that_were_judged() -> None:
    alert = alert_on()
    Reading.objects.create(substation=alert.substation, at=START + timedelta(minutes=7), reactive_power_kvar=9000.0)
    assert penalties.excess_kvar(alert) == pytest.approx(np.float64(50.0))
