"""The fonts that are embedded in a PDF, and marking the characters for which the first of them has no glyph."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).resolve().parent.parent / "fonts"
REGULAR, BOLD, FALLBACK = "ReportSans", "ReportSans-SemiBold", "ReportFallback"
FILES = {
    REGULAR: "report-sans-regular.ttf",
    BOLD: "report-sans-semibold.ttf",
    FALLBACK: "dejavu-sans-subset.ttf",
}
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@cache
def register() -> None:
    """Make the fonts known to reportlab, once in a process."""
    for name, file in FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(FOLDER / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


@cache
def _glyphs(name: str) -> frozenset[int]:
    register()
    return frozenset(pdfmetrics.getFont(name).face.charToGlyph)


def font_for(character: str, wanted: str = REGULAR) -> str:
    """The font that has the character; the fall-back draws a replacement for what neither has."""
    return wanted if ord(character) in _glyphs(wanted) else FALLBACK


def drawable(text: str) -> str:
    """Without control characters; what no font here has is replaced, so that it is seen to be missing."""
    known = _glyphs(REGULAR) | _glyphs(FALLBACK)
    shown = (each for each in text if each.isprintable() or each == NO_BREAK_SPACE)
    return "".join(each if ord(each) in known else UNKNOWN for each in shown)


def markup(text: str) -> str:
    """Text as the markup of a paragraph: lines kept, characters of other alphabets in the fall-back font."""
    return "<br/>".join(_runs(line) for line in text.splitlines()) or "&nbsp;"


def _runs(line: str) -> str:
    parts = []
    for font, run in groupby(drawable(line), font_for):
        content = escape("".join(run))
        parts.append(content if font == REGULAR else f'<font name="{FALLBACK}">{content}</font>')
    return "".join(parts)
