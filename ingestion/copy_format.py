"""Columns → one stream in PostgreSQL's binary COPY format, without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# PostgreSQL, COPY, binary format: signature, flags and length of the extension; a count of fields begins each row, a
# length each field; -1 is NULL, and ends the stream where a count should stand.
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = -1
_EPOCH = np.datetime64("2000-01-01", "us")


def copy_stream(columns: Sequence[NDArray[Any]]) -> bytes:
    """The rows of equally long columns: int64 → bigint, int32 → integer, bool → boolean, float64 → double precision
    with NaN as NULL, datetime64[us] (UTC) → timestamptz."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    plain = [_as_sent(column) for column in columns]
    for number, column in enumerate(plain):
        layout += [(f"length_{number}", ">i4"), (str(number), column.dtype.newbyteorder(">").str)]
    stream = np.zeros(len(plain[0]), dtype=layout)
    stream["fields"] = len(plain)
    for number, column in enumerate(plain):
        stream[f"length_{number}"] = column.dtype.itemsize
        stream[str(number)] = column
    return _HEADER + _without_nulls(stream, plain) + _TRAILER


def _as_sent(column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind == "M":
        sent: NDArray[Any] = (column.astype("datetime64[us]") - _EPOCH).astype(np.int64)
        return sent
    return column


def _without_nulls(stream: NDArray[np.void], columns: Sequence[NDArray[Any]]) -> bytes:
    """Every field has a fixed width, so that one array holds the stream; of a NULL the value's bytes are left out."""
    sent = np.ones((len(stream), stream.dtype.itemsize), dtype=bool)
    has_nulls = False
    for number, column in enumerate(columns):
        if column.dtype.kind == "f" and (missing := np.isnan(column)).any():
            stream[f"length_{number}"][missing] = _NULL
            offset = stream.dtype.fields[str(number)][1]  # type: ignore[index]  # it has fields
            sent[missing, offset : offset + column.dtype.itemsize] = False
            has_nulls = True
    if not has_nulls:
        return stream.tobytes()
    return stream.view(np.uint8).reshape(sent.shape)[sent].tobytes()
