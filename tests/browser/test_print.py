"""Pages on paper: every chart is drawn, cards stand one below the other, and the screen is as before afterwards."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from .conftest import MARKS, Grid, Visit, settle

pytestmark = MARKS
BLANK = """() => [...document.querySelectorAll('[data-chart]')]
  .filter((each) => !each.querySelector('.main-svg, .empty')).length"""
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('.card')].map((card) => card.getBoundingClientRect());
  const inside = (a, b) => a.top >= b.top && a.bottom <= b.bottom;
  return boxes.filter((a, index) => boxes.slice(index + 1).some(
    (b) => a.top < b.bottom - 1 && b.top < a.bottom - 1 && !inside(a, b) && !inside(b, a),
  )).length;
}"""


@pytest.mark.parametrize("path", ["/alerts/{alert}/", "/substations/{code}/"])
def test_a_page_prints_with_every_chart_and_no_card_over_another(visit: Visit, grid: Grid, path: str) -> None:
    alert = grid.least_urgent()
    page = visit("ola", path.format(alert=alert["id"], code=alert["substation"]))
    settle(page)
    paper = page.pdf(prefer_css_page_size=True)
    assert page.evaluate(BLANK) == 0
    text = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(paper)).pages)
    assert alert["substation"] in text
    assert "Search substations" not in text
    assert "Acknowledge" not in text.split()
    assert page.evaluate("document.documentElement.dataset.printed") == page.evaluate(
        "document.documentElement.dataset.scheme"
    )
    page.emulate_media(media="print")
    assert page.evaluate(OVERLAPS) == 0
