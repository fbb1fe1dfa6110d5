"""The time of day of each row: in a column of its own, by a numbered interval, or in the date's text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.exports import moments
from ingestion.exports.answers import ExportAnswers, ExportQuestion
from ingestion.exports.moments import DateText
from ingestion.exports.shapes import Shaped

_HALF_HOURS = re.compile(r"(?i)settlement|half|^sp$|^hh$")


def seconds_of_day(
    shape: Shaped, dates: Sequence[DateText | None], answers: ExportAnswers
) -> tuple[list[float | None], list[ExportQuestion]]:
    """The time of day of each row: of a column of its own, of a numbered interval, or of the date's text."""
    if shape.clocks is not None:
        plain = [re.sub(r"\s*(Z|UTC|[+-]\d{2}:?\d{2})$", "", text) for text in shape.clocks]
        return [moments.read_clock(text) if text else None for text in plain], []
    if shape.blocks is not None:
        return _of_blocks(shape, answers)
    some = any(d is not None and d.clock_s is not None for d in dates)
    bare = sum(1 for d in dates if d is not None and d.clock_s is None)
    if not some and len({d.parts for d in dates if d}) < bare:
        text = f"“{shape.stamp_header}” holds dates without a time of day. Which column tells the time?"
        return [None] * len(dates), [ExportQuestion("time", text, shape.stamp_header)]
    # Spreadsheets leave midnight out; many bare dates of one day are totals, not readings.
    return [None if d is None else d.clock_s or 0.0 for d in dates], []


def _of_blocks(shape: Shaped, answers: ExportAnswers) -> tuple[list[float | None], list[ExportQuestion]]:
    numbers = [int(m[0]) if (m := re.search(r"\d+", text)) else None for text in shape.blocks or []]
    ranged = [re.match(r"(\d{1,2}:\d{2})\s*-", text) for text in shape.blocks or []]
    if all(ranged) and ranged:
        return [moments.read_clock(m[1]) if m else None for m in ranged], []
    known = [n for n in numbers if n is not None]
    top, low = max(known, default=0), min(known, default=1)
    interval, questions = answers.interval_s or shape.interval_s, []
    if not interval:
        interval, sure = _block_interval(top, shape.block_name)
        if not sure:
            text = f"How long is an interval of “{shape.block_name}”? The numbers reach {top}."
            questions = [ExportQuestion("interval", text, shape.block_name, ("900", "1800", "3600"))]
    first = 0 if low == 0 else 1
    return [None if n is None else float((n - first) * interval) for n in numbers], questions


def _block_interval(top: int, name: str) -> tuple[int, bool]:
    if _HALF_HOURS.search(name) and top <= 50:
        return 1800, True
    if re.search(r"(?i)hour|stunde|heure|hora", name) and top <= 25:
        return 3600, True
    if 90 <= top <= 100:
        return 900, True
    if 46 <= top <= 50:
        return 1800, True
    if 23 <= top <= 25:
        return 3600, False
    return 900, 50 < top < 90
