from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.derivation import complete
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES


def completed(**measured: float) -> tuple[dict[str, float], set[str]]:
    """The channels of one row after completion, and the names of the derived ones."""
    row = np.full((1, len(CHANNEL_NAMES)), np.nan)
    for name, value in measured.items():
        row[0, CHANNEL_INDEX[name]] = value
    full, derived = complete(row)
    marked = {name for name, index in CHANNEL_INDEX.items() if int(derived[0]) >> index & 1}
    return dict(zip(CHANNEL_NAMES, full[0].tolist(), strict=True)), marked


P, Q, S, PF = "active_power_kw", "reactive_power_kvar", "apparent_power_kva", "power_factor"


@pytest.mark.parametrize("given_two", [(P, Q), (P, S), (Q, S), (P, PF), (S, PF)])
@given(active=st.floats(1, 5000), ratio=st.floats(0.05, 5))
def test_any_two_of_the_triangle_give_the_rest(given_two: tuple[str, str], active: float, ratio: float) -> None:
    apparent = math.hypot(active, active * ratio)
    truth = {P: active, Q: active * ratio, S: apparent, PF: active / apparent}
    full, marked = completed(**{name: truth[name] for name in given_two})
    assert marked == {P, Q, S, PF} - set(given_two)
    for name in (P, Q, S, PF):
        assert full[name] == pytest.approx(truth[name], rel=1e-4, abs=1e-6)


def test_means_and_apparent_power_come_from_the_phases() -> None:
    phases = {f"current_l{n}_a": 100.0 + n for n in (1, 2, 3)} | {f"voltage_l{pair}_v": 400.0 for pair in (12, 23, 31)}
    full, marked = completed(**phases)
    assert marked == {"current_avg_a", "voltage_avg_v", S}
    assert full["current_avg_a"] == pytest.approx(102)
    assert full[S] == pytest.approx(math.sqrt(3) * 400 * 102 / 1000)


def test_two_phases_give_no_mean() -> None:
    assert completed(current_l1_a=1, current_l2_a=1)[1] == set()


def test_nothing_is_derived_from_a_broken_triangle() -> None:
    assert completed(**{P: 120.0, S: 100.0})[1] == set()


def test_a_signed_power_factor_gives_the_sign_of_the_reactive_power() -> None:
    assert completed(**{S: 100.0, PF: -0.8})[0][Q] == pytest.approx(-60)


@given(st.lists(st.one_of(st.just(math.nan), st.floats(-1e6, 1e6)), min_size=20, max_size=20))
def test_measured_values_are_never_changed_and_marks_are_exact(row: list[float]) -> None:
    values = np.array([row])
    full, derived = complete(values)
    measured = ~np.isnan(values)
    assert (full[measured] == values[measured]).all()
    marked = [bool(int(derived[0]) >> i & 1) for i in range(20)]
    assert marked == (np.isnan(values) & ~np.isnan(full))[0].tolist()
