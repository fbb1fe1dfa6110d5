"""Tariffs in the database: versions, who is billed by them, and bills from stored hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from losses.models import HourlyRollup, Tariff, TariffAssignment, TariffVersion
from losses.querysets import FIELDS
from losses.tariff_store import members_of, metering_points, point_of, store_version
from losses.tariffs.tariff_document import TariffError
from substations.models import Substation

from .tariff_documents import ENERGY, tariff

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)


def hours(substation: Substation, count: int, *, kwh: float = 100.0, **values: Any) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "energy_import_kwh": kwh} | values
    HourlyRollup.objects.bulk_create(
        HourlyRollup(substation=substation, at=start + timedelta(hours=number), **plain) for number in range(count)
    )


def test_a_document_is_stored_with_its_dates() -> None:
    version = store_version(tariff(valid_to="2026-12-31"))
    version.refresh_from_db()
    assert (version.valid_from, version.valid_to) == (date(2020, 1, 1), date(2026, 12, 31))
    assert version.tariff.version_on(date(2026, 12, 31)) == version
    assert version.tariff.version_on(date(2027, 1, 1)) is None
    assert version.tariff.version_on(date(2019, 12, 31)) is None


def test_the_same_day_again_replaces() -> None:
    for price in (1, 2):
        store_version(tariff(charges=[ENERGY | {"prices": {"all": price}}]))
    assert TariffVersion.objects.get().document["charges"][0]["prices"] == {"all": 2}


def test_an_overlap_is_refused_and_can_be_closed() -> None:
    store_version(tariff())
    with pytest.raises(TariffError, match="Let the earlier one end on 2026-03-31"):
        store_version(tariff(valid_from="2026-04-01"))
    assert TariffVersion.objects.count() == 1
    store_version(tariff(valid_from="2026-04-01"), close_previous=True)
    assert list(TariffVersion.objects.values_list("valid_to", flat=True)) == [None, date(2026, 3, 31)]
    assert TariffVersion.objects.get(valid_to__isnull=False).document["valid_to"] == "2026-03-31"


def test_a_gap_is_refused() -> None:
    store_version(tariff(valid_to="2025-12-31"))
    with pytest.raises(TariffError, match="with a gap"):
        store_version(tariff(valid_from="2026-04-01"))


def test_a_wrong_document_leaves_nothing_behind() -> None:
    with pytest.raises(TariffError, match="expected 0 or more"):
        store_version(tariff(charges=[ENERGY | {"prices": {"all": -1}}]))
    assert not Tariff.objects.exists()


def test_worked_bills_that_do_not_agree_are_refused() -> None:
    worked = [
        {
            "title": "One",
            "source": "by hand",
            "month": "2026-03",
            "periods": {"all": {"kwh": 10}},
            "expect": {"energy": "61.00"},
        }
    ]
    with pytest.raises(TariffError, match=r"worked by hand 61.00, by this program 60.00"):
        store_version(tariff(), worked)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "expected either a site or a substation"),
        ({"site": "Nowhere"}, "expected one that a substation names"),
        ({"site": "Two clocks"}, "Asia/Kolkata, UTC"),
        ({"site": "Mill", "since": date(2026, 6, 1)}, "let the earlier end the day before"),
        ({"site": "Mill", "since": date(2019, 6, 1), "until": date(2019, 1, 1)}, "expected that day or a later one"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    for code, site, zone in (("A", "Mill", "UTC"), ("B", "Two clocks", "UTC"), ("C", "Two clocks", "Asia/Kolkata")):
        Substation.objects.create(code=code, site=site, time_zone=zone)
    stored = store_version(tariff()).tariff
    TariffAssignment.objects.create(tariff=stored, site="Mill", since=MARCH)
    with pytest.raises(ValidationError) as refused:
        TariffAssignment(**{"tariff": stored, "since": MARCH} | values).full_clean()
    assert message in str(refused.value)


def test_a_site_is_billed_as_one_point_by_its_hours() -> None:
    first, second = (Substation.objects.create(code=code, site="Mill") for code in "AB")
    hours(first, 744)
    hours(second, 744, kwh=50.0)
    TariffAssignment.objects.create(tariff=store_version(tariff()).tariff, site="Mill", since=MARCH)
    (point,) = metering_points(MARCH)
    found = point.bill(MARCH)
    assert found is not None
    assert found.amount("energy") == Decimal(150 * 744 * 6)
    assert found.coverage == 1.0


def test_a_substation_of_its_own_comes_before_its_site() -> None:
    one = Substation.objects.create(code="A", site="Mill")
    stored = store_version(tariff()).tariff
    TariffAssignment.objects.create(tariff=stored, site="Mill", since=MARCH)
    own = TariffAssignment.objects.create(tariff=stored, substation=one, since=date(2026, 5, 1))
    assert [point.assignment.site for point in [point_of(one, MARCH)] if point] == ["Mill"]
    found = point_of(one, date(2026, 5, 1))
    assert found is not None
    assert found.assignment == own
    assert point_of(one, date(2026, 2, 1)) is None


def test_a_substation_with_a_tariff_of_its_own_is_no_part_of_its_sites_point() -> None:
    first, second = (Substation.objects.create(code=code, site="Mill") for code in "AB")
    stored = store_version(tariff()).tariff
    site = TariffAssignment.objects.create(tariff=stored, site="Mill", since=MARCH)
    TariffAssignment.objects.create(tariff=stored, substation=second, since=date(2026, 4, 1))
    assert members_of(site, MARCH) == (first, second)
    assert members_of(site, date(2026, 4, 1)) == (first,)
    assert [point.substations for point in metering_points(date(2026, 4, 1))] == [(second,), (first,)]


def test_a_ratchet_looks_back_at_the_stored_months() -> None:
    one = Substation.objects.create(code="A")
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0}
    for month, kw in ((1, 90.0), (2, 120.0), (3, 60.0)):
        at = datetime(2026, month, 10, 6, tzinfo=UTC)
        HourlyRollup.objects.create(substation=one, at=at, **plain | {"max_demand_kw": kw, "max_demand_kva": kw})
    demand = {
        "kind": "demand", "id": "demand", "title": "Demand", "unit": "kVA", "window_min": 15, "price": 10,
        "ratchet": {"share": 0.8, "months": 2},
    }  # fmt: skip
    stored = store_version(tariff(demand)).tariff
    TariffAssignment.objects.create(tariff=stored, substation=one, since=MARCH)
    (point,) = metering_points(MARCH)
    assert point.contract_in(MARCH).past_demands == {"demand": [Decimal(90), Decimal(120)]}
    found = point.bill(MARCH)
    assert found is not None
    assert found.amount("demand") == Decimal("960.00")  # 0.8 × 120 kVA, more than the 60 of this month
    assert point.contract_in(date(2026, 1, 1)).past_demands == {}


def test_without_a_valid_version_there_is_no_bill() -> None:
    one = Substation.objects.create(code="A")
    stored = store_version(tariff(valid_to="2025-12-31")).tariff
    TariffAssignment.objects.create(tariff=stored, substation=one, since=MARCH)
    (point,) = metering_points(MARCH)
    assert point.bill(MARCH) is None
