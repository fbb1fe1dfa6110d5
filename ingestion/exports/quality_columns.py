"""Quality columns: which cells are good, by words, numbers and OPC codes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingestion.exports.figures import cleaned
from ingestion.exports.meaning import Meaning
from ingestion.exports.table_rows import Columns
from ingestion.exports.vocabulary import QUALITY_BAD, QUALITY_ESTIMATED, QUALITY_GOOD, folded

_NOT_GOOD = 1 << 30  # OPC UA part 4: the two highest bits of a StatusCode are 01 uncertain, 10 bad
_SHOWN_WORDS = 4  # chosen: enough to recognise whose words they are


def qualities(table: Columns, meanings: Sequence[Meaning]) -> dict[int, list[bool]]:
    """For each column where its cells are good: by the quality column that names it or follows it, or the only one."""
    found: dict[int, list[bool]] = {}
    quality = [n for n, m in enumerate(meanings) if m.role == "quality" or _judges_by_words(table.column(n), m)]
    valued = [n for n, m in enumerate(meanings) if m.kind or m.role.startswith("answered:")]
    for n in quality:
        good = good_cells(table.column(n))
        if good is None:
            continue
        # One for the whole line, or one behind each quantity.
        of_all = len(quality) == 1 and not any(_names(meanings[n].header, meanings[v].header) for v in valued)
        for v in valued:
            if of_all or _names(meanings[n].header, meanings[v].header) or (len(quality) > 1 and v == n - 1):
                before = found.get(v, good)
                found[v] = [a and b for a, b in zip(before, good, strict=True)]
    return found


def doubt_about(header: str, meaning: Meaning, cells: Sequence[str]) -> tuple[str, str] | None:
    """The header and a question where a quality column speaks of good and bad in words that nobody knows."""
    different = list(dict.fromkeys(cell for cell in cells if cell))
    if meaning.role != "quality" or meaning.rest or len(different) < 2 or good_cells(cells) is not None:
        return None
    shown = ", ".join(f"“{text}”" for text in different[:_SHOWN_WORDS])
    return header, f"“{header}” seems to say how good the values are: {shown}. Load them all the same?"


def _judges_by_words(cells: Sequence[str], meaning: Meaning) -> bool:
    """True for a column without a known name whose cells say good and bad in known words."""
    if meaning.kind or meaning.role or meaning.features:
        return False
    said = {_said(" ".join(re.findall(r"[^\W_]+", folded(cell)))) for cell in set(cells) if len(cell) > 1}
    return {"good", "bad"} <= said and "" not in said


def _names(quality: str, header: str) -> bool:
    return header.casefold() in quality.casefold()


def good_cells(cells: Sequence[str]) -> list[bool] | None:
    """Which cells of a quality column say good; None if the column cannot be read as a quality."""
    texts = [re.sub(r"\.0+$", "", cleaned(c).lower().strip()) for c in cells]
    texts = [str(int(t, 16)) if re.fullmatch(r"0x[0-9a-f]+", t) else t for t in texts]
    numbers = [int(t) for t in texts if re.fullmatch(r"\d+", t)]
    if numbers and max(numbers) >= _NOT_GOOD:  # a StatusCode of 32 bits
        return [not t.isdigit() or int(t) < _NOT_GOOD for t in texts]
    texts = [str(int(t) & 0xFFFF) if t.isdigit() else t for t in texts]
    usual, _ = Counter(t for t in texts if t).most_common(1)[0] if any(texts) else ("", 0)
    numeric = [t for t in texts if re.fullmatch(r"\d+", t)]
    if numeric and len(numeric) * 2 > len(texts):
        values = {int(t) for t in numeric}
        if max(values) >= 192:  # OPC: the two highest bits of eight say good
            return [not t.isdigit() or (int(t) & 192) == 192 for t in texts]
        if usual == "0" and 1 in values and len(values) == 2 and texts.count("0") < 3 * texts.count("1"):
            return None
        return [not t or t == usual for t in texts] if usual in ("0", "1") else None
    return _by_words([" ".join(re.findall(r"[^\W_]+", folded(t))) for t in texts])


def _by_words(texts: Sequence[str]) -> list[bool] | None:
    """An unknown word beside known good ones is no good value: a substitute is better missing than believed."""
    said = [_said(text) for text in texts]
    known = [each for text, each in zip(texts, said, strict=True) if text]
    if not known or 2 * sum(each != "" for each in known) < len(known):
        return None
    usable = {"good", "estimated"} if "good" in known or known.count("estimated") * 2 > len(known) else {"good", ""}
    return [not text or each in usable for text, each in zip(texts, said, strict=True)]


def _said(text: str) -> str:
    first = text.split(" ")[0]
    for name, words in (("good", QUALITY_GOOD), ("bad", QUALITY_BAD), ("estimated", QUALITY_ESTIMATED)):
        if text in words:
            return name
    return "good" if first == "good" else "bad" if first in ("bad", "uncertain", "comm") else ""
