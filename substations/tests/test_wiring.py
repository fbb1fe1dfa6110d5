"""What wrong wiring does to the totals of a meter, held to the sum over its three elements."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical.wiring import (
    angle_between,
    angle_deg,
    connection_factor,
    exchanged_inputs,
    reversed_phase,
)  # fmt: skip

ORDERS = list(permutations(range(3)))
SIGNS = list(product((1, -1), repeat=3))
currents = st.lists(st.floats(1.0, 900.0), min_size=3, max_size=3)


def elements(order: tuple[int, ...], signs: tuple[int, ...], amperes: list[float], phi_deg: float) -> complex:
    """P + iQ of three elements, each its voltage times the conjugate of the current at its input; voltages of 1."""
    voltage = np.exp(-2j * np.pi / 3 * np.arange(3))
    current = np.asarray(amperes) * voltage * np.exp(-1j * np.radians(phi_deg))
    return complex((voltage * np.conj(np.asarray(signs) * current[list(order)])).sum())


@given(st.sampled_from(ORDERS), st.sampled_from(SIGNS), currents, st.floats(-60.0, 80.0))
def test_the_factor_is_what_the_elements_of_the_meter_add_up_to(
    order: tuple[int, ...], signs: tuple[int, ...], amperes: list[float], phi_deg: float
) -> None:
    right = elements((0, 1, 2), (1, 1, 1), amperes, phi_deg)
    assert right * connection_factor(order, signs, amperes) == pytest.approx(elements(order, signs, amperes, phi_deg))


@given(st.sampled_from(ORDERS), st.sampled_from(SIGNS), currents)
def test_no_wiring_makes_power(order: tuple[int, ...], signs: tuple[int, ...], amperes: list[float]) -> None:
    assert abs(connection_factor(order, signs, amperes)) <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("order", "signs", "factor"),
    [
        ((0, 1, 2), (1, 1, 1), 1.0),
        ((0, 1, 2), (-1, -1, -1), -1.0),
        ((0, 1, 2), (1, -1, 1), 1 / 3),
        ((0, 1, 2), (-1, -1, 1), -1 / 3),
        ((1, 0, 2), (1, 1, 1), 0.0),
        ((1, 2, 0), (1, 1, 1), np.exp(2j * np.pi / 3)),
        ((2, 0, 1), (1, 1, 1), np.exp(-2j * np.pi / 3)),
    ],
)
def test_a_balanced_load_shows_the_table(order: tuple[int, ...], signs: tuple[int, ...], factor: complex) -> None:
    assert connection_factor(order, signs) == pytest.approx(factor, abs=1e-12)


@given(st.integers(0, 2), currents)
def test_a_reversed_transformer_is_named_by_imbalance_or_not_at_all(phase: int, amperes: list[float]) -> None:
    signs = tuple(-1 if k == phase else 1 for k in range(3))
    assert reversed_phase(amperes, abs(connection_factor((0, 1, 2), signs, amperes))) in (phase, None)


@pytest.mark.parametrize(("pair", "order"), [((0, 1), (1, 0, 2)), ((1, 2), (0, 2, 1)), ((0, 2), (2, 1, 0))])
def test_exchanged_inputs_are_named_where_the_phases_differ(pair: tuple[int, int], order: tuple[int, ...]) -> None:
    amperes = [100.0, 130.0, 180.0]
    shown = [amperes[k] for k in order]
    found = exchanged_inputs(shown, abs(connection_factor(order, (1, 1, 1), amperes)))
    assert found in (pair, None)
    assert exchanged_inputs([100.0] * 3, 0.0) is None


@given(st.floats(-180, 180), st.floats(-720, 720))
def test_an_angle_between_two_directions_is_at_most_half_a_turn_and_knows_no_order(one: float, other: float) -> None:
    there, back = angle_between(np.asarray(one), other), angle_between(np.asarray(other), one)
    assert 0 <= there <= 180
    assert there == pytest.approx(float(back), abs=1e-6)


def test_lagging_import_lies_in_the_first_quadrant() -> None:
    assert angle_deg(np.array([1.0, -1.0]), np.array([1.0, -1.0])) == pytest.approx([45.0, -135.0])
