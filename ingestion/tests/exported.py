"""Files as meters write them, made by the tests, and what is read of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.interpretation import Interpretation, interpret
from substations.channels import CHANNEL_INDEX

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2026, 3, 14, tzinfo=UTC)
P, Q = (120.0, 150.0, 180.0, 210.0, 190.0, 160.0, 140.0, 130.0), 60.0


def times(count: int = 8, layout: str = "%Y-%m-%d %H:%M", minutes: int = 15) -> list[str]:
    """Times of rows from the fourteenth of March on."""
    return [(START + timedelta(minutes=minutes * n)).strftime(layout) for n in range(count)]


def table(headers: str, rows: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    """A text table."""
    lines = [headers, *(delimiter.join(str(cell) for cell in row) for row in rows)]
    return "\n".join(lines).encode()


def read(data: bytes, name: str = "a.csv", **answers: object) -> Interpretation:
    """The file read for the substation S1 in UTC, unless the answers say otherwise."""
    return interpret(data, name, ExportAnswers(**({"substation": "S1", "time_zone": "UTC"} | answers)), now=NOW)  # type: ignore[arg-type]


def values(found: Interpretation, channel: str) -> list[float]:
    """The stored values of one channel, rounded."""
    return [round(float(v), 3) for v in found.values[:, CHANNEL_INDEX[channel]]]


def asked(found: Interpretation) -> set[str]:
    """What is asked."""
    return {question.about for question in found.questions}


def line_current(power_kw: float, reactive_kvar: float, volts: float) -> float:
    """Amperes of a three-phase load."""
    return float(np.hypot(power_kw, reactive_kvar) * 1000 / (np.sqrt(3) * volts))
