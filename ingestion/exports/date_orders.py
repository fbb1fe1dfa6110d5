"""The order of day, month and year: by the whole file, its header, its language and the substation's history."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ingestion.exports import moments
from ingestion.exports.answers import ExportAnswers, ExportQuestion
from ingestion.exports.file_clock import Clock
from ingestion.exports.moments import DateText
from ingestion.exports.shapes import Shaped

# CERC (India) counts 96 blocks of 15 minutes, the UK 48 settlement periods of 30.
# chosen: a daily, weekly or late export begins this near to the newest reading; a wrong order is a month away.
FOLLOWS_WITHIN_DAYS = 7


def date_order(
    known: Sequence[DateText], shape: Shaped, answers: ExportAnswers, clock: Clock
) -> tuple[str, list[ExportQuestion]]:
    if sum(d.year_parts[0] for d in known) * 2 > len(known):
        return "ymd", []  # four digits first leave nothing open, whatever was said of the order
    if answers.date_order:
        return answers.date_order, []
    orders = moments.possible_orders(known, clock.now, comma_language=clock.comma_language or clock.decimal == ",") or [
        "ymd" if any(d.year_parts[0] for d in known) else "dmy"
    ]
    hint = _order_in_header(shape.stamp_header) or _order_in_header(shape.stamp_unit)
    if hint in orders:
        return hint, []
    orders = moments.by_steps(known, orders)
    # German words over numbers with decimal points: the program writes in the manner of its own country.
    if len(orders) > 1 and clock.comma_language and clock.decimal == "," and "mdy" in orders:
        orders = [each for each in orders if each != "mdy"]
    if len({moments.in_order(d.parts, each) for d in known if d.parts for each in orders}) == len(
        {d.parts for d in known}
    ):
        return orders[0], []
    if len(orders) > 1:
        orders = _following(known, orders, shape, answers, clock)
    if len(orders) == 1:
        return orders[0], []
    shown = next((s for s in shape.stamps or [] if s), "")
    named = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
    text = f"Is “{shown}” written {' or '.join(named[each] for each in orders)}? Every date of the file fits both."
    return orders[0], [ExportQuestion("date_order", text, shape.stamp_header, tuple(orders))]


def _following(
    known: Sequence[DateText], orders: Sequence[str], shape: Shaped, answers: ExportAnswers, clock: Clock
) -> list[str]:
    """The orders under which the file follows on the newest reading of its substation, if some do and others do not."""
    names = {answers.substation} if answers.substation else set(shape.stations or (clock.station,))
    newest = [r.newest for name in names if (r := clock.known(name)) is not None and r.newest is not None]
    if not newest:
        return list(orders)
    before = max(newest).astype("datetime64[D]")
    distance = {}
    for order in orders:
        days = [np.datetime64(day, "D") for d in known if d.parts and (day := moments.in_order(d.parts, order))]
        distance[order] = abs((min(days) - before).astype(int)) if days else 10_000
    near = [order for order in orders if distance[order] <= FOLLOWS_WITHIN_DAYS]
    far = [order for order in orders if distance[order] > 4 * FOLLOWS_WITHIN_DAYS]
    return near if len(near) == 1 and len(near) + len(far) == len(orders) else list(orders)


def _order_in_header(header: str) -> str:
    match = re.search(r"(?i)\b([dmyjat]{2,4})[-/. ]?([dmyjat]{2,4})[-/. ]?([yjat]{2,4}|d{1,2})\b", header)
    letters = "".join(part[0].lower() for part in match.groups()) if match else ""
    return {
        "dmy": "dmy",
        "mdy": "mdy",
        "ymd": "ymd",
        "tmj": "dmy",
        "jmt": "ymd",
        "jma": "dmy",
        "dma": "dmy",
        "mda": "mdy",
        "amd": "ymd",
    }.get(letters, "")
