"""A document that cannot be used says where, what was received and what was expected."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from losses.forms import charge_kinds
from losses.tariffs.tariff_document import TariffError, checked_document, document_problems, read_document, schema
from losses.tariffs.worked_bills import worked_result

from .tariff_documents import ENERGY, power_factor_clause, slabs, tariff

WORKING = {"name": "working", "weekdays": [1, 2, 3, 4, 5]}
REST = {"name": "rest", "weekdays": [6, 7]}


def test_a_right_document_is_taken_as_it_is() -> None:
    document = tariff()
    assert checked_document(document) is document
    assert read_document(json.dumps(document)) == document


def test_a_text_that_is_not_json_says_where() -> None:
    with pytest.raises(TariffError, match="line 2, column 1: this is not JSON"):
        read_document("{\n")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"[\xff]", "byte 1: this is not text in UTF-8"), ("[" * 100_000, "lists inside lists without end")],
)
def test_what_cannot_be_read_is_refused(content: str | bytes, problem: str) -> None:
    with pytest.raises(TariffError, match=problem):
        read_document(content)


@pytest.mark.parametrize("document", [None, [], 3, "text", {}, {"schema": 2}])
def test_nothing_like_a_document_is_refused(document: Any) -> None:
    with pytest.raises(TariffError):
        checked_document(document)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"schema": 2}, "schema: received 2, expected 1."),
        ({"currency": "rupees"}, 'currency: received "rupees", expected an ISO 4217 code such as INR.'),
        ({"currency": "INX"}, "currency: received “INX”, expected an ISO 4217 code in use, such as INR or EUR."),
        ({"valid_from": "1.4.2020"}, 'valid_from: received "1.4.2020", expected a date as YYYY-MM-DD'),
        (
            {"valid_to": "2019-12-31"},
            "valid_to: received 2019-12-31, expected a day on or after valid_from, 2020-01-01.",
        ),
        ({"status": "perhaps"}, 'status: received "perhaps", expected one of confirmed, example.'),
        ({"sources": []}, "sources: received [], expected at least 1 of them."),
        ({"colour": "red"}, "document: received “colour”, expected only "),
        ({"charges": [ENERGY | {"prices": {"all": -1}}]}, "charges[0].prices.all: received -1, expected 0 or more."),
        ({"charges": [ENERGY | {"price": 1}]}, "charges[0]: received “price”, expected only "),
        ({"charges": [ENERGY | {"prices": {"night": 1}}]}, "charges[0].prices: received “night”, expected one of all."),
        ({"charges": [ENERGY, ENERGY]}, "charges: received the id “energy” 2 times, expected each id once."),
        ({"charges": [{"kind": "energy", "id": "energy"}]}, "charges[0]: received nothing for “title”"),
        ({"seasons": [{"name": "summer", "from": "04-01", "to": "10-31"}]}, "seasons: received no season for 01-01"),
        (
            {"seasons": [{"name": "a", "from": "01-01", "to": "12-31"}, {"name": "b", "from": "07-01", "to": "07-31"}]},
            "seasons: received 2 seasons (a, b) for 07-01, expected one for each day of the year.",
        ),
        ({"day_types": [WORKING]}, "day_types: received no day type for weekday 6"),
        ({"day_types": [WORKING, REST], "holidays": ["01-26"]}, "day_types: received 0 types with “holidays”"),
        (
            {"periods": [{"name": "day", "when": [{"from": "06:00", "to": "22:00"}]}]},
            "periods: received no period for 00:00 to 01:00 (all, all), expected one; add the hour to one",
        ),
        (
            {
                "periods": [
                    {"name": "day", "when": [{"from": "06:00", "to": "23:00"}]},
                    {"name": "night", "when": [{"from": "22:00", "to": "06:00"}]},
                ]
            },
            "periods: received the periods day and night for 22:00 to 23:00 (all, all), expected one",
        ),
        (
            {"periods": [{"name": "day", "when": [{"from": "06:30"}]}]},
            'periods[0].when[0].from: received "06:30", expected a whole hour',
        ),
        ({"valid_from": "2026-04-31"}, "valid_from: received 2026-04-31, expected a day of the calendar."),
        ({"valid_to": "2026-02-29"}, "valid_to: received 2026-02-29, expected a day of the calendar."),
        ({"valid_to": "0001-01-01"}, 'valid_to: received "0001-01-01", expected a date as YYYY-MM-DD, or'),
        ({"holidays": ["02-30"]}, "holidays[0]: received 02-30, expected a day of the calendar."),
        (
            {"charges": [ENERGY | {"prices": {"all": float("nan")}}]},
            "charges[0].prices.all: received nan, expected a number.",
        ),
        (
            {"charges": [ENERGY | {"prices": {"all": 1e300}}]},
            "charges[0].prices.all: received 1e+300, expected 1000000 or",
        ),
        ({"periods": [{"name": "day"}]}, "periods[0]: expected either “when” or “otherwise”"),
        (
            {"periods": [{"name": "day", "when": [{"seasons": ["rain"]}]}, {"name": "night", "otherwise": True}]},
            "periods[0].when.seasons: received “rain”, expected one of all.",
        ),
    ],
)
def test_each_problem_names_place_received_and_expected(values: dict[str, Any], problem: str) -> None:
    assert any(each.startswith(problem) for each in document_problems(tariff(**values))), document_problems(
        tariff(**values)
    )


@pytest.mark.parametrize(
    ("charge", "problem"),
    [
        (power_factor_clause(slabs("whole", (0.9, 0.9, 1))), "charges[1].rule.slabs[0]: received 0.9 twice"),
        (
            power_factor_clause({"form": "table", "rows": [{"at_least": 0.9, "percent": 0}]}),
            "charges[1].rule.rows: received at_least 0.9",
        ),
        (
            power_factor_clause({"form": "guess"}),
            'charges[1].rule.form: received "guess", expected one of slabs, table, factor.',
        ),
        (power_factor_clause({"form": "factor"}), "charges[1].rule: received nothing for “target”"),
        (
            power_factor_clause(slabs("whole", (0.9, 0.8, 1)), base=["pf"]),
            "charges[1].base: received “pf”, expected one of energy.",
        ),
        (
            {"kind": "demand", "id": "d", "title": "D", "unit": "max", "window_min": 15, "price": 1},
            "charges[1].k: expected with the unit max",
        ),
        (
            {"kind": "demand", "id": "d", "title": "D", "unit": "kW", "window_min": 20, "price": 1},
            "charges[1].window_min: received 20, expected one of 15, 30, 60.",
        ),
        ({"kind": "magic", "id": "m"}, 'charges[1].kind: received "magic", expected one of energy'),
    ],
)
def test_a_clause_that_cannot_be_is_refused(charge: dict[str, Any], problem: str) -> None:
    assert any(each.startswith(problem) for each in document_problems(tariff(charge))), document_problems(
        tariff(charge)
    )


@pytest.mark.parametrize("kind", charge_kinds(), ids=lambda kind: kind["properties"]["kind"]["const"])
def test_each_example_comes_to_what_is_said_beside_it(kind: dict[str, Any]) -> None:
    charge, worked = kind["examples"][0], kind["x-worked"]
    names = list(worked["periods"])
    hours = [f"{24 * number // len(names):02}:00" for number in range(len(names) + 1)]
    document = tariff() | {"charges": [charge]}
    if names != ["all"]:
        slots = zip(names, pairwise(hours), strict=True)
        periods = [{"name": name, "when": [{"from": start, "to": end}]} for name, (start, end) in slots]
        document["periods"] = [*periods[:-1], {"name": names[-1], "otherwise": True}]
    if "base" in charge:
        document["charges"] = [ENERGY | {"prices": {"all": worked["base_price"]}}, charge]
    given = {"title": "Example", "source": "schema", "month": "2026-03", "periods": worked["periods"]}
    found = worked_result(checked_document(document), given | {"contract": worked.get("contract", {})})
    assert str(found.amount(charge["id"])) == worked["amount"]


def test_each_part_of_the_schema_has_an_example_that_is_right() -> None:
    charges = [part["examples"][0] for part in schema()["$defs"].values() if "kind" in part.get("properties", {})]
    assert len(charges) == 7
    periods = [
        {"name": name, "when": [{"from": start, "to": end}]}
        for name, start, end in [
            ("peak", "18:00", "22:00"),
            ("off-peak", "22:00", "06:00"),
            ("P1", "06:00", "08:00"),
            ("P2", "08:00", "10:00"),
            ("day", "10:00", "18:00"),
        ]
    ]
    charges[0]["prices"] = {each["name"]: 1 for each in periods}
    assert document_problems(tariff() | {"charges": charges, "periods": periods}) == []
