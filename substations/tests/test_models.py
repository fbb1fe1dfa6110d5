"""Substations, links, readings and pending ranges: what can be stored at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from substations.models import Link, PendingRange, Reading, Substation

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, tzinfo=UTC)


def station(code: str = "SS-01", **values: Any) -> Substation:
    return Substation.objects.create(code=code, **values)


@pytest.mark.parametrize("code", ["a b", "a/b", "a\\b", "a?b", "a#b", "a%b", "", "x" * 41])
def test_a_code_that_an_address_cannot_hold_is_refused(code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Substation(code=code).full_clean()
    assert list(refused.value.message_dict) == ["code"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", 90.1),
        ("longitude", -181),
        ("rated_kva", 0),
        ("nominal_v", 49),
        ("no_load_loss_w", -1),
        ("impedance_pct", 51),
        ("target_power_factor", 1.01),
        ("reading_interval_s", 59),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("rated_kva", float("nan")),
        ("rated_kva", float("inf")),
    ],
)
def test_a_value_out_of_its_range_is_named(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Substation(code="SS-01", **{field: value}).full_clean()
    assert list(refused.value.message_dict) == [field]


def test_a_nameplate_may_be_unknown_but_never_invented() -> None:
    substation = station()
    substation.full_clean()
    assert (substation.rated_kva, substation.target_power_factor, substation.zone.key) == (None, 0.95, "UTC")


@pytest.mark.parametrize("value", [0, 1.5, -0.95])
def test_the_database_keeps_the_target_a_share(value: float) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        station(target_power_factor=value)


def test_a_code_is_used_once() -> None:
    station()
    with pytest.raises(IntegrityError), transaction.atomic():
        station()


def test_it_is_named_by_its_code_and_addressed_by_it() -> None:
    assert (str(station(name="North yard")), str(station("B"))) == ("SS-01 North yard", "B")
    assert station("Süd-1").get_absolute_url() == "/substations/S%C3%BCd-1/"


def test_a_pair_is_joined_once_and_nothing_feeds_itself() -> None:
    a, b = station("A"), station("B")
    link = Link.objects.create(source=a, target=b)
    Link.objects.create(source=None, target=a)
    assert (str(link), str(Link.objects.get(source=None))) == ("A → B", "grid supply → A")
    for source, target in ((a, b), (None, a), (b, b)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Link.objects.create(source=source, target=target)
    with pytest.raises(ValidationError) as refused:
        Link(source=b, target=a, r_ohm=float("inf")).full_clean()
    assert list(refused.value.message_dict) == ["r_ohm"]


def test_a_reading_of_a_time_is_stored_once() -> None:
    substation = station()
    reading = Reading.objects.create(substation=substation, at=AT)
    assert reading.pk == (substation.pk, AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reading.objects.create(substation=substation, at=AT)


def test_a_pending_range_ends_after_it_starts() -> None:
    substation = station()
    PendingRange.objects.create(substation=substation, start=AT, end=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        PendingRange.objects.create(substation=substation, start=AT, end=AT - timedelta(seconds=1))
