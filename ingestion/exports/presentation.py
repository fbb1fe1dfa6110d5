"""An interpretation as JSON and as a CSV of canonical rows."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.exports.outcome import Interpretation
from substations.channels import CHANNEL_NAMES


def described(found: Interpretation) -> dict[str, Any]:
    """What the command and the API say of a file."""
    times = np.sort(found.at)
    return {
        "format": {
            "kind": found.kind,
            "encoding": found.encoding,
            "delimiter": found.delimiter,
            "header_line": found.header_line,
            "layout": found.layout,
        },
        "columns": [{**asdict(column), "quantity": column.quantity or None} for column in found.columns],
        "questions": [{**asdict(question), "choices": list(question.choices)} for question in found.questions],
        "rows": {"read": found.rows_read, "loaded": len(found.at), "rejected": found.rows_rejected},
        "first": f"{times[0].astype('datetime64[s]')}Z" if len(times) else None,
        "last": f"{times[-1].astype('datetime64[s]')}Z" if len(times) else None,
        "interval_s": found.interval_s,
        "substations": list(dict.fromkeys(found.stations)),
        "time_zone": found.time_zone,
        "problems": [
            dict(zip(("line", "field", "received", "expected"), p, strict=True)) for p in found.problems[:100]
        ],
    }


def written(found: Interpretation, path: Path) -> None:
    """The rows that would be stored: substation, at (UTC), and the quantities that have values."""
    filled = [n for n in range(len(CHANNEL_NAMES)) if np.isfinite(found.values[:, n]).any()]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["substation", "at", *(CHANNEL_NAMES[n] for n in filled)])
        for station, at, row in zip(found.stations, found.at, found.values, strict=True):
            cells = ["" if np.isnan(row[n]) else f"{row[n]:.10g}" for n in filled]
            writer.writerow([station, f"{at}Z", *cells])
