"""Columns ↔ streams in PostgreSQL's binary COPY format, without a loop over rows; and its arrays as text."""

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
# An array begins with dimensions, flags, type of the elements, their number, and the index of the first; each of these
# has a length, as a field has.
_LENGTH = 4
_ARRAY_HEADER = 5 * _LENGTH
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


def copied_arrays(stream: bytes, dtypes: Sequence[str]) -> list[NDArray[Any]]:
    """The arrays in the fields of the one row of a stream, of these dtypes (int64, int32, float64, datetime64[us]).

    Raises:
        ValueError: an element has another width, for example that of a NULL.
    """
    place = len(_HEADER) + np.dtype(">i2").itemsize
    arrays = []
    for number, dtype in enumerate(dtypes):
        length = int(np.frombuffer(stream, ">i4", 1, place)[0])
        place += _LENGTH
        if length <= _ARRAY_HEADER:  # of no element, or NULL: what array_agg makes of no rows
            arrays.append(np.empty(0, dtype=dtype))
        else:
            elements = memoryview(stream)[place + _ARRAY_HEADER : place + length]
            arrays.append(_elements(elements, np.dtype(dtype), number))
        place += max(length, 0)
    return arrays


def _elements(field: memoryview, dtype: np.dtype[Any], number: int) -> NDArray[Any]:
    sent = np.dtype("i8") if dtype.kind == "M" else dtype
    layout = np.dtype([("length", ">i4"), ("value", sent.newbyteorder(">"))])
    elements = np.frombuffer(field, dtype=layout, count=len(field) // layout.itemsize)
    if len(field) % layout.itemsize or (elements["length"] != sent.itemsize).any():
        raise ValueError(f"Field {number} holds other elements than {dtype}; expected an array without NULL.")
    values: NDArray[Any] = elements["value"].astype(sent)
    return _EPOCH + values.astype("timedelta64[us]") if dtype.kind == "M" else values


def sent_array(values: NDArray[Any]) -> str:
    """An array of int64 or datetime64 (UTC) as PostgreSQL writes it: ten thousand values one by one take longer than
    the statement."""
    texts = np.char.add(np.datetime_as_string(values), "Z").tolist() if values.dtype.kind == "M" else values.tolist()
    return "{" + ",".join(map(str, texts)) + "}"


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
