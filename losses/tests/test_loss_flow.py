"""What becomes of the energy that is supplied: the bands add up, and none is drawn larger than it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.loss_flow import HEIGHT, loss_flow

ENERGY = st.floats(0, 1e9, allow_nan=False)


def figures(drawn: float, no_load: float, load: float, lines: float | None, avoidable: float) -> dict[str, Any]:
    return {
        "energy_import_kwh": drawn, "no_load_loss_kwh": no_load, "load_loss_kwh": load, "feeder_loss_kwh": lines,
        "avoidable_loss_kwh": avoidable,
    }  # fmt: skip


@given(st.floats(1, 1e9), ENERGY, st.floats(0.01, 1e9), ENERGY, ENERGY)
def test_the_parts_add_up(drawn: float, no_load: float, load: float, lines: float, avoidable: float) -> None:
    found = loss_flow(figures(drawn, no_load, load, lines, avoidable))
    assert found is not None
    used, lost, *parts = found.bands
    assert used.kwh + lost.kwh == pytest.approx(found.supplied_kwh)
    assert sum(part.kwh for part in parts) == pytest.approx(lost.kwh)
    assert all(0 <= band.share <= 1 and band.bar_y + band.bar_height <= HEIGHT + 1 for band in found.bands)
    assert found.magnified >= 1


def test_a_plain_case() -> None:
    found = loss_flow(figures(970.0, 10.0, 15.0, 5.0, 8.0))
    assert found is not None
    assert {band.code: round(band.kwh, 3) for band in found.bands} == {
        "drawn": 970, "lost": 30, "no_load": 10, "load": 9, "lines": 3, "avoidable": 8,
    }  # fmt: skip
    assert found.supplied_kwh == 1000


def test_unknown_lines_are_said_and_nothing_drawn_is_no_flow() -> None:
    found = loss_flow(figures(970.0, 10.0, 15.0, None, 8.0))
    assert found is not None
    assert not found.is_complete
    assert loss_flow(figures(0.0, 10.0, 0.0, 0.0, 0.0)) is None
