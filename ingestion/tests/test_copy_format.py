"""The stream of a COPY, read back by hand as PostgreSQL's documentation of the format has it."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingestion.copy_format import copy_stream

EPOCH = datetime.fromisoformat("2000-01-01")
MOMENTS = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2199-01-01"))
ROWS = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(), MOMENTS, st.integers(0, 2**31 - 1), st.booleans()),
    max_size=8,
)


def read_back(stream: bytes) -> list[list[bytes | None]]:
    assert stream[:19] == b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    place, rows = 19, []
    while (count := struct.unpack_from(">h", stream, place)[0]) >= 0:
        place, row = place + 2, []
        for _ in range(count):
            length = struct.unpack_from(">i", stream, place)[0]
            place += 4
            row.append(None if length < 0 else stream[place : place + length])
            place += max(length, 0)
        rows.append(row)
    assert stream[place:] == b"\xff\xff"
    return rows


@given(ROWS)
def test_every_value_arrives_and_a_nan_is_null(rows: list[tuple[int, float, datetime, int, bool]]) -> None:
    types = (np.int64, np.float64, "datetime64[us]", np.int32, np.bool_)
    columns = [np.array([row[n] for row in rows], dtype=kind) for n, kind in enumerate(types)]
    expected = [
        [
            struct.pack(">q", number),
            None if np.isnan(value) else struct.pack(">d", value),
            struct.pack(">q", (at - EPOCH) // timedelta(microseconds=1)),
            struct.pack(">i", bits),
            struct.pack(">?", flag),
        ]
        for number, value, at, bits, flag in rows
    ]
    assert read_back(copy_stream(columns)) == expected
