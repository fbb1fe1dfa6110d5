"""The figures of alarms as CSV and as a workbook: the same tables, text that would run as a formula quoted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import tzinfo

from django.http import HttpResponse
from django.utils.translation import gettext as _

from core.spreadsheets import guarded

from .kpi_figures import AlarmFigures
from .kpi_scope import KpiAnswer

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Rows = list[list[object]]


def as_csv(found: KpiAnswer | None, zone: tzinfo) -> HttpResponse:
    """One table below the other, with an empty line between them; times in ISO 8601 with offset."""
    out = io.StringIO()
    writer = csv.writer(out)
    for title, rows in _tables(found, zone):
        writer.writerow([title])
        writer.writerows([guarded(cell) for cell in row] for row in rows)
        writer.writerow([])
    return _file(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "csv")


def as_xlsx(found: KpiAnswer | None, zone: tzinfo) -> HttpResponse:
    """A sheet for each table."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with Workbook(file, plain) as book:
        bold = book.add_format({"bold": True})
        for title, rows in _tables(found, zone):
            sheet = book.add_worksheet(title[:31])
            sheet.set_column(0, 0, 36)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, [guarded(cell) for cell in row], None if number else bold)
    return _file(file.getvalue(), XLSX, "xlsx")


def _file(content: bytes, kind: str, ending: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="alarm-figures.{ending}"'
    return answer


def _tables(found: KpiAnswer | None, zone: tzinfo) -> Iterator[tuple[str, Rows]]:
    """Title and rows, the head first."""
    head: Rows = [[_("Figure"), _("Value"), _("Target"), _("Verdict"), _("Detail")]]
    if found is None:
        yield _("Figures"), head
        return
    period = [each.astimezone(zone).isoformat(timespec="seconds") for each in (found.start, found.end)]
    lines: Rows = [[each.label, each.value, each.target, each.verdict, each.detail] for each in found.lines]
    yield _("Figures"), [*head, [_("Period"), *period], *lines]
    parts: Rows = [[group.name, *_numbers(group.found)] for group in found.groups]
    yield _("Parts"), [[_("Part"), *NUMBERS], *parts]
    actors: Rows = [[each.substation, each.label, each.count, round(each.cumulative, 4)] for each in found.actors]
    yield _("Bad actors"), [[_("Substation"), _("Cause"), _("Alarms"), _("Cumulative share")], *actors]


NUMBERS = (
    "alarms", "per_day", "peak_10_minutes", "flood_share", "chattering", "fleeting", "stale", "critical_share",
    "nuisance_share", "reopen_share", "acknowledge_critical_p50_s", "acknowledge_critical_p95_s",
    "acknowledge_warning_p50_s", "acknowledge_warning_p95_s", "close_p50_s", "close_p95_s",
)  # fmt: skip


def _numbers(found: AlarmFigures) -> list[object]:
    times = [found.acknowledge_critical, found.acknowledge_warning, found.close]
    values = [
        found.count, found.per_day, found.peak_10_minutes, found.flood_share, found.chattering, found.fleeting,
        found.stale, found.critical_share, found.nuisance_share, found.reopen_share,
        *(each for time in times for each in (time.p50_s, time.p95_s)),
    ]  # fmt: skip
    return ["" if value is None else round(value, 4) for value in values]
