"""The three lines of a stored month in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from losses.bill_sentences import ASSUMPTIONS, THREE_LINES
from losses.month_cost_models import MonthCost


def shown_inputs(inputs: Mapping[str, str | float]) -> dict[str, str]:
    """Inputs as they are read: digits in groups, without the zeros behind."""
    return {name: _shown_number(value) for name, value in inputs.items()}


def _shown_number(value: str | float) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    whole = round(number, 6).normalize()
    return f"{whole:,f}".replace("-", "−")


def three_line_texts(cost: MonthCost) -> list[dict[str, Any]]:
    """The stored lines with their words and amounts, as ``losses/_three.html`` shows them."""
    return [
        {
            **line,
            "inputs": shown_inputs(line["inputs"]),
            "title": THREE_LINES[line["code"]],
            "amount_text": None if line["amount"] is None else cost.written(line["amount"]),
            "assumption_texts": [ASSUMPTIONS[code] for code in line["assumptions"]],
        }
        for line in cost.lines
    ]
