"""Which character parts the fields of a text table, and how a line is split."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

LOOKED_AT_LINES = 200  # chosen: more than any preamble
# In this order where two are equally steady: with decimal commas, semicolon and comma both are.
CANDIDATES = (";", "\t", "|", ",", "^", "~", "\x1f", "¦", "§")
BLANKS = "  "  # two blanks or more


def delimiter_of(lines: Sequence[str]) -> str:
    """The delimiter that gives most lines the same number of fields; "" for a table of one column."""
    declared = re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE) if lines else None
    if declared:
        return declared[1]
    looked = [line for line in lines if line.strip()][:LOOKED_AT_LINES]

    def steadiness(delimiter: str) -> tuple[float, int]:
        counts = Counter(len(split_line(line, delimiter)) for line in looked)
        counts.pop(1, None)
        width = max(counts, key=lambda w: (counts[w], w), default=0)
        return (counts[width] / max(1, len(looked)), width)

    best = {each: steadiness(each) for each in (*CANDIDATES, BLANKS)}
    top = max(share for share, _ in best.values())
    if top == 0:
        return ""
    # A remark with commas in it must not beat the real delimiter by one line.
    return next(each for each in (*CANDIDATES, BLANKS) if best[each][0] >= 0.9 * top)


def split_line(line: str, delimiter: str) -> list[str]:
    """The fields of a line, without the blanks around them."""
    if not delimiter:
        return [line.strip()]
    if delimiter == BLANKS:
        return re.split(r"\s{2,}", line.strip())
    guarded = re.sub(r'(^|(?<=\W))="([^"]*)"', r'"\2"', line)
    try:
        row = next(csv.reader([guarded], delimiter=delimiter), [])
    except csv.Error:
        row = guarded.split(delimiter)
    return [cell.strip().strip("\ufeff").strip() for cell in row]
