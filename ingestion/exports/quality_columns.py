"""Quality columns: which cells are good, by words, numbers and OPC codes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingestion.exports.figures import cleaned
from ingestion.exports.header_lines import Columns
from ingestion.exports.meanings import Meaning

_GOOD = re.compile(
    r"good|ok|valid|true|yes|normal|actual|a|v|g|measured|192|0x0*c0|gut|bon|buena?|buono|gultig|高质量|好|良好|正常|अच्छा"
)
_BAD = re.compile(
    r"bad|invalid|uncertain|questionable|suspect|error|fault|fail(ed|ure)?|comm.*|no ?data|missing|false|no|stale|"
    r"offline|"
    r"out ?of ?service|not ?connected|disconnected|timeout|i/o.*|"
    r"schlecht|ungultig|unsicher|mauvais|invalide|mal[ao]|坏|差|无效|n|u|e|0x0+|b|i"
)


def qualities(table: Columns, meanings: Sequence[Meaning]) -> dict[int, list[bool]]:
    """For each column where its cells are good: by the quality column that names it or follows it, or the only one."""
    found: dict[int, list[bool]] = {}
    quality = [n for n, m in enumerate(meanings) if m.role == "quality"]
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


def _names(quality: str, header: str) -> bool:
    return header.casefold() in quality.casefold()


def good_cells(cells: Sequence[str]) -> list[bool] | None:
    """Which cells of a quality column say good; None if the column cannot be read as a quality."""
    texts = [re.sub(r"\.0+$", "", cleaned(c).lower().strip()) for c in cells]
    usual, _ = Counter(t for t in texts if t).most_common(1)[0] if any(texts) else ("", 0)
    numeric = [t for t in texts if re.fullmatch(r"\d+", t)]
    if numeric and len(numeric) * 2 > len(texts):
        values = {int(t) for t in numeric}
        if max(values) >= 192:  # OPC: the two highest bits of eight say good
            return [not t.isdigit() or (int(t) & 192) == 192 for t in texts]
        if usual == "0" and 1 in values and len(values) == 2 and texts.count("0") < 3 * texts.count("1"):
            return None
        return [not t or t == usual for t in texts]
    known = [bool(_GOOD.match(t)) or bool(_BAD.fullmatch(t)) for t in texts if t]
    if not known or sum(known) * 2 < len(known):
        return None
    good_e = "e" in texts and usual in ("a", "e")  # estimated by the meter's reader, as actual ones are
    return [
        not t
        or bool(_GOOD.fullmatch(t))
        or (t[:4] in ("good", "gut,"))
        or (t == "e" and good_e)
        or not _BAD.fullmatch(t)
        for t in texts
    ]
