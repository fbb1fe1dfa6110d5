"""Rows of all stations put together: of equal times the last, nothing that is impossible, all that follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.derivation import complete
from ingestion.exports.accounting import REJECTED_SHARE
from ingestion.exports.outcome import Interpretation
from ingestion.exports.shapes import Shaped
from ingestion.problems import BoolArray, FloatArray
from ingestion.timestamps import TimeArray
from substations.channels import CHANNELS

_LOW, _HIGH = np.array([[c.low, c.high] for c in CHANNELS], dtype=np.float64).T


def _ask_for_impossible(out: Interpretation, measured: FloatArray, outside: BoolArray) -> None:
    """Ask where much of a quantity lies outside what is possible: its unit or its meaning is another."""
    known = np.isfinite(measured).sum(axis=0)
    for n in np.flatnonzero(outside.sum(axis=0) > np.maximum(1, REJECTED_SHARE * known)):
        channel = CHANNELS[n]
        shown = measured[outside[:, n], n][0]
        text = f"{channel.name} would be {shown:g} {channel.unit}; expected {channel.low:g} to {channel.high:g}."
        out.ask("unit", text + " Which unit does the file use?")


def collect(out: Interpretation, parts: Sequence[tuple[str, TimeArray, FloatArray, np.ndarray]], shape: Shaped) -> None:
    for station, at, measured, rows in parts:
        outside = (measured < _LOW) | (measured > _HIGH)
        _ask_for_impossible(out, measured, outside)
        values = np.where(outside, np.nan, measured)
        filled = ~np.isnan(values).all(axis=1)
        keep = np.zeros(len(at), bool)
        full_rows = np.flatnonzero(filled)  # of equal times the last line with values counts
        keep[full_rows[np.append(at[full_rows][1:] != at[full_rows][:-1], True)] if len(full_rows) else []] = True
        twice = ~keep & filled
        if twice.any():
            following = np.minimum(np.arange(len(at)) + 1, len(at) - 1)
            differ = twice & ~np.isclose(values, values[following], equal_nan=True, rtol=1e-6).all(axis=1)
            if differ.sum() > max(2, REJECTED_SHARE * len(at)):
                out.ask(
                    "layout", "Many times stand in the file more than once with other values. Are these several meters?"
                )
        full, derived = complete(values[keep & filled], np.zeros(int((keep & filled).sum()), np.int64))
        out.at = np.concatenate([out.at, at[keep & filled]])
        out.values = np.concatenate([out.values, full])
        out.derived = np.concatenate([out.derived, derived])
        out.stations += [station] * int((keep & filled).sum())
        out.lines += [shape.lines[n] for n in rows[keep & filled]]
