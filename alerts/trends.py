"""The history in numbers: how many alerts and how much extra energy, by time, substation, cause and severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mlcore.models import Cause, Detection

from .models import Alert
from .querysets import AlertQuerySet

# chosen: what a reader takes in without scrolling.
MAX_ROWS = 8
MAX_DAYS = 42
"""Above this the columns are weeks, beginning on Monday."""

MAX_COLUMNS = 50
"""Above this the columns are four weeks each."""


@dataclass(frozen=True, slots=True)
class Part:
    """One row or column: ``url`` selects it, ``share`` is its size against the largest."""

    label: str
    url: str
    count: int
    loss_kwh: float
    share: float

    @property
    def bar(self) -> str:
        """The share in per cent, for SVG in any language."""
        return f"{100 * self.share:.1f}"

    @property
    def size(self) -> str:
        """The same for a column: one with alerts is seen, even where they cost nothing."""
        return f"{max(100 * self.share, 2):.1f}"

    @property
    def rest(self) -> str:
        """What is above the column."""
        return f"{100 - max(100 * self.share, 2):.1f}"


@dataclass(frozen=True, slots=True)
class Trend:
    """One small chart with its table. ``more``: how many further rows are not shown."""

    title: str
    parts: list[Part]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Trends:
    """``to_acknowledge``, ``to_close``: mean times from when the system noticed; None where no person did it."""

    count: int
    still_open: int
    loss_kwh: float
    to_acknowledge: timedelta | None
    to_close: timedelta | None
    over_time: Trend
    groups: list[Trend]


Row = tuple[str, Mapping[str, str], int, float]
"""Label, what selects it in the URL, number of alerts, energy in kWh."""


def read(found: AlertQuerySet, *, zone: tzinfo, query: QueryDict) -> Trends | None:
    """Trends of the alerts that filters and range select; None where there are none. Five queries.

    ``query`` is the URL's: the links of the parts keep what it says besides.
    """
    alerts = Alert.objects.filter(pk__in=found.order_by().values("pk"))
    whole = alerts.aggregate(
        count=Count("pk"),
        still_open=Count("pk", filter=Q(closed_at__isnull=True)),
        loss=Sum("loss_kwh"),
        first=Min("raised_at"),
        last=Max("raised_at"),
        to_acknowledge=_mean_time_to("acknowledged_at"),
        to_close=_mean_time_to("closed_at"),
    )
    if not whole["count"]:
        return None
    days = _days_of_a_column(whole["first"], whole["last"], zone)
    columns = _columns(alerts, whole["first"], whole["last"], zone, days)
    title = {1: _("By day"), 7: _("By week")}.get(days, _("By period"))
    return Trends(
        count=whole["count"],
        still_open=whole["still_open"],
        loss_kwh=whole["loss"] or 0.0,
        to_acknowledge=whole["to_acknowledge"],
        to_close=whole["to_close"],
        over_time=Trend(title, _parts(columns, query)),
        groups=[
            _trend(_("By cause"), _by_cause(alerts), query),
            _trend(_("By substation"), _by_substation(alerts), query),
            _trend(_("By severity"), _by_severity(alerts), query),
        ],
    )


def _mean_time_to(field: str) -> Avg:
    """Of alerts that people had to do with: what was over before anybody could see it says nothing about them."""
    seen = Q(acknowledged_at__isnull=False) & ~Q(closure=Alert.Closure.RETROSPECTIVE)
    took = ExpressionWrapper(F(field) - F("detected_at"), output_field=DurationField())
    return Avg(took, filter=seen, output_field=DurationField())


def _trend(title: str, rows: Sequence[Row], query: QueryDict) -> Trend:
    return Trend(title, _parts(rows[:MAX_ROWS], query), max(0, len(rows) - MAX_ROWS))


def _parts(rows: Sequence[Row], query: QueryDict) -> list[Part]:
    """Bars show the energy, or the number where no energy was lost (findings about meters)."""
    by_loss = any(loss > 0 for *_rest, loss in rows)
    sizes = [loss if by_loss else float(number) for *_rest, number, loss in rows]
    largest = max(sizes, default=0.0) or 1.0
    return [
        Part(label, _url(query, chosen), number, loss, max(size, 0.0) / largest)
        for (label, chosen, number, loss), size in zip(rows, sizes, strict=True)
    ]


def _url(query: QueryDict, chosen: Mapping[str, str]) -> str:
    kept = query.copy()
    replaced = ("range", "from", "to") if "from" in chosen else ()
    for name in ("page", "format", *replaced):
        kept.pop(name, None)
    for name, value in chosen.items():
        kept[name] = value
    return f"?{kept.urlencode()}"


def _grouped(alerts: AlertQuerySet, by: str) -> list[tuple[Any, int, float]]:
    """Value, number and energy, the costliest first."""
    rows = alerts.order_by().values_list(by).annotate(number=Count("pk"), loss=Sum("loss_kwh"))
    return [(value, number, loss or 0.0) for value, number, loss in rows.order_by(F("loss").desc(nulls_last=True), by)]


def _by_cause(alerts: AlertQuerySet) -> list[Row]:
    found = _grouped(alerts, "cause")
    return [(str(Cause(value).label), {"cause": value}, number, loss) for value, number, loss in found]


def _by_substation(alerts: AlertQuerySet) -> list[Row]:
    return [(code, {"substation": code}, number, loss) for code, number, loss in _grouped(alerts, "substation__code")]


def _by_severity(alerts: AlertQuerySet) -> list[Row]:
    """By the severity that is shown, as the filter understands it."""
    names = {Detection.Severity.CRITICAL: "critical", Detection.Severity.WARNING: "warning"}
    return [
        (str(Detection.Severity(value).label), {"severity": names[value]}, number, loss)
        for value, number, loss in _grouped(alerts.with_shown_severity(), "shown_severity")
    ]


def _days_of_a_column(first: datetime, last: datetime, zone: tzinfo) -> int:
    length = (last.astimezone(zone).date() - first.astimezone(zone).date()).days
    if length < MAX_DAYS:
        return 1
    return 7 if length < 7 * MAX_COLUMNS else 28 * (1 + length // (28 * MAX_COLUMNS))


def _columns(alerts: AlertQuerySet, first: datetime, last: datetime, zone: tzinfo, days: int) -> list[Row]:
    """Every column from the first alert to the last, those without alerts too."""
    start, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    if days > 1:
        start -= timedelta(days=start.weekday())
    length = (end - start).days // days + 1
    numbers, losses = [0] * length, [0.0] * length
    rows = alerts.order_by().annotate(day=TruncDate("raised_at", tzinfo=zone)).values_list("day")
    for day, number, loss in rows.annotate(number=Count("pk"), loss=Sum("loss_kwh")):
        at = (day - start).days // days
        numbers[at] += number
        losses[at] += loss or 0.0
    begins = [start + timedelta(days=days * index) for index in range(length)]
    return [(*_column(begin, days), number, loss) for begin, number, loss in zip(begins, numbers, losses, strict=True)]


def _column(begin: date, days: int) -> tuple[str, Mapping[str, str]]:
    end = begin + timedelta(days=days - 1)
    label = date_format(begin, "SHORT_DATE_FORMAT")
    if days > 1:
        label = f"{label} – {date_format(end, 'SHORT_DATE_FORMAT')}"
    return label, {"from": begin.isoformat(), "to": end.isoformat()}
