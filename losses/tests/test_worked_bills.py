"""Every tariff that comes along agrees with the bills that were worked by hand beside it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from losses.tariffs.currencies import money
from losses.tariffs.tariff_document import TariffError, read_document
from losses.tariffs.worked_bills import checked_worked_bills, differences, preset_paths, worked_path

PRESETS = preset_paths()


def test_the_presets_are_there() -> None:
    assert len(PRESETS) == 16
    assert all(worked_path(path).is_file() for path in PRESETS)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_agrees_with_its_worked_bills(path: Path) -> None:
    document = read_document(path.read_text())
    worked = checked_worked_bills(worked_path(path).read_text())
    assert [each for bill in worked for each in differences(document, bill)] == []


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_confirmed_preset_has_two_sources(path: Path) -> None:
    document = read_document(path.read_text())
    if document["status"] == "confirmed":
        assert len({source.get("url") for source in document["sources"] if "url" in source}) >= 2
    assert document["note"]


def test_a_wrong_amount_and_a_line_that_is_not_there_are_said() -> None:
    path = PRESETS[[each.stem for each in PRESETS].index("malaysia")]
    worked = checked_worked_bills(worked_path(path).read_text())[0] | {"expect": {"pf": "1.00", "surcharge": "1.00"}}
    assert list(differences(read_document(path.read_text()), worked)) == [
        "0.80: RM 150, pf: worked by hand 1.00, by this program 150.00.",
        "0.80: RM 150: received no line “surcharge”, expected one of energy, pf.",
    ]


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"schema": 1, "bills": []}), json.dumps({"schema": 1})])
def test_a_file_without_bills_is_refused(text: str) -> None:
    with pytest.raises(TariffError):
        checked_worked_bills(text)


def test_a_period_that_is_not_there_is_refused() -> None:
    path = PRESETS[0]
    worked = checked_worked_bills(worked_path(path).read_text())[0] | {"periods": {"noon": {"kwh": 1}}}
    with pytest.raises(TariffError, match="received the periods noon, expected"):
        list(differences(read_document(path.read_text()), worked))


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1234567.805", "INR", "₹ 12,34,567.81"),
        ("-1234567.8", "EUR", "−€ 1,234,567.80"),
        ("12", "CHF", "CHF 12.00"),
        ("123", "INR", "₹ 123.00"),
    ],
)
def test_money_is_written_as_its_country_does(amount: str, currency: str, shown: str) -> None:
    assert money(Decimal(amount), currency) == shown.replace(" ", "\N{NO-BREAK SPACE}")
