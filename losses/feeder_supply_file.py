"""Days of feeder supplies from a CSV file: ``feeder,day,supplied_kwh``; all rows or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from core.spreadsheets import unguarded
from losses.feeder_models import MAX_SUPPLIED_KWH, FeederSupply
from substations.models import Link

COLUMNS = ("feeder", "day", "supplied_kwh")
MAX_BYTES = 5_000_000
"""Chosen: a hundred feeders for ten years."""

MAX_PROBLEMS = 10
"""Chosen: what somebody reads before mending the file."""


@transaction.atomic
def store_supplies(content: bytes) -> int:
    """Store a file's rows; a day that is there is replaced. How many there were.

    Raises ValidationError with the first problems, each with its line, what was received and what was expected.
    """
    rows = list(_rows(content))
    problems = [each for each in rows if isinstance(each, str)]
    if problems or not rows:
        raise ValidationError(problems[:MAX_PROBLEMS] or [_("The file has no row below its head.")])
    found = {(row.link_id, row.day): row for row in rows if isinstance(row, FeederSupply)}
    FeederSupply.objects.bulk_create(
        found.values(), update_conflicts=True, unique_fields=["link", "day"], update_fields=["supplied_kwh"]
    )
    return len(found)


def _rows(content: bytes) -> Iterator[FeederSupply | str]:
    """Each row as it would be stored, or the sentence that says why not."""
    if len(content) > MAX_BYTES:
        yield _("Received %(got)d bytes; expected at most %(most)d.") % {"got": len(content), "most": MAX_BYTES}
        return
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        head = tuple(lines.fieldnames or ())
        if head != COLUMNS:
            yield _("Received the head “%(got)s”; expected %(want)s.") % {
                "got": ",".join(head)[:80],
                "want": ",".join(COLUMNS),
            }
            return
        feeders = {link.target.code: link for link in Link.objects.filter(source=None).select_related("target")}
        for row in lines:
            yield _row(lines.line_num, row, feeders)
    except (UnicodeDecodeError, csv.Error) as error:
        yield _("The file is no CSV in UTF-8: %(error)s.") % {"error": error}


def _row(number: int, row: dict[str, str | None], feeders: dict[str, Link]) -> FeederSupply | str:
    code = unguarded((row["feeder"] or "").strip())
    if code not in feeders:
        expected = _("the code of a substation that the grid supply feeds: %(codes)s") % {
            "codes": ", ".join(sorted(feeders)[:5]) or "–"
        }
        return _problem(number, "feeder", code, expected)
    day = _day(row["day"])
    if day is None:
        return _problem(number, "day", row["day"], _("a day like 2026-03-01"))
    kwh = _number(row["supplied_kwh"])
    if kwh is None:
        return _problem(number, "supplied_kwh", row["supplied_kwh"], _("a number from 0 to 1e9, with a decimal point"))
    return FeederSupply(link=feeders[code], day=day, supplied_kwh=kwh)


def _problem(number: int, column: str, received: str | None, expected: str) -> str:
    return _("Line %(number)d, %(column)s: received “%(received)s”; expected %(expected)s.") % {
        "number": number,
        "column": column,
        "received": (received or "")[:40],
        "expected": expected,
    }


def _day(text: str | None) -> date | None:
    try:
        return datetime.strptime((text or "").strip(), "%Y-%m-%d").date()  # noqa: DTZ007  (a day of every clock)
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value <= MAX_SUPPLIED_KWH else None
