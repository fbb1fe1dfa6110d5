"""Which tier judges a substation and why, and what its card says of a version."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mlcore.models import Detection, Detector
from mlcore.web.model_card import card, observed_false_alarms, side_by_side
from mlcore.web.model_tier import model_tiers
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
DAY = timedelta(days=1)
TIERS = ["limits", "regression", "backbone", "fleet", "own"]


@pytest.fixture
def substation() -> Substation:
    return Substation.objects.create(code="A")


def version(substation: Substation, number: int = 1, tier: str = "own", **more: Any) -> Detector:
    fields = {
        "trained_from": NOW - 30 * DAY, "trained_until": NOW, "row_count": 2880, "arrays": b"", "sha256": "",
    } | more  # fmt: skip
    return Detector.objects.create(substation=substation, version=number, tier=tier, **fields)


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_up_to_the_one_that_judges_is_reached(substation: Substation, tier: str) -> None:
    tiers = model_tiers(substation, version(substation, tier=tier))
    assert [step.is_here for step in tiers.steps] == [name == tier for name in TIERS]
    assert [step.is_reached for step in tiers.steps] == [TIERS.index(name) <= TIERS.index(tier) for name in TIERS]


@pytest.mark.parametrize(
    ("tier", "why"),
    [
        ("own", "on faults put into them, does best on holdout readings"),
        ("backbone", "It uses the supplied network, adjusted to its normal days"),
        ("fleet", "too few normal days for a network of its own"),
        ("regression", "It has no network"),
    ],
)
def test_it_says_why_it_stands_there(substation: Substation, tier: str, why: str) -> None:
    assert why in model_tiers(substation, version(substation, tier=tier)).why


def test_a_network_that_has_no_say_is_named_as_the_reason(substation: Substation) -> None:
    clueless = version(substation, tier="regression", metrics={"network_information_pct": -3.0})
    assert "named causes no better than chance. Physics alone decides" in model_tiers(substation, clueless).why


@pytest.mark.parametrize(
    ("days", "why"),
    [(None, "0.0 of 7 days"), (3, "3.0 of 7 days of readings received"), (10, "its training is still to come")],
)
def test_without_a_model_it_says_what_is_missing(substation: Substation, days: int | None, why: str) -> None:
    if days is not None:
        Reading.objects.bulk_create(Reading(substation=substation, at=at) for at in (NOW - days * DAY, NOW))
    tiers = model_tiers(substation, None)
    assert why in tiers.why
    assert tiers.steps[0].is_here


def test_an_invalid_version_leaves_fixed_limits_and_names_a_newer_one_that_is_valid(substation: Substation) -> None:
    broken = version(substation, 2, broken_reason="bad checksum")
    tiers = model_tiers(substation, broken)
    assert tiers.steps[0].is_here
    assert "Version 2 is invalid" in tiers.why
    assert tiers.why.endswith("Train it again.")
    version(substation, 3)
    assert "Version 3 is valid: activate it" in model_tiers(substation, broken).why


def test_a_card_names_what_it_knows_and_keeps_the_name_of_what_it_does_not(substation: Substation) -> None:
    metrics = {"known_episodes": 3, "network_threshold": 1.23456, "of_tomorrow": None, "warning": "look_here"}
    assert card(version(substation, metrics=metrics)) == [
        ("Known episodes", "3"), ("Network threshold", "1.23"), ("of tomorrow", "–"), ("Warning", "look here"),
    ]  # fmt: skip


def test_two_versions_stand_side_by_side_with_every_figure_that_either_has(substation: Substation) -> None:
    first = version(substation, 1, "fleet", metrics={"known_episodes": 3})
    second = version(substation, 2, "own", trained_from=NOW - 45 * DAY, metrics={"believable_hours": 900.0})
    assert side_by_side(first, second) == [
        ("Model tier", first.get_tier_display(), second.get_tier_display()),
        ("Days trained on", "30.0", "45.0"),
        ("Readings", "2,880", "2,880"),
        ("Excluded", "0", "0"),
        ("Known episodes", "3", "–"),
        ("Valid hours it was trained on", "–", "900"),
    ]


def test_false_alarms_of_the_last_ninety_days_of_readings_are_counted(substation: Substation) -> None:
    assert observed_false_alarms(substation) == 0
    Reading.objects.create(substation=substation, at=NOW)
    for days, verdict in ((1, "false_alarm"), (89, "false_alarm"), (91, "false_alarm"), (2, "confirmed"), (3, "")):
        at = NOW - days * DAY
        Detection.objects.create(
            substation=substation, kind="loss", cause="overload", severity=10, start=at, peak=at, score=2.0, reason="",
            verdict=verdict,
        )  # fmt: skip
    assert observed_false_alarms(substation) == 2
