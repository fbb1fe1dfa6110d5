"""A report as PDF: A4, fonts embedded, a foot with the page of pages."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate

from core.formatting import exact
from reports.content.blocks import ReportContent, Table

from .paper_blocks import HEAD_1, SMALL, SUBTITLE, TITLE, flowables, heading
from .paper_charts import EDGE, MUTED
from .paper_fonts import REGULAR, drawable, markup, register

MARGIN = 16 * mm
WIDE_COLUMNS = 11
"""Chosen: a table of so many columns is printed across the sheet."""


def pdf(content: ReportContent, made_at: datetime) -> bytes:
    """The file. made_at: stands in the foot, on the report's clock."""
    register()
    is_wide = any(isinstance(block, Table) and len(block.columns) >= WIDE_COLUMNS for block in content.blocks())
    size = landscape(A4) if is_wide else A4
    file = io.BytesIO()
    paper = SimpleDocTemplate(
        file, pagesize=size, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN + 4 * mm,
        title=f"{content.title}: {content.subtitle}", author="Smart EMS", creator="Smart EMS",
    )  # fmt: skip
    paper.build(_story(content, size[0] - 2 * MARGIN), canvasmaker=_numbered(content, made_at))
    return file.getvalue()


def _story(content: ReportContent, width_pt: float) -> list[Flowable]:
    story: list[Flowable] = [Paragraph(markup(content.title), TITLE), Paragraph(markup(content.subtitle), SUBTITLE)]
    if content.facts:
        story.append(Paragraph(markup("   ·   ".join(f"{label}: {text}" for label, text in content.facts)), SMALL))
    for section in content.sections:
        if section.starts_page:
            story.append(PageBreak())
        story += heading(section.title, HEAD_1)
        for block in section.blocks:
            # The frame of a page has a padding of 6 points on each side.
            story += flowables(block, width_pt - 12, content.zone)
    return story


def _numbered(content: ReportContent, made_at: datetime) -> type[Canvas]:
    """A canvas that writes the foot of each page once it knows how many there are."""
    left = drawable(f"{content.title} · {content.subtitle}")
    made = drawable(_("Smart EMS, made %(at)s") % {"at": exact(made_at, content.zone)})

    class NumberedCanvas(Canvas):  # type: ignore[misc]  # the library has no types
        def __init__(self, *args: Any, **values: Any) -> None:
            super().__init__(*args, **values)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802  (the library's name)
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                _foot(self, left, made, number, len(self._pages))
                Canvas.showPage(self)
            super().save()

    return NumberedCanvas


def _foot(canvas: Canvas, left: str, made: str, number: int, count: int) -> None:
    width, y = canvas._pagesize[0], 9 * mm
    canvas.setStrokeColor(EDGE)
    canvas.line(MARGIN, y + 4 * mm, width - MARGIN, y + 4 * mm)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 7.5)
    canvas.drawString(MARGIN, y, left[:110])
    page = _("page %(number)d of %(count)d") % {"number": number, "count": count}
    canvas.drawRightString(width - MARGIN, y, f"{made}   ·   {page}")
