"""What the page of questions shows of a file: the first rows as they would be stored, and cells of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ingestion.exports.outcome import Interpretation
from substations.channels import CHANNELS

PREVIEWED = 6  # chosen: enough to see the step of time and the size of values
SHOWN_VALUES = 3  # chosen: a line of a narrow column


def first_rows(found: Interpretation) -> dict[str, Any]:
    """The first rows as they would be stored: channels, cells, and how many rows there are."""
    used = [n for n in range(len(CHANNELS)) if np.isfinite(found.values[:PREVIEWED, n]).any()]
    rows = [
        [station, f"{str(at)[:19].replace('T', ' ')} UTC", *("" if np.isnan(v[n]) else f"{v[n]:.6g}" for n in used)]
        for station, at, v in zip(found.stations, found.at[:PREVIEWED], found.values, strict=False)
    ]
    return {"channels": [CHANNELS[n] for n in used], "rows": rows, "count": len(found.at)}


def samples(found: Interpretation, header: str) -> list[str]:
    """The first cells of one column as they are written."""
    table = found.table
    if table is None or header not in table.headers:
        return []
    return [row[table.headers.index(header)] for row in table.samples[:SHOWN_VALUES]]
