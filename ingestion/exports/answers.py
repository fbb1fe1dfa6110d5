"""What a person says about an export ahead of reading it, and what the reading still asks."""

from __future__ import annotations

import json
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SIGNS = ("lagging_positive", "leading_positive", "generator")
TURNED = ("leading_positive", "generator")  # the sign of the column is turned round
CONVENTIONS = ("iec", "ieee", "leading_over_one")
ENERGIES = ("per_interval", "register")
DATE_ORDERS = ("dmy", "mdy", "ymd")
DECIMAL_SIGNS = (".", ",")
# Questions with a best guess that a person may accept as it is shown; the others need an answer of their own.
ACCEPTABLE = ("unit", "sign", "mapping", "scale", "layout", "rejected_share", "power_factor_convention", "substation",
              "energy")  # fmt: skip


class AnswerError(ValueError):
    """An answer cannot be used; the message names it, what was received and what was expected."""


@dataclass(frozen=True, slots=True)
class ColumnAnswer:
    """One column as a person reads it: ``quantity`` "" leaves it out, None lets the file decide."""

    quantity: str | None = None
    unit: str = ""
    factor: float = 1.0
    sign: str = ""


@dataclass(frozen=True, slots=True)
class ExportAnswers:
    """Answers to what an export does not say itself; empty ones are not answered."""

    substation: str = ""
    time_zone: str = ""
    start: str = ""
    interval_s: int = 0
    header_line: int = 0
    columns: Mapping[str, ColumnAnswer] = field(default_factory=dict)
    convention: str = ""
    date_order: str = ""
    current_ratio: float = 0.0
    voltage_ratio: float = 0.0
    energy: str = ""
    sheet: str = ""
    decimal: str = ""
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportQuestion:
    """One thing that only a person can say."""

    about: str
    text: str
    column: str | None = None
    choices: tuple[str, ...] = ()


def _one_of(profile: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = profile.get(name) or ""
    if value and value not in allowed:
        raise AnswerError(f"{name} is {value!r}; expected one of {', '.join(allowed)}.")
    return str(value)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerError(f"{name} is {value!r}; expected a number.")
    return float(value)


def _column(header: str, said: object) -> ColumnAnswer:
    if not isinstance(said, Mapping):
        raise AnswerError(
            f'The column “{header}” is answered with {said!r}; expected an object such as {{"quantity": …}}.'
        )
    unknown = set(said) - {"quantity", "unit", "factor", "sign"}
    if unknown:
        raise AnswerError(f"“{header}” has the key {sorted(unknown)[0]!r}; expected quantity, unit, factor or sign.")
    quantity = ("" if said["quantity"] is None else str(said["quantity"])) if "quantity" in said else None
    sign = _one_of(said, "sign", SIGNS)
    return ColumnAnswer(
        quantity, str(said.get("unit") or ""), _number(said.get("factor", 1.0), f"factor of “{header}”"), sign
    )


def _check_zone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AnswerError(f"The time zone is “{name}”; expected a name such as Asia/Kolkata or UTC.") from error


_KEYS = {"time_zone", "columns", "header_line", "power_factor_convention", "date_order", "current_transformer_ratio",
         "voltage_transformer_ratio", "energy", "substation", "start", "interval_s", "sheet", "decimal",
         "accept"}  # fmt: skip


def answers_from(profile: object) -> ExportAnswers:
    """The answers of a profile's JSON object; raises AnswerError."""
    if not isinstance(profile, Mapping):
        raise AnswerError('The profile is no JSON object; expected for example {"time_zone": "Asia/Kolkata"}.')
    unknown = set(profile) - _KEYS
    if unknown:
        raise AnswerError(
            f"The profile has the key {sorted(unknown)[0]!r}; expected some of {', '.join(sorted(_KEYS))}."
        )
    _check_zone(str(profile.get("time_zone") or ""))
    columns = profile.get("columns") or {}
    if not isinstance(columns, Mapping):
        raise AnswerError('columns of the profile is no object; expected {"Header": {"quantity": …}}.')
    return ExportAnswers(
        substation=str(profile.get("substation") or ""),
        time_zone=str(profile.get("time_zone") or ""),
        start=str(profile.get("start") or ""),
        interval_s=int(_number(profile.get("interval_s") or 0, "interval_s")),
        header_line=int(_number(profile.get("header_line") or 0, "header_line")),
        columns={str(header): _column(str(header), said) for header, said in columns.items()},
        convention=_one_of(profile, "power_factor_convention", CONVENTIONS),
        date_order=_one_of(profile, "date_order", DATE_ORDERS),
        current_ratio=_number(profile.get("current_transformer_ratio") or 0, "current_transformer_ratio"),
        voltage_ratio=_number(profile.get("voltage_transformer_ratio") or 0, "voltage_transformer_ratio"),
        energy=_one_of(profile, "energy", ENERGIES),
        sheet=str(profile.get("sheet") or ""),
        decimal=_one_of(profile, "decimal", DECIMAL_SIGNS),
        accept=_accepted(profile.get("accept") or ()),
    )


def _accepted(said: object) -> tuple[str, ...]:
    if not isinstance(said, list | tuple) or not set(map(str, said)) <= set(ACCEPTABLE):
        raise AnswerError(f"accept is {said!r}; expected a list with some of {', '.join(ACCEPTABLE)}.")
    return tuple(map(str, said))


def read_profile(path: Path) -> dict[str, Any]:
    """The JSON object of a profile's file; raises AnswerError if it is none."""
    try:
        profile = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise AnswerError(f"The profile {path} cannot be read: {error}.") from error
    if not isinstance(profile, dict):
        raise AnswerError(
            f'The profile {path} is no JSON object; expected for example {{"time_zone": "Asia/Kolkata"}}.'
        )
    return profile
