"""Versions of a tariff follow one another without a gap or an overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

DAY = timedelta(days=1)
Validity = tuple[date, date | None]


def timeline_problems(validities: Sequence[Validity]) -> Iterator[str]:
    """What is wrong between each version and the next, and how to mend it. None as an end is until further notice."""
    for (start, end), (following, _) in pairwise(sorted(validities, key=lambda each: each[0])):
        wanted = following - DAY
        if end == wanted:
            continue
        received = f"from {start} until {end or 'further notice'}, and the next from {following}"
        if end is None or end > wanted:
            yield f"Received versions that overlap: {received}. Let the earlier one end on {wanted}."
        else:
            yield f"Received versions with a gap: {received}. Let the earlier one end on {wanted}, or add one between."
