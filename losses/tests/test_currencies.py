"""How amounts are written: the currency's symbol, its decimals and its groups of digits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.tariffs.bill_lines import decimals_of
from losses.tariffs.currencies import CURRENCIES, MINOR_UNITS, SYMBOLS, minor_units, money

from .tariff_documents import tariff

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234567.8", "INR", f"₹{SPACE}12,34,567.80"),
        ("1234567.8", "NPR", f"NPR{SPACE}12,34,567.80"),
        ("1234567.8", "EUR", f"€{SPACE}1,234,567.80"),
        ("1234567.8", "KRW", f"₩{SPACE}1,234,568"),
        ("1234567.8", "KWD", f"KWD{SPACE}1,234,567.800"),
        ("-0.005", "USD", "−$ 0.01".replace(" ", SPACE)),
        ("-0.004", "USD", "$ 0.00".replace(" ", SPACE)),
        ("999.995", "GBP", f"£{SPACE}1,000.00"),
    ],
)
def test_an_amount_is_written_as_its_currency_is(amount: str, currency: str, text: str) -> None:
    assert money(Decimal(amount), currency) == text


def test_a_tariff_without_decimals_rounds_as_its_currency_does() -> None:
    assert [decimals_of(tariff(currency=code)) for code in ("INR", "JPY", "KWD")] == [2, 0, 3]
    assert decimals_of(tariff(currency="JPY", decimals=2)) == 2
    assert money(Decimal("5"), "JPY", 2) == f"JP¥{SPACE}5.00"


@given(st.decimals(-(10**12), 10**12, places=4), st.sampled_from(sorted(CURRENCIES)))
def test_nothing_but_separators_is_added(amount: Decimal, currency: str) -> None:
    symbol, _, digits = money(amount, currency).partition(SPACE)
    sign = "-" if symbol.startswith("−") else ""
    read = Decimal(sign + digits.replace(",", ""))
    assert abs(read - amount) <= Decimal(1).scaleb(-minor_units(currency)) / 2
    assert len(digits.partition(".")[2]) == minor_units(currency)


def test_the_tables_name_currencies_in_use() -> None:
    assert {*MINOR_UNITS, *SYMBOLS} <= CURRENCIES
