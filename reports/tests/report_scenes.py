"""A small grid that is accounted and billed, its alerts, and reports of it read back."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from alerts.models import Alert
from alerts.tests.alert_scenes import detected, reviewed
from losses.models import HourlyRollup
from losses.querysets import FIELDS
from losses.tests.stored_losses import billed, days
from reports import making, services
from reports.models import Report
from substations.models import Link, Substation

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
SHIFT = datetime(2026, 3, 2, 6, tzinfo=UTC)


def grid() -> list[Substation]:
    """Three substations of two sites; B could avoid most kWh, A costs most money."""
    stations = [
        Substation.objects.create(code=code, site=site)
        for code, site in zip("ABC", ("Mill", "Mill", "Port"), strict=True)
    ]
    for station, avoidable_kwh in zip(stations, (3.0, 9.0, 1.0), strict=True):
        days(station, FEBRUARY, avoidable_loss_kwh=avoidable_kwh)
    line = {
        "code": "penalty", "formula": "bill now − bill at the target", "inputs": {},
        "assumptions": ["same_active_energy"],
    }  # fmt: skip
    billed(stations[0], MARCH, "10", "1234567.5", lines=[line])
    billed(stations[1], MARCH, "30", "0")
    return stations


def chained(*stations: Substation) -> None:
    """One behind the other on a line from the supply."""
    above = None
    for each in stations:
        Link.objects.create(source=above, target=each, r_ohm=0.5, x_ohm=0.6)
        above = each


def hours(station: Substation, start: datetime, count: int, **values: float) -> None:
    """Hours that are known, drawing 100 kWh each and losing 2."""
    plain: dict[str, Any] = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0}
    known = {"energy_import_kwh": 100.0, "apparent_kvah": 125.0, "no_load_loss_kwh": 0.5, "load_loss_kwh": 1.5}
    HourlyRollup.objects.bulk_create(
        HourlyRollup(substation=station, at=start + timedelta(hours=number), **(plain | known | values))
        for number in range(count)
    )


def alert_at(station: Substation, **values: Any) -> Alert:
    """An alert of a capacitor bank, open unless ``values`` end it."""
    return reviewed(detected(station, **({"start": SHIFT + timedelta(hours=1)} | values)))


def march(**values: Any) -> Report:
    """The report of March, asked for."""
    plain = {"kind": "monthly", "first_day": MARCH, "last_day": date(2026, 3, 31)}
    return services.request_report(Report(**(plain | values)), by=None).report


def made(report: Report) -> Report:
    making.make_pending()
    report.refresh_from_db()
    assert report.state == Report.ReportState.READY, report.reason
    return report


def paper_text(report: Report) -> str:
    """The PDF's text, in one line."""
    return pdf_text(report.paper.read())


def pdf_text(content: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return " ".join(" ".join(pages).split())


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    """The sheets of a workbook by name, row by row."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
