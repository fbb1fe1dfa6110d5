"""Names inside a tariff document that have to be there, and sizes that have to go together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from losses.tariffs.time_of_use import period_names

Document = dict[str, Any]


def reference_problems(document: Document) -> Iterator[str]:
    ids = [each["id"] for each in [*document["charges"], *document.get("taxes", [])]]
    for name, count in Counter(ids).items():
        if count > 1:
            yield f"charges: received the id “{name}” {count} times, expected each id once."
    periods = period_names(document)
    for number, charge in enumerate(document["charges"]):
        place = f"charges[{number}]"
        yield from _unknown(f"{place}.periods", charge.get("periods", []), periods)
        yield from _unknown(f"{place}.base", charge.get("base", []), ids[:number])
        yield from _of_kind(place, charge, periods)
    start = len(document["charges"])
    for number, tax in enumerate(document.get("taxes", [])):
        yield from _unknown(f"taxes[{number}].on", tax.get("on", []), ids[: start + number])


def _unknown(place: str, names: Iterable[str], known: list[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{place}: received “{name}”, expected one of {', '.join(known) or 'the charges before it: none'}."


def _of_kind(place: str, charge: Document, periods: list[str]) -> Iterator[str]:
    match charge["kind"]:
        case "energy":
            yield from _prices(f"{place}.prices", charge["prices"], periods)
            if "quantities" in charge and charge["unit"] == "kWh":
                yield f"{place}.quantities: received “{charge['quantities']}”, expected none with the unit kWh."
        case "demand":
            if (charge["unit"] == "max") != ("k" in charge):
                yield f"{place}.k: expected with the unit max and with no other; the unit is {charge['unit']}."
        case "reactive_energy":
            yield from _descending(f"{place}.prices", charge["prices"])
        case "power_factor":
            yield from _rule(f"{place}.rule", charge["rule"])


def _prices(place: str, prices: Document, periods: list[str]) -> Iterator[str]:
    yield from _unknown(place, prices, periods)
    for name in periods:
        if name not in prices:
            yield f"{place}: received no price for “{name}”, expected one for each period ({', '.join(periods)})."


def _rule(place: str, rule: Document) -> Iterator[str]:
    if rule["form"] == "table":
        yield from _descending(f"{place}.rows", rule["rows"])
    for number, slab in enumerate(rule.get("slabs", [])):
        if slab["from"] == slab["to"]:
            yield f"{place}.slabs[{number}]: received {slab['from']} twice, expected a slab from one value to another."


def _descending(place: str, rows: list[Document]) -> Iterator[str]:
    values = [row["at_least"] for row in rows]
    if values != sorted(set(values), reverse=True) or values[-1] != 0:
        shown = ", ".join(map(str, values))
        yield f"{place}: received at_least {shown}, expected falling values that end with 0, so that none is left out."
