"""Bills worked by hand beside each tariff: what goes in, which lines have to come out, and whether they do."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from losses.tariffs.bill_lines import Bill, SupplyContract
from losses.tariffs.metered_hours import HOURLY_ENERGIES, IntArray, MeteredHours, month_hours_s
from losses.tariffs.tariff_bill import WrongMonth, bill
from losses.tariffs.tariff_document import Document, TariffError, error_sentences, read_json, unknown_numbers
from losses.tariffs.time_of_use import period_names, period_of_hours

SCHEMA_PATH = Path(__file__).with_name("worked_bills_schema.json")
PRESETS = Path(__file__).with_name("presets")
QUADRANTS = {"lagging": "reactive_q1_kvarh", "leading": "reactive_q4_kvarh"}


@cache
def worked_schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA_PATH.read_text())
    return loaded


def worked_path(tariff: Path) -> Path:
    """Where the worked bills of a tariff's file are: ``kerala.json`` → ``kerala.bills.json``."""
    return tariff.with_suffix(".bills.json")


def preset_paths() -> list[Path]:
    """The tariffs that come with the project."""
    return sorted(path for path in PRESETS.glob("*.json") if not path.name.endswith(".bills.json"))


def checked_worked_bills(content: str | bytes) -> list[Document]:
    """The bills of a worked file. Raises TariffError."""
    loaded = read_json(content)
    if problems := _form_problems(loaded):
        raise TariffError(problems)
    bills: list[Document] = loaded["bills"]
    return bills


def worked_problems(document: Document, worked: Any) -> list[str]:
    """What is wrong with worked bills of a checked document, be it their form or an amount that we don't agree with."""
    if not worked:
        return []
    if problems := _form_problems({"schema": 1, "bills": worked}):
        return problems
    try:
        return [problem for each in worked for problem in differences(document, each)]
    except (TariffError, WrongMonth) as error:
        return [str(error)]


def _form_problems(loaded: Any) -> list[str]:
    from jsonschema import Draft202012Validator  # as in ``tariff_document``

    if problems := list(unknown_numbers(loaded)):
        return problems
    return error_sentences(Draft202012Validator(worked_schema()).iter_errors(loaded))


def worked_result(document: Document, worked: Document) -> Bill:
    """Our bill of what a worked bill says went in: its energies, spread evenly over the hours of each period."""
    month, zone = date.fromisoformat(f"{worked['month']}-01"), _zone(worked)
    unknown = sorted(set(worked["periods"]) - set(period_names(document)))
    if unknown:
        known = ", ".join(period_names(document))
        raise TariffError([f"{worked['title']}: received the periods {', '.join(unknown)}, expected {known}."])
    return bill(document, even_hours(document, month, zone, worked["periods"]), month, _contract(worked))


def _zone(worked: Document) -> ZoneInfo:
    name = worked.get("time_zone", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TariffError(
            [f"{worked['title']}: received the time zone “{name}”, expected a name such as Asia/Kolkata."]
        ) from error


def differences(document: Document, worked: Document) -> Iterator[str]:
    """Lines of a worked bill that we don't agree with, as sentences."""
    ours = worked_result(document, worked)
    found = {line.id: line.amount for line in ours.lines}
    for name, amount in worked["expect"].items():
        mine = ours.total if name == "total" else found.get(name)
        if mine is None:
            yield f"{worked['title']}: received no line “{name}”, expected one of {', '.join(found)}."
        elif mine != Decimal(amount):
            yield f"{worked['title']}, {name}: worked by hand {amount}, by this program {mine}."


def even_hours(
    document: Document, month: date, zone: ZoneInfo, periods: Mapping[str, Mapping[str, float]]
) -> MeteredHours:
    """A month whose periods have the given energies, the same in every hour; a period that is not given draws nothing.

    Of each period: kwh, and kvarh_lagging and kvarh_leading or a power_factor (lagging, or leading where
    ``is_leading``); demand_kw and demand_kva, else the mean of the hours.
    """
    at_s = month_hours_s(month, zone)
    period = period_of_hours(document, at_s, zone)
    hours = _nothing(at_s, zone)
    for name, given in periods.items():
        chosen = period == period_names(document).index(name)
        count = max(int(np.sum(chosen)), 1)
        hours.energy_import_kwh[chosen] = given["kwh"] / count
        for direction, kvarh in _reactive(given).items():
            getattr(hours, QUADRANTS[direction])[chosen] = kvarh / count
        net = hours.reactive_q1_kvarh - hours.reactive_q4_kvarh
        hours.apparent_kvah[chosen] = np.hypot(hours.energy_import_kwh, net)[chosen]
        hours.max_demand_kw[chosen] = given.get("demand_kw", given["kwh"] / count)
        hours.max_demand_kva[chosen] = given.get("demand_kva", hours.apparent_kvah[chosen].max(initial=0.0))
    return hours


def _reactive(given: Mapping[str, float]) -> dict[str, float]:
    if "power_factor" in given:
        kvarh = given["kwh"] * math.tan(math.acos(given["power_factor"]))
        return {"leading" if given.get("is_leading") else "lagging": kvarh}
    return {"lagging": given.get("kvarh_lagging", 0.0), "leading": given.get("kvarh_leading", 0.0)}


def _nothing(at_s: IntArray, zone: ZoneInfo) -> MeteredHours:
    names = (*HOURLY_ENERGIES, "max_demand_kw", "max_demand_kva")
    return MeteredHours.of_columns(zone, at_s, {name: np.zeros(len(at_s)) for name in names})


def _contract(worked: Document) -> SupplyContract:
    given = worked.get("contract", {})
    sizes = {
        name: Decimal(str(given[name])) for name in ("contract_kva", "contract_kw", "installed_kva") if name in given
    }
    past = {name: [Decimal(str(each)) for each in values] for name, values in given.get("past_demands", {}).items()}
    return SupplyContract(**sizes, past_demands=past, forgiven_used=given.get("forgiven_used", {}))
