"""Clauses over the power factor and over reactive energy, and what always holds of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.tariffs.bill_lines import SupplyContract
from losses.tariffs.power_factor_clauses import clause_percent
from losses.tariffs.tariff_bill import bill

from .tariff_documents import MARCH, checked, month_of, power_factor_clause, slabs

PENALTIES = ((0.95, 0.9, 0.5), (0.9, 0.01, 1.0), (0.95, 1.0, -0.5))
FACTORS = st.decimals(Decimal("0.02"), Decimal(1), places=4)
BANDS = [{"at_least": 0.8, "price": 1}, {"at_least": 0, "price": 2}]


def reactive(direction: str, per: str, **values: Any) -> dict[str, Any]:
    return {
        "kind": "reactive_energy",
        "id": "kvarh",
        "title": "Reactive",
        "direction": direction,
        "share": 0.5,
        "per": per,
        "prices": BANDS,
    } | values


@given(FACTORS, FACTORS, st.sampled_from(["whole", "started", "proportional"]))
def test_a_lower_power_factor_never_costs_less(one: Decimal, other: Decimal, step: str) -> None:
    low, high = sorted((one, other))
    rule = slabs(step, *PENALTIES)
    # An incentive in started steps is a step early, on both sides alike.
    assert clause_percent(rule, low) >= clause_percent(rule, high)


@given(FACTORS)
def test_a_proportional_clause_has_no_jump(value: Decimal) -> None:
    rule = slabs("proportional", *PENALTIES)
    near = min(value + Decimal("0.0001"), Decimal(1))
    assert abs(clause_percent(rule, value) - clause_percent(rule, near)) <= Decimal("0.01")


def test_a_clause_that_jumps_says_so() -> None:
    rule = slabs("proportional", (0.9, 0.5, 1.0))
    rule["slabs"][0]["at_once"] = 2
    assert clause_percent(rule, Decimal("0.90")) == 0
    assert clause_percent(rule, Decimal("0.8999")) == Decimal("2.01")


@pytest.mark.parametrize(
    ("step", "percent"), [("whole", Decimal(3)), ("started", Decimal(4)), ("proportional", Decimal("3.5"))]
)
def test_steps_are_counted_as_the_clause_says(step: str, percent: Decimal) -> None:
    assert clause_percent(slabs(step, (0.9, 0.5, 1.0)), Decimal("0.865")) == percent


def test_a_table_is_read_from_the_top() -> None:
    rule = {
        "form": "table",
        "rows": [{"at_least": 0.95, "percent": -1}, {"at_least": 0.9, "percent": 0}, {"at_least": 0, "percent": 5}],
    }
    assert [clause_percent(rule, Decimal(value)) for value in ("0.95", "0.9499", "0.9", "0.89")] == [-1, 0, 0, 5]


@given(FACTORS)
def test_a_factor_is_the_target_over_the_power_factor(value: Decimal) -> None:
    percent = clause_percent({"form": "factor", "target": 0.9}, value)
    assert percent == max((Decimal("0.9") / value - 1) * 100, 0)
    assert (
        clause_percent({"form": "factor", "target": 0.9, "incentive": True}, value)
        == (Decimal("0.9") / value - 1) * 100
    )


def test_caps_hold_both_ways() -> None:
    clause = power_factor_clause(slabs("whole", *PENALTIES), min_percent=-1, max_percent=3)
    assert bill(checked(clause), month_of(lagging=300.0), MARCH).amount("pf") == Decimal("13392.00")  # 3 % of 446,400
    assert bill(checked(clause), month_of(), MARCH).amount("pf") == Decimal("-4464.00")


@pytest.mark.parametrize(
    ("quantities", "factor"),
    [
        ("lag", 100 / np.hypot(100, 60)),
        ("lead", 100 / np.hypot(100, 20)),
        ("lag_lead", 100 / np.hypot(100, 80)),
        ("absolute", 100 / np.hypot(100, 40)),
        ("apparent", 100 / np.hypot(100, 40)),
    ],
)
def test_the_quantities_that_count_make_the_power_factor(quantities: str, factor: float) -> None:
    clause = power_factor_clause(slabs("whole", *PENALTIES), quantities=quantities)
    found = bill(checked(clause), month_of(lagging=60.0, leading=20.0), MARCH)
    assert float(found.power_factor or 0) == pytest.approx(factor)


@given(st.floats(0, 1000), st.floats(0, 1000), st.sampled_from(["hour", "period", "month"]))
@settings(max_examples=20)
def test_reactive_energy_below_the_share_is_free_and_above_it_is_not(kw: float, kvar: float, per: str) -> None:
    found = bill(checked(reactive("inductive", per)), month_of(kw=kw, lagging=kvar), MARCH).amount("kvarh")
    excess = max(kvar - 0.5 * kw, 0.0) * 744
    factor = kw / np.hypot(kw, kvar) if kw else 0.0
    assert float(found) == pytest.approx(excess * (1 if factor >= 0.8 else 2), abs=0.02, rel=1e-6)


@given(st.sampled_from(["inductive", "capacitive", "both"]), st.sampled_from(["hour", "period", "month"]))
@settings(max_examples=9)
def test_no_reactive_energy_costs_nothing(direction: str, per: str) -> None:
    clauses = [
        reactive(direction, per),
        {
            "kind": "reference_power_factor",
            "id": "reference",
            "title": "R",
            "direction": direction,
            "reference": 0.92,
            "price": 1,
        },
    ]
    found = bill(checked(*clauses), month_of(), MARCH)
    assert found.amount("kvarh") == found.amount("reference") == found.power_factor_amount == 0


def test_by_the_hour_a_good_hour_does_not_help_a_bad_one() -> None:
    lagging = np.where(np.arange(744) % 2 == 0, 100.0, 0.0)
    by_hour, by_month = (
        bill(checked(reactive("inductive", per)), month_of(lagging=lagging), MARCH).amount("kvarh")
        for per in ("hour", "month")
    )
    assert by_month == 0
    assert by_hour == 372 * 50 * 2


def test_once_the_share_is_passed_every_kvarh_may_count() -> None:
    clause = reactive("inductive", "month", charged="all")
    assert bill(checked(clause), month_of(lagging=60.0), MARCH).amount("kvarh") == 60 * 744
    assert bill(checked(clause), month_of(lagging=50.0), MARCH).amount("kvarh") == 0


def test_directions_are_kept_apart() -> None:
    clause = reactive("capacitive", "hour")
    assert bill(checked(clause), month_of(lagging=500.0), MARCH).amount("kvarh") == 0
    assert bill(checked(clause), month_of(leading=60.0), MARCH).amount("kvarh") == 10 * 744


def test_energy_fed_in_counts_where_all_quadrants_do() -> None:
    hours = month_of(lagging=40.0, reactive_q2_kvarh=np.full(744, 20.0))
    assert bill(checked(reactive("inductive", "month")), hours, MARCH).amount("kvarh") == 10 * 744
    assert bill(checked(reactive("inductive", "month"), quadrants="import"), hours, MARCH).amount("kvarh") == 0


@pytest.mark.parametrize(
    ("exempt", "contract", "codes"),
    [
        ({"up_to_kw": 9}, SupplyContract(contract_kw=Decimal(9)), ["exempt_size"]),
        ({"up_to_kw": 9}, SupplyContract(contract_kw=Decimal(10)), []),
        ({"up_to_kw": 9}, SupplyContract(), ["size_unknown"]),
        ({"below_kva": 50}, SupplyContract(installed_kva=Decimal(49)), ["exempt_size"]),
        ({"from_kva": 50}, SupplyContract(installed_kva=Decimal(50)), ["exempt_size"]),
        ({"months": [3]}, SupplyContract(), ["exempt_month"]),
        ({"months": [4]}, SupplyContract(), []),
    ],
)
def test_exemptions_say_why(exempt: dict[str, Any], contract: SupplyContract, codes: list[str]) -> None:
    found = bill(checked(reactive("inductive", "month", exempt=exempt)), month_of(lagging=60.0), MARCH, contract)
    assert [each.code for each in found.lines[1].remarks] == codes
    is_free = bool({"exempt_size", "exempt_month"} & set(codes))
    assert (found.amount("kvarh") == 0) is is_free


def test_a_month_is_forgiven_once() -> None:
    document = checked(reactive("inductive", "month", forgiven_months=1))
    unasked = bill(document, month_of(lagging=60.0), MARCH)
    assert (unasked.amount("kvarh"), unasked.lines[1].remarks[0].code) == (Decimal(7440), "forgivable")
    first = bill(document, month_of(lagging=60.0), MARCH, SupplyContract(forgiven_used={"kvarh": 0}))
    assert first.amount("kvarh") == 0
    assert first.lines[1].remarks[0].code == "forgiven"
    second = bill(document, month_of(lagging=60.0), MARCH, SupplyContract(forgiven_used={"kvarh": 1}))
    assert second.amount("kvarh") == 10 * 744
