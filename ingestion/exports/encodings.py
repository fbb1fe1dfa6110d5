"""Bytes → the encoding of their text: byte order marks, the zeros of wide characters, UTF-8, else a code page."""

from __future__ import annotations

import codecs

import charset_normalizer

from ingestion.exports.vocabulary import UNSPACED

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTE = ["cp1252", "latin_1", "cp1250", "cp1251", "cp1253", "cp1254"]
_EASTERN = ("gb18030", "big5", "shift_jis", "euc_kr")
_KNOWN_WORDS = 2  # chosen: two names of quantities are no accident
_LOOKED_AT_BYTES = 32 * 1024  # chosen: enough letters to tell a code page, few enough to take no time


def text_encoding(head: bytes) -> str:
    """The name of a codec for the text that begins with ``head``."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(1, len(head[:4096]) // 2)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        eastern = next((name for name in _EASTERN if _is_read_as(head, name)), "")
        if eastern:
            return eastern
        best = charset_normalizer.from_bytes(head[:_LOOKED_AT_BYTES], cp_isolation=_SINGLE_BYTE).best()
        return best.encoding if best is not None else "latin_1"
    return "utf-8"


def _is_read_as(head: bytes, encoding: str) -> bool:
    """True if the text has names of quantities in this encoding of a script without blanks."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head[:_LOOKED_AT_BYTES])
    except UnicodeDecodeError:
        return False
    return sum(word in text for word in UNSPACED) >= _KNOWN_WORDS
