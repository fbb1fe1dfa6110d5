"""Wiring faults and generation through the whole pipeline: readings posted to the API, scored, and reviewed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from alerts.models import Alert
from alerts.review import review_changed
from mlcore import network_training
from mlcore.diagnosis.fleet import Fleet
from mlcore.models import Detection
from mlcore.services import score_pending, train_due
from mlcore.tests.made_fleet import Load, made_fleet
from mlcore.tests.solar_fleet import all_of, solar
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.models import PendingRange, Reading, Substation
from substations.simulation.miswiring import miswired

pytestmark = pytest.mark.django_db
HOUR_S, DAY = 3600, 24
TRAINED, DAYS, SITE, CODE = 16, 21, 1, "T2"
BEGAN_H = (TRAINED + 1.0) * DAY
Person = Callable[[str], User]


@pytest.fixture
def post(person: Person, monkeypatch: pytest.MonkeyPatch) -> Callable[[Fleet], None]:
    """Sixteen days in the database and learned; the days after them are posted, scored and reviewed day by day."""
    monkeypatch.setattr(network_training, "train_autoencoders", lambda *args, **values: {})
    client = APIClient()
    client.force_authenticate(person("engineer"))

    def run(fleet: Fleet) -> None:
        stored(fleet, TRAINED * DAY)
        train_due()
        while score_pending():
            pass
        review_changed()
        for day in range(TRAINED, DAYS):
            rows = list(posted(fleet, day * DAY, (day + 1) * DAY))
            answer = client.post("/api/readings/", rows, format="json")
            assert answer.status_code == 200, answer.data
            score_pending()
            review_changed()

    return run


def stored(fleet: Fleet, until: int) -> None:
    """As an upload would leave them."""
    for row, plate in enumerate(fleet.nameplates):
        substation = Substation.objects.create(
            code=plate.code, rated_kva=plate.rated_kva, nominal_v=plate.nominal_v, hv_nominal_v=plate.hv_nominal_v,
            no_load_loss_w=plate.no_load_loss_w, load_loss_w=plate.load_loss_w, reading_interval_s=HOUR_S,
        )  # fmt: skip
        Reading.objects.bulk_create(
            Reading(substation=substation, at=moment(fleet, step), **measured(fleet, row, step))
            for step in range(until)
        )
        PendingRange.objects.create(substation=substation, start=moment(fleet, 0), end=moment(fleet, until - 1))


def posted(fleet: Fleet, first: int, stop: int) -> Any:
    for row, code in enumerate(fleet.codes):
        for step in range(first, stop):
            yield {"substation": code, "at": moment(fleet, step).isoformat(), **measured(fleet, row, step)}


def measured(fleet: Fleet, row: int, step: int) -> dict[str, float]:
    values = fleet.values[row, step]
    return {name: float(value) for name, value in zip(CHANNEL_NAMES, values, strict=True) if np.isfinite(value)}


def moment(fleet: Fleet, step: int) -> datetime:
    return datetime.fromtimestamp(int(fleet.at_s[step]), UTC)


def record(change: Callable[[Load], None] | None = None, **wiring: Any) -> Fleet:
    """The made-up fleet by the hour; with ``wiring`` the second meter is connected otherwise from a noon on."""
    fleet = made_fleet(change, interval_s=HOUR_S, days=DAYS)
    if wiring:
        first = int(BEGAN_H) + 12
        fleet.values[SITE, first:] = miswired(fleet.values[SITE, first:], **wiring)
    return fleet


def alerts() -> list[tuple[str, str, str]]:
    return list(Alert.objects.order_by("pk").values_list("substation__code", "kind", "cause"))


@pytest.mark.parametrize(
    ("wiring", "cause", "words"),
    [
        ({"signs": (-1, -1, -1)}, "reversed_cts", "Swap S1 and S2 of all three"),
        ({"signs": (1, -1, 1)}, "reversed_ct", "swap S1 and S2 of its current transformer"),
        ({"order": (1, 0, 2)}, "swapped_phases", "current inputs"),
        ({"order": (1, 2, 0)}, "rotated_phases", "get the currents of B (L2), C (L3), A (L1)"),
        ({"order": (2, 0, 1)}, "rotated_phases", "get the currents of C (L3), A (L1), B (L2)"),
    ],
)
def test_a_wiring_fault_is_named_with_what_to_swap_and_no_loss_is_raised(
    post: Callable[[Fleet], None], wiring: dict[str, Any], cause: str, words: str
) -> None:
    post(record(**wiring))
    assert alerts() == [(CODE, "meter", cause)]
    alert = Alert.objects.get()
    assert words in alert.sentence
    assert "not billable" in alert.sentence
    assert alert.detection is not None
    assert alert.detection.evidence["not_billable"] is True


def test_the_sign_of_reactive_power_is_named(post: Callable[[Fleet], None]) -> None:
    fleet = record()
    fleet.values[SITE, int(BEGAN_H) + 14 :, CHANNEL_INDEX["reactive_power_kvar"]] *= -1
    post(fleet)
    assert alerts() == [(CODE, "meter", "reactive_sign")]


def test_all_negative_from_the_first_reading_on_is_asked_and_the_answer_is_kept(
    post: Callable[[Fleet], None], signed_in: Callable[[str], Any]
) -> None:
    fleet = record()
    fleet.values[SITE] = miswired(fleet.values[SITE], signs=(-1, -1, -1))
    post(fleet)
    assert alerts() == [(CODE, "meter", "power_direction")]
    operator = signed_in("operator")
    page = operator.get(Alert.objects.get().get_absolute_url()).content.decode()
    assert "This substation feeds in" in page
    assert "The current transformers are reversed" in page
    assert "Energy not billable" in page
    assert operator.post(f"/substations/{CODE}/direction/", {"exports_power": "no"}).status_code == 302
    while score_pending():
        pass
    review_changed()
    assert Detection.objects.ongoing().get().cause == "reversed_cts"
    assert operator.post(f"/substations/{CODE}/direction/", {"exports_power": "yes"}).status_code == 302
    while score_pending():
        pass
    review_changed()
    assert not Detection.objects.ongoing().filter(kind="meter").exists()


def test_new_solar_is_information_and_raises_no_alert(post: Callable[[Fleet], None]) -> None:
    post(record(solar(0.4, BEGAN_H, SITE)))
    assert alerts() == []
    assert list(Detection.objects.not_withdrawn().values_list("kind", "cause")) == [("info", "generation")]


def test_a_capacitor_that_fails_on_a_new_solar_site_is_an_alert(post: Callable[[Fleet], None]) -> None:
    def failed(load: Load) -> None:
        load.reactive[SITE, load.between(BEGAN_H + 2 * DAY + 11, BEGAN_H + 4 * DAY)] += 0.16

    post(record(all_of(solar(0.4, BEGAN_H, SITE), failed)))
    assert alerts() == [(CODE, "loss", "capacitor_failure")]


def test_a_loss_during_export_is_an_alert(post: Callable[[Fleet], None]) -> None:
    def failed(load: Load) -> None:
        load.reactive[SITE, load.between(BEGAN_H + DAY + 9, BEGAN_H + DAY + 15)] += 0.16

    post(record(all_of(solar(0.9, 0.0, SITE), failed)))
    assert [each for each in alerts() if each[1] == "loss"] == [(CODE, "loss", "capacitor_failure")]


def test_too_many_capacitors_at_light_load_are_over_compensation(post: Callable[[Fleet], None]) -> None:
    def stuck(load: Load) -> None:
        load.reactive[SITE, load.between(BEGAN_H, BEGAN_H + 4 * DAY)] -= 0.35

    post(record(stuck))
    assert [each for each in alerts() if each[1] == "loss"] == [(CODE, "loss", "over_compensation")]
