"""The card of what would be found: who sees it, who may ask for it, and what it says at each stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mlcore.injection.sensitivity import FaultTrial, NetworkContribution, SubstationSensitivity, counted
from mlcore.models import Detector, SensitivityReport
from substations.tests.readings_pages import text

from .test_views import model, station

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
CARD, ASK, PAGE = "/models/SS-01/sensitivity/", "/models/SS-01/sensitivity/work-out/", "/models/SS-01/"
TRIALS = [
    *[FaultTrial("capacitor_failure", "large", 0.5)] * 6,
    *[FaultTrial("capacitor_failure", "small", None)] * 5,
    FaultTrial("overload", "medium", 2.0),
]


def worked_out(detector: Detector) -> SensitivityReport:
    found = SubstationSensitivity(8, 60.0, 0.12, counted(TRIALS), NetworkContribution(7, 5, 1, 2))
    return SensitivityReport.objects.create(
        detector=detector, worked_out_at=timezone.now(), content=found.to_json(), progress_pct=100
    )


@pytest.fixture
def detector() -> Detector:
    return model(station())


def test_who_is_not_signed_in_or_has_no_role_sees_nothing(
    client: Client, signed_in: SignIn, detector: Detector
) -> None:
    assert client.get(CARD).headers["Location"].startswith("/sign-in/")
    assert client.post(ASK).headers["Location"].startswith("/sign-in/")
    assert signed_in("outsider").get(CARD).status_code == 403
    engineer = signed_in("engineer")
    assert engineer.post(CARD).status_code == 405
    assert engineer.get(ASK).status_code == 405
    assert engineer.get("/models/SS-99/sensitivity/").status_code == 404
    assert engineer.post("/models/SS-99/sensitivity/work-out/").status_code == 404


def test_an_operator_sees_it_and_may_not_ask_for_it(signed_in: SignIn, detector: Detector) -> None:
    operator = signed_in("operator")
    page = text(operator.get(PAGE))
    assert "What would be found here" in page
    assert "Engineers may do that" in page
    assert ASK not in operator.get(PAGE).content.decode()
    assert operator.post(ASK).status_code == 403
    assert not SensitivityReport.objects.exists()


def test_an_engineer_asks_for_it_once(signed_in: SignIn, detector: Detector) -> None:
    engineer = signed_in("engineer")
    assert "Queued; it starts within seconds." in text(engineer.post(ASK, follow=True))
    assert SensitivityReport.objects.get(detector=detector).requested_at
    page = engineer.post(ASK, follow=True)
    assert "It is being worked out already." in text(page)
    assert 'role="progressbar"' in page.content.decode()
    assert "live:models" in page.content.decode()


def test_without_a_model_it_says_that_it_needs_one(signed_in: SignIn) -> None:
    station()
    engineer = signed_in("engineer")
    assert "It needs a model." in text(engineer.get(CARD))
    assert "There is no model yet" in text(engineer.post(ASK, follow=True))
    assert not SensitivityReport.objects.exists()


def test_it_says_how_many_were_found_how_late_and_of_what_too_few_were_put_in(
    signed_in: SignIn, detector: Detector
) -> None:
    worked_out(detector)
    answer = signed_in("viewer").get(CARD)
    page, markup = text(answer), answer.content.decode()
    for said in ("6 of 6", "0 of 5", "6 of 11", "1 of 1", "0.500 h", "8 copies of 60 days", "month: 0.120"):
        assert said in page
    assert "7 of these faults are found with it, 5 by physics alone" in page
    assert "as they are: 1 with it, 2 by physics alone" in page
    assert page.count("too few to tell") == 2, "of overloads, medium and in all; where there were none stands a dash"
    assert 'aria-label="Capacitor bank failure, Large"' in markup
    assert 'aria-valuetext="6 of 6"' in markup
    assert "version 1" in page
    assert "live:models" not in markup, "what is known does not move"


def test_the_result_of_another_version_is_not_shown(signed_in: SignIn, detector: Detector) -> None:
    worked_out(detector)
    Detector.objects.update(is_active=False)
    Detector.objects.create(
        substation=detector.substation, version=2, trained_from=detector.trained_from, is_active=True,
        trained_until=detector.trained_until, row_count=1, arrays=b"", sha256="",
    )  # fmt: skip
    assert "6 of 6" not in text(signed_in("viewer").get(CARD))


def test_why_it_failed_is_said_and_it_may_be_asked_for_again(signed_in: SignIn, detector: Detector) -> None:
    SensitivityReport.objects.create(detector=detector, failure="ValueError: a <b> tap")
    engineer = signed_in("engineer")
    assert "Could not be worked out: ValueError: a &lt;b&gt; tap" in engineer.get(CARD).content.decode()
    assert "Could not be worked out" not in text(engineer.post(ASK, follow=True))


def test_the_api_says_what_is_known(client: Client, signed_in: SignIn, detector: Detector) -> None:
    url = f"/api/detectors/{detector.pk}/sensitivity/"
    assert client.get(url).status_code in (401, 403)
    assert signed_in("outsider").get(url).status_code == 403
    viewer = signed_in("viewer")
    before = viewer.get(url).json()
    assert (before["worked_out_at"], before["is_pending"], before["causes"], before["days"]) == (None, False, [], None)
    assert before["network"] is None
    worked_out(detector)
    known: dict[str, Any] = viewer.get(url).json()
    assert known["network"] == {"found": 7, "found_by_physics": 5, "alarms": 1, "alarms_by_physics": 2}
    assert known["expected_false_alarms_per_month"] == 0.12
    bank = known["causes"][0]
    assert bank["cause"] == "capacitor_failure"
    assert bank["large"] == {"injected": 6, "found": 6, "share": 1.0}
    assert bank["medium"] == {"injected": 0, "found": 0, "share": None}
    assert (bank["all_sizes"]["found"], bank["median_delay_h"]) == (6, 0.5)
    assert viewer.get("/api/detectors/4711/sensitivity/").status_code == 404


def test_through_the_api_engineers_ask_once_and_of_the_active_version_alone(
    signed_in: SignIn, detector: Detector
) -> None:
    url = f"/api/detectors/{detector.pk}/sensitivity/"
    assert signed_in("operator").post(url).status_code == 403
    engineer = signed_in("engineer")
    assert engineer.post(url).status_code == 202
    assert engineer.get(url).json()["is_pending"]
    assert engineer.post(url).status_code == 409
    assert engineer.put(url).status_code == 405
    Detector.objects.update(is_active=False)
    assert engineer.post(url).json()["detail"] == "Only the active version judges; received another one."
