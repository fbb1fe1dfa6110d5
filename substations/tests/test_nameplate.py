"""Nameplates are completed with typical values that are named as such."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical.nameplate import complete, guess_nominal_v, guess_rated_kva, typical_losses_w


def test_a_full_nameplate_is_taken_as_it_is() -> None:
    plate = complete(
        "A", rated_kva=630, nominal_v=433, hv_nominal_v=11_000, no_load_loss_w=1000, load_loss_w=6000,
        impedance_pct=4, target_power_factor=0.98, oil_time_constant_min=150,
    )  # fmt: skip
    assert plate.assumed == frozenset()
    assert plate.target_power_factor == 0.98
    low, high = plate.loss_interval()
    assert 0.85 < low < 1 < high < 1.15


def test_an_unknown_rating_is_the_next_standard_size_above_the_load() -> None:
    apparent = np.full(1000, 500.0)
    plate = complete("A", apparent_kva=apparent, voltage_v=np.full(10, 428.0))
    assert plate.rated_kva == 630.0
    assert plate.nominal_v == 433.0
    assert {"rated_kva", "nominal_v", "no_load_loss_w", "load_loss_w"} <= plate.assumed
    assert plate.loss_interval() == (0.6, 1.5)


def test_typical_losses_are_those_of_the_table() -> None:
    assert typical_losses_w(630) == pytest.approx((1030, 6500))
    assert typical_losses_w(1000) == pytest.approx((1400, 10_500))


@given(st.floats(1.0, 200_000.0), st.floats(1.01, 3.0))
def test_larger_transformers_lose_more_but_hardly_more_per_kva(size: float, ratio: float) -> None:
    small, large = typical_losses_w(size), typical_losses_w(size * ratio)
    for one, other in zip(small, large, strict=True):
        assert one < other < one * ratio * 1.05


def test_zero_or_nan_in_a_nameplate_counts_as_unknown() -> None:
    plate = complete("A", rated_kva=630, nominal_v=0.0, load_loss_w=float("nan"))
    assert {"nominal_v", "load_loss_w"} <= plate.assumed
    assert plate.load_loss_w == pytest.approx(6500)


def test_without_rating_and_readings_the_missing_field_is_named() -> None:
    with pytest.raises(ValueError, match="Substation A: rated_kva"):
        complete("A", nominal_v=400)
    assert np.isnan(guess_rated_kva(np.array([np.nan])))
    assert np.isnan(guess_nominal_v(np.zeros(3)))
