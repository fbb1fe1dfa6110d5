"""Text cells of CSV files that no spreadsheet runs as a formula, and the way back. Pure.

A spreadsheet runs a cell that begins with one of a few characters. A quote before it keeps it text; text that looks
quoted already gets one more, so that reading takes off exactly what writing put on. Numbers are written as numbers.
"""

from __future__ import annotations

from typing import overload

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@overload
def guarded(value: str) -> str: ...
@overload
def guarded(value: object) -> object: ...
def guarded(value: object) -> object:
    """Text that would run as a formula with a quote before it; everything else as it is."""
    return f"'{value}" if isinstance(value, str) and _runs(value) else value


@overload
def unguarded(value: str) -> str: ...
@overload
def unguarded(value: object) -> object: ...
def unguarded(value: object) -> object:
    """What ``guarded`` was given."""
    return value[1:] if isinstance(value, str) and value.startswith("'") and _runs(value[1:]) else value


def _runs(text: str) -> bool:
    return text.lstrip("'").startswith(FORMULA_STARTS)
