"""Who rides on which segment, in trees, meshes, islands and with open links."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical.topology import Segment, feeders


def _segment(source: str | None, target: str, *, r_ohm: float = 0.5, closed: bool = True) -> Segment:
    return Segment(source, target, r_ohm, r_ohm, 1.0, closed)


def test_in_a_chain_every_segment_carries_all_that_lies_behind_it() -> None:
    (feeder,) = feeders(["A", "B", "C"], [_segment(None, "A"), _segment("A", "B"), _segment("B", "C")])
    assert feeder.members == (0, 1, 2)
    assert np.array_equal(feeder.carries, np.triu(np.ones((3, 3))))
    assert np.array_equal(feeder.drop_share, np.tril(np.ones((3, 3))))


def test_two_segments_from_the_supply_are_two_feeders() -> None:
    found = feeders(["A", "B"], [_segment(None, "A"), _segment(None, "B"), _segment("A", "B", closed=False)])
    assert [feeder.members for feeder in found] == [(0,), (1,)]


def test_a_closed_ring_shares_the_load_by_impedance() -> None:
    ring = [_segment(None, "A"), _segment("A", "B", r_ohm=0.5), _segment(None, "B", r_ohm=1.0)]
    (feeder,) = feeders(["A", "B"], ring)
    of_b = feeder.carries[:, 1]
    assert of_b == pytest.approx([0.5, 0.5, 0.5])
    assert of_b[1] + of_b[2] == pytest.approx(1.0)


def test_an_island_and_a_segment_to_itself_carry_nothing() -> None:
    found = feeders(["A", "B", "C"], [_segment(None, "A"), _segment("B", "C"), _segment("A", "A")])
    assert [feeder.members for feeder in found] == [(0,)]


def test_a_junction_without_a_meter_still_leads_to_those_behind_it() -> None:
    (feeder,) = feeders(["A"], [_segment(None, "junction"), _segment("junction", "A")])
    assert np.array_equal(feeder.carries, [[1.0], [1.0]])


def test_segments_drawn_against_the_flow_carry_it_negatively() -> None:
    (feeder,) = feeders(["A", "B"], [_segment(None, "A"), _segment("B", "A")])
    assert np.array_equal(feeder.carries, [[1.0, 1.0], [0.0, -1.0]])


@given(st.data())
def test_whatever_the_network_each_member_is_supplied_once(data: st.DataObject) -> None:
    codes = [f"N{k}" for k in range(data.draw(st.integers(1, 8)))]
    nodes = st.sampled_from([None, *codes])
    pairs = data.draw(
        st.lists(st.tuples(nodes, st.sampled_from(codes), st.floats(0.0, 2.0), st.booleans()), max_size=20)
    )
    segments = [Segment(a, b, r, r, 1.0, closed) for a, b, r, closed in pairs]
    for feeder in feeders(codes, segments):
        from_supply = np.array(
            [s.source is None for s in segments if s.closed and s.target in {codes[m] for m in feeder.members}]
        )
        inside = [
            s for s in segments if s.closed and s.source != s.target and s.target in {codes[m] for m in feeder.members}
        ]
        supplied = feeder.carries[[s.source is None for s in inside]].sum(axis=0)
        assert from_supply.any()
        assert supplied == pytest.approx(np.ones(len(feeder.members)), abs=1e-5)
