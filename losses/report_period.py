"""The months of a report, read from a URL in one place: ``?months=12`` or ``?from=2026-01&to=2026-03``. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PRESETS = {
    "1": gettext_lazy("Newest month"),
    "last": gettext_lazy("Month before"),
    "3": gettext_lazy("3 months"),
    "12": gettext_lazy("12 months"),
}
MAX_MONTHS = 120
"""Chosen: ten years on one page."""


class WrongPeriod(ValueError):
    """A part of the URL is no period; the text says what was received and what was expected."""


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """Whole months, ended early by the newest day that is known: ``first <= day <= last``.

    ``preset`` is empty where months were named; with an ``error`` the newest month stands in.
    """

    first: date
    last: date
    preset: str = ""
    error: str = ""

    @classmethod
    def parse(cls, query: Mapping[str, str], newest: date) -> ReportPeriod:
        """What a URL says. Presets reach back from ``newest``, the newest day of which anything is known."""
        try:
            return _read(query, newest)
        except WrongPeriod as error:
            return cls(month_of(newest), newest, "1", str(error))

    @property
    def months(self) -> list[date]:
        """The first day of each month."""
        count = _months_between(self.first, self.last) + 1
        return [shifted(self.first, number) for number in range(count)]

    @property
    def hours(self) -> float:
        """About: a day with a change of clocks counts as any other."""
        return 24.0 * ((self.last - self.first).days + 1)

    @property
    def is_partial(self) -> bool:
        """Whether the last month is not over by the newest day."""
        return self.last < _end_of(self.last)

    def before(self) -> ReportPeriod:
        """As many months before, ended on the same day of the month where this period was ended early."""
        count = len(self.months)
        end = shifted(month_of(self.last), -count)
        last = end.replace(day=min(self.last.day, _end_of(end).day)) if self.is_partial else _end_of(end)
        return ReportPeriod(shifted(self.first, -count), last)

    @property
    def query(self) -> str:
        if self.preset:
            return urlencode({"months": self.preset})
        return urlencode({"from": f"{self.first:%Y-%m}", "to": f"{self.last:%Y-%m}"})

    @property
    def presets(self) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, label in PRESETS.items()]


def month_of(day: date) -> date:
    return day.replace(day=1)


def shifted(month: date, count: int) -> date:
    """The first day of the month so many months later."""
    year, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, index + 1, 1)


def _end_of(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _read(query: Mapping[str, str], newest: date) -> ReportPeriod:
    texts = [query.get(name, "").strip() for name in ("from", "to")]
    if any(texts):
        first, last = (_month(text, newest) for text in texts)
        if last < first:
            raise WrongPeriod(
                _("The period begins in %(first)s and ends before that, in %(last)s. Exchange the two.")
                % {"first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}
            )
        if _months_between(first, last) >= MAX_MONTHS:
            raise WrongPeriod(
                _("Received a period of more than %(most)d months; expected a shorter one.") % {"most": MAX_MONTHS}
            )
        return ReportPeriod(first, max(first, min(_end_of(last), newest)) if first <= newest else _end_of(last))
    preset = query.get("months", "").strip() or "1"
    if preset not in PRESETS:
        raise WrongPeriod(
            _("“%(received)s” is no period; expected %(expected)s, or “from” and “to” as 2026-01.")
            % {"received": preset[:40], "expected": ", ".join(PRESETS)}
        )
    if preset == "last":
        end = month_of(newest) - timedelta(days=1)
        return ReportPeriod(month_of(end), end, preset)
    return ReportPeriod(shifted(month_of(newest), 1 - int(preset)), newest, preset)


def _month(text: str, newest: date) -> date:
    if not text:
        return month_of(newest)
    try:
        year, month = (int(part) for part in text.split("-"))
        found = date(year, month, 1)
    except ValueError:
        found = date.min
    # What a database of any kind holds, and a year before and after can be told of.
    if not 1970 <= found.year <= 2199:
        raise WrongPeriod(_("Received “%(text)s” as a month; expected it like 2026-01.") % {"text": text[:40]})
    return found
