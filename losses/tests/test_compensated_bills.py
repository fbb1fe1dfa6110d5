"""Bills replayed with a bank in place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.compensation.bank_prices import KvarPrice, bank_cost, payback_years
from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation.compensated_bills import bills_with_supply, last_months, released_kva
from losses.compensation.harmonic_guard import Guard
from losses.tariffs.metered_hours import HOURLY_ENERGIES, MeteredHours

from .tariff_documents import KOLKATA, MARCH, checked, month_of, power_factor_clause, slabs

SLAB = checked(power_factor_clause(slabs("proportional", (0.95, 0.01, 1.0))))
DEMAND = checked({"kind": "demand", "id": "demand", "title": "Demand", "unit": "kVA", "price": 150, "window_min": 15})


def test_a_bank_of_nothing_leaves_every_bill_as_it_is() -> None:
    hours = month_of(lagging=80.0)
    found = bills_with_supply(lambda _: SLAB, [hours], 0, np.zeros(len(hours)), [MARCH])
    (month,) = found.months
    assert found.saved == 0
    assert month.before == month.after


def test_the_penalty_by_hand() -> None:
    # 100 kW and 75 kvar are 0.8: 15 % of 744 × 100 × 6. With 42.13 kvar supplied 32.87 are left: 0.95, no penalty.
    hours = month_of(lagging=75.0)
    found = bills_with_supply(lambda _: SLAB, [hours], 0, np.full(len(hours), 42.14), [MARCH])
    assert found.saved == Decimal("66960.00")
    assert found.energy_price == 6


def test_the_demand_in_kva_falls_as_in_the_audit_exercise() -> None:
    # 653 kW at 0.64 are 1020 kVA, at 0.95 687: 333 kVA, at 150 a month 49,950; a bank at 300 a kvar pays in 0.29 years.
    hours = month_of(kw=653.0, lagging=784.0)
    kvar = np.full(len(hours), 570.0)
    found = bills_with_supply(lambda _: DEMAND, [hours], 0, kvar, [MARCH])
    assert float(found.saved) == pytest.approx(333 * 150, rel=0.005)
    assert released_kva(hours.energy_import_kwh, hours.reactive_q1_kvarh, kvar) == pytest.approx(333, abs=2)
    prices = [KvarPrice("fixed", 1000, Decimal(300), Decimal(300))]
    cost = bank_cost(CapacitorBank(570), Guard.PLAIN, prices)
    assert cost is not None
    assert cost.middle == 171_000
    assert payback_years(cost.middle, found.saved * 12) == pytest.approx(0.29, abs=0.005)


def test_a_meter_of_several_changes_the_point_and_not_the_others() -> None:
    one, other = month_of(kw=100.0, lagging=100.0), month_of(kw=100.0, lagging=0.0)
    found = bills_with_supply(lambda _: SLAB, [one, other], 0, np.full(len(one), 50.0), [MARCH])
    alone = bills_with_supply(lambda _: SLAB, [one], 0, np.full(len(one), 50.0), [MARCH])
    assert 0 < found.saved < alone.saved


def test_months_without_hours_or_a_tariff_are_left_out() -> None:
    hours = month_of(lagging=75.0)
    assert bills_with_supply(lambda _: SLAB, [hours], 0, np.zeros(len(hours)), last_months(MARCH)).known_h == 744
    assert bills_with_supply(lambda _: None, [hours], 0, np.zeros(len(hours)), [MARCH]).months == ()


def test_the_last_twelve_months() -> None:
    months = last_months(date(2026, 3, 17))
    assert (months[0], months[-1], len(months)) == (date(2025, 4, 1), date(2026, 3, 1), 12)


PRICES = [
    KvarPrice("fixed", 100, Decimal(10), Decimal(20)), KvarPrice("automatic", 100, Decimal(30), Decimal(40)),
    KvarPrice("detuned", 100, Decimal(50), Decimal(70)), KvarPrice("automatic", 500, Decimal(20), Decimal(30)),
]  # fmt: skip


def test_each_part_has_its_price_and_a_detuned_bank_one() -> None:
    bank = CapacitorBank(20, 10, 6)
    plain, detuned = (bank_cost(bank, guard, PRICES) for guard in (Guard.PLAIN, Guard.DETUNED))
    assert plain is not None
    assert plain.low == 20 * 10 + 60 * 30
    assert plain.high == 20 * 20 + 60 * 40
    assert detuned is not None
    assert detuned.middle == 80 * 60


def test_a_size_or_kind_that_the_table_lacks_has_no_cost() -> None:
    assert bank_cost(CapacitorBank(0, 50, 5), Guard.DETUNED, PRICES) is None
    found = bank_cost(CapacitorBank(0, 50, 5), Guard.PLAIN, PRICES)
    assert found is not None
    assert found.low == 5000


@given(st.decimals(1, 10**7, places=2), st.decimals(0, 10**7, places=2), st.decimals(1, 10**6, places=2))
def test_payback_grows_with_cost(cost: Decimal, more: Decimal, saving: Decimal) -> None:
    first, second = payback_years(cost, saving), payback_years(cost + more, saving)
    assert first is not None
    assert second is not None
    assert first <= second


def test_what_saves_nothing_never_pays_back() -> None:
    assert payback_years(Decimal(100), Decimal(0)) is None
    assert payback_years(Decimal(100), Decimal(-5)) is None


def test_a_ratchet_of_a_month_before_follows_the_bank_too() -> None:
    ratchet = checked(
        {"kind": "demand", "id": "demand", "title": "Demand", "unit": "kVA", "price": 100, "window_min": 15,
         "ratchet": {"share": 1, "months": 11}}
    )  # fmt: skip
    february = month_of(date(2026, 2, 1), kw=300.0, lagging=400.0)
    march = month_of(kw=100.0)
    arrays = {
        name: np.concatenate([getattr(february, name), getattr(march, name)])
        for name in (*HOURLY_ENERGIES, "max_demand_kw", "max_demand_kva", "covered_h")
    }
    both = MeteredHours.of_columns(KOLKATA, np.concatenate([february.at_s, march.at_s]), arrays)
    kvar = np.where(both.at_s < march.at_s[0], 400.0, 0.0)
    found = bills_with_supply(lambda _: ratchet, [both], 0, kvar, [date(2026, 2, 1), MARCH])
    # 500 kVA become 300 in February, and so do the 500 that March is billed by.
    assert [each.saved for each in found.months] == [20_000, 20_000]
