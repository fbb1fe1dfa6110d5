"""Each block of a report as what reportlab flows onto pages."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer, TableStyle
from reportlab.platypus import Table as FlowTable

from reports.content.blocks import Block, CellKind, Chart, Figures, Points, Table, Text

from .paper_charts import EDGE, INK, MUTED, drawing
from .paper_fonts import BOLD, REGULAR, markup
from .written_cells import written

SOFT = HexColor("#f3f5f8")


def _style(name: str, size_pt: float, **more: Any) -> ParagraphStyle:
    plain = {"fontName": REGULAR, "fontSize": size_pt, "leading": size_pt * 1.35, "textColor": INK}
    return ParagraphStyle(name, **(plain | more))


BODY = _style("body", 9.5, spaceAfter=4)
SMALL = _style("small", 8, textColor=MUTED, spaceAfter=3)
TITLE = _style("title", 19, fontName=BOLD, spaceAfter=2)
SUBTITLE = _style("subtitle", 11.5, textColor=MUTED, spaceAfter=6)
HEAD_1 = _style("head 1", 13, fontName=BOLD, spaceBefore=10, spaceAfter=4)
HEAD_2 = _style("head 2", 10, fontName=BOLD, spaceBefore=6, spaceAfter=3)
LABEL = _style("label", 8, textColor=MUTED)
FIGURE = _style("figure", 14.5, fontName=BOLD)
CELL, CELL_RIGHT = _style("cell", 7.4), _style("cell right", 7.4, alignment=TA_RIGHT)
HEADING = _style("heading", 7.2, fontName=BOLD)
HEADING_RIGHT = _style("heading right", 7.2, fontName=BOLD, alignment=TA_RIGHT)
TEXTUAL = (CellKind.TEXT, CellKind.CODE, CellKind.MOMENT, CellKind.DAY)


HEADING_SPACE_PT = 90
"""Chosen: a heading stands on a page with at least some rows below it; a long table after it may go on on the next."""


def heading(text: str, style: ParagraphStyle) -> list[Flowable]:
    return [CondPageBreak(HEADING_SPACE_PT), Paragraph(markup(text), style)]


def flowables(block: Block, width_pt: float, zone: tzinfo) -> list[Flowable]:
    """What stands for a block on a page of a width, times on a clock."""
    match block:
        case Text():
            return [Paragraph(markup(block.text), SMALL if block.is_small else BODY)]
        case Points():
            return [Paragraph(markup(text), BODY, bulletText="–") for text in block.items]
        case Figures():
            return _figures(block, width_pt)
        case Chart():
            return [KeepTogether([Paragraph(markup(block.title), HEAD_2), drawing(block, width_pt), Spacer(1, 6)])]
        case Table():
            return _table(block, width_pt, zone)


def _figures(block: Figures, width_pt: float) -> list[Flowable]:
    cells = [
        [
            Paragraph(markup(item.label), LABEL),
            Paragraph(markup(item.text), FIGURE),
            Paragraph(markup(item.detail), LABEL),
        ]
        for item in block.items
    ]
    table = FlowTable([cells], colWidths=[width_pt / len(cells)] * len(cells))
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), SOFT),
                ("LINEAFTER", (0, 0), (-2, -1), 4, HexColor("#ffffff")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    note: list[Flowable] = [Paragraph(markup(block.note), SMALL)] if block.note else []
    return [KeepTogether([table, Spacer(1, 3), *note, Spacer(1, 3)])]


def _table(block: Table, width_pt: float, zone: tzinfo) -> list[Flowable]:
    right = [column.kind not in TEXTUAL for column in block.columns]
    heads = [
        Paragraph(markup(column.label), HEADING_RIGHT if is_right else HEADING)
        for column, is_right in zip(block.columns, right, strict=True)
    ]
    rows: list[list[Flowable]] = [
        [
            Paragraph(markup(written(cell, column.kind, zone)), CELL_RIGHT if is_right else CELL)
            for cell, column, is_right in zip(row, block.columns, right, strict=True)
        ]
        for row in block.rows[: block.max_printed]
    ]
    whole = sum(column.width for column in block.columns)
    # A long comment may be higher than a page: its row is split then, which by default is an error.
    table = FlowTable(
        [heads, *rows], colWidths=[width_pt * column.width / whole for column in block.columns], repeatRows=1,
        splitByRow=1, splitInRow=1,
    )  # fmt: skip
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, EDGE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    more = len(block.rows) - block.max_printed
    said = [block.note] if block.note else []
    said += [_("%(count)d more are in the workbook.") % {"count": more}] if more > 0 else []
    notes = [Paragraph(markup(" ".join(said)), SMALL)] if said else []
    return [*heading(block.title, HEAD_2), table, Spacer(1, 3), *notes, Spacer(1, 4)]
