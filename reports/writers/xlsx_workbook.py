"""A report as a workbook: a summary and a sheet for each table, figures as numbers, charts beside their data."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from core.spreadsheets import guarded
from losses.sums_of_money import Money
from losses.tariffs.currencies import IN_LAKHS, SYMBOLS
from reports.content.blocks import Cell, CellKind, Chart, Figures, Points, ReportContent, Table, Text

FORMATS = {
    CellKind.TEXT: "@",
    CellKind.CODE: "@",
    CellKind.NUMBER: "[>=1000]#,##0;[>=1]#,##0.00;0.000",
    CellKind.COUNT: "0",
    CellKind.POWER_FACTOR: "0.000",
    CellKind.SHARE: "0.0%",
    CellKind.MOMENT: "yyyy-mm-dd hh:mm",
    CellKind.DAY: "yyyy-mm-dd",
    CellKind.MONEY: "#,##0.00",
}
MAX_CELL = 32_000
"""A cell holds 32,767 characters (specification of Excel); some are left for the quote before a formula."""

MAX_SHEET_NAME = 31
"""Excel refuses longer names, and some characters in them."""

LINE_PT, MAX_LINES = 15, 27
"""Height of a line at the usual font, and chosen: of a row, which Excel lets be 409 points high."""

A4 = 9
"""Its number among the paper sizes of the format."""

WIDTHS = {CellKind.TEXT: 34, CellKind.CODE: 16, CellKind.MOMENT: 17, CellKind.MONEY: 17}
"""Chosen: characters of a column, where nothing is cut off at a usual font."""


def xlsx(content: ReportContent) -> bytes:
    """The file: real numbers with formats, frozen heads; text that would run as a formula is quoted."""
    file = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with Workbook(file, plain) as book:
        book.set_properties({"title": content.title, "subject": content.subtitle, "author": "Smart EMS"})
        sheets = ReportSheets(book, content.zone)
        sheets.summary(content)
        for block in content.blocks():
            if isinstance(block, Table):
                sheets.table(block)
            elif isinstance(block, Chart) and block.labels:
                sheets.chart(block)
    return file.getvalue()


class ReportSheets:
    """The sheets of one workbook with their formats and names. zone: the clock of all times."""

    def __init__(self, book: Workbook, zone: tzinfo) -> None:
        self.book, self.zone = book, zone
        self._formats: dict[tuple[str, bool], Any] = {}
        self._names: set[str] = set()
        self.bold = book.add_format({"bold": True})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.muted = book.add_format({"font_color": "#5b6675"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        plain_head = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#f3f5f8"}
        self.head = book.add_format(plain_head)
        self.head_right = book.add_format(plain_head | {"align": "right"})

    def summary(self, content: ReportContent) -> None:
        """Title, facts, leading figures and sentences."""
        sheet = self._sheet(_("Summary"))
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 18)
        sheet.set_column(2, 2, 8)
        sheet.set_column(3, 3, 60)
        sheet.write_string(0, 0, _text(content.title), self.title)
        sheet.write_string(1, 0, _text(content.subtitle), self.muted)
        row = 2
        for label, text in content.facts:
            sheet.write_string(row, 0, _text(label), self.muted)
            sheet.write_string(row, 1, _text(text))
            row += 1
        for section in content.sections:
            sheet.write_string(row + 1, 0, _text(section.title), self.bold)
            row += 2
            for block in section.blocks:
                row = self._in_summary(sheet, row, block)

    def _in_summary(self, sheet: Worksheet, row: int, block: object) -> int:
        """The next free row."""
        match block:
            case Text(text=text):
                return self._sentence(sheet, row, text)
            case Points(items=items):
                for text in items:
                    row = self._sentence(sheet, row, text)
            case Figures(items=items, note=note):
                for item in items:
                    sheet.write_string(row, 0, _text(item.label))
                    self._cell(sheet, row, 1, item.text if item.value is None else item.value, item.kind)
                    sheet.write_string(row, 2, _text(item.unit))
                    sheet.write_string(row, 3, _text(item.detail), self.muted)
                    row += 1
                return self._sentence(sheet, row, note) if note else row
            case Table(title=title, name=name) | Chart(title=title, name=name):
                sheet.write_string(row, 0, _text(title), self.muted)
                sheet.write_string(row, 1, _text(_("sheet “%(name)s”") % {"name": name}), self.muted)
                return row + 1
        return row

    def _sentence(self, sheet: Worksheet, row: int, text: str) -> int:
        sheet.merge_range(row, 0, row, 3, "", self.wrapped)
        sheet.write_string(row, 0, _text(text), self.wrapped)
        # Merged cells don't grow by themselves: about 110 characters stand in a line.
        sheet.set_row(row, LINE_PT * max(1, math.ceil(len(text) / 110)))
        return row + 1

    def table(self, block: Table) -> None:
        """A sheet with the head frozen and a filter on it."""
        sheet = self._sheet(block.name)
        for number, column in enumerate(block.columns):
            sheet.set_column(number, number, WIDTHS.get(column.kind, 13))
            is_text = column.kind in (CellKind.TEXT, CellKind.CODE)
            sheet.write_string(0, number, _text(column.label), self.head if is_text else self.head_right)
        for row, cells in enumerate(block.rows, start=1):
            sheet.set_row(row, LINE_PT * _lines(cells, block))
            for number, (cell, column) in enumerate(zip(cells, block.columns, strict=True)):
                self._cell(sheet, row, number, cell, column.kind)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(block.rows), 1), len(block.columns) - 1)

    def chart(self, block: Chart) -> None:
        """Its data as a table, the chart beside it."""
        sheet = self._sheet(block.name)
        name, count = sheet.get_name(), len(block.labels)
        sheet.write_row(0, 0, [_("Of"), *(f"{_text(each)} {block.unit}" for each, _values in block.series)], self.head)
        sheet.set_column(0, len(block.series), 18)
        drawn = self.book.add_chart({"type": "bar" if block.is_ranking else "column"})
        for row, label in enumerate(block.labels, start=1):
            sheet.write_string(row, 0, _text(label))
        for number, (label, values) in enumerate(block.series, start=1):
            for row, value in enumerate(values, start=1):
                self._cell(sheet, row, number, value, CellKind.NUMBER)
            drawn.add_series(
                {
                    "name": label, "categories": [name, 1, 0, count, 0], "values": [name, 1, number, count, number],
                    "fill": {"color": "#1f5f99" if number == len(block.series) else "#9fb2c8"}, "gap": 60,
                }
            )  # fmt: skip
        drawn.set_title({"name": block.title, "name_font": {"size": 12}})
        drawn.set_x_axis({"name": block.unit, "min": 0} if block.is_ranking else {"num_font": {"rotation": -45}})
        drawn.set_y_axis({"reverse": True} if block.is_ranking else {"name": block.unit})
        drawn.set_legend({"none": True} if len(block.series) == 1 else {"position": "bottom"})
        drawn.set_size({"width": 860, "height": 420})
        sheet.insert_chart(0, len(block.series) + 2, drawn)
        sheet.freeze_panes(1, 1)

    def _sheet(self, wanted: str) -> Worksheet:
        """A sheet with a name that Excel takes, and no other has."""
        base = re.sub(r"[\[\]:*?/\\']", " ", wanted)[: MAX_SHEET_NAME - 3].strip() or "-"
        name, number = base, 2
        while name.lower() in self._names:
            name, number = f"{base} {number}", number + 1
        self._names.add(name.lower())
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        return sheet

    def _cell(self, sheet: Worksheet, row: int, column: int, cell: Cell, kind: CellKind) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, Money):
            sheet.write_number(row, column, float(cell.amount), self._format(money_format(cell)))
        elif isinstance(cell, datetime):
            local = cell.astimezone(self.zone).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, self._format(FORMATS[CellKind.MOMENT]))
        elif isinstance(cell, date):
            midnight = datetime.combine(cell, time())
            sheet.write_datetime(row, column, midnight, self._format(FORMATS[CellKind.DAY]))
        elif isinstance(cell, str):
            sheet.write_string(row, column, _text(cell), self._format("@", is_wrapped=kind is CellKind.TEXT))
        elif math.isfinite(cell):
            sheet.write_number(row, column, cell, self._format(FORMATS[kind]))

    def _format(self, written: str, *, is_wrapped: bool = False) -> Any:
        key = written, is_wrapped
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"num_format": written, "valign": "top", "text_wrap": is_wrapped})
        return self._formats[key]


def money_format(money: Money) -> str:
    """The number format of a currency; rupees in lakh and crore, which need a section each."""
    symbol = f'"{SYMBOLS.get(money.currency, money.currency)} "'
    tail = "." + "0" * money.decimals if money.decimals else ""
    if money.currency not in IN_LAKHS:
        return f"{symbol}#,##0{tail}"
    crore, lakh = f"{symbol}##\\,##\\,##\\,##0{tail}", f"{symbol}##\\,##\\,##0{tail}"
    return f"[>=10000000]{crore};[>=100000]{lakh};{symbol}#,##0{tail}"


def _lines(cells: Sequence[Cell], block: Table) -> int:
    """How many lines the longest wrapped text of a row takes; rows don't grow by themselves everywhere."""
    texts = [
        cell
        for cell, column in zip(cells, block.columns, strict=True)
        if column.kind is CellKind.TEXT and isinstance(cell, str)
    ]
    lines = [sum(math.ceil(len(line) / WIDTHS[CellKind.TEXT]) or 1 for line in text.splitlines()) for text in texts]
    return min(max(lines, default=1) or 1, MAX_LINES)


def _text(text: str) -> str:
    """Without what XML cannot hold, as long as a cell may be, and never a formula."""
    return guarded(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text)[:MAX_CELL])
