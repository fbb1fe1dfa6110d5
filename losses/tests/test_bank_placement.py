"""Which banks first: the order of the greedy choice, with the network replayed."""

from __future__ import annotations

import numpy as np
import pytest

from losses.compensation.bank_placement import BankCandidate, placement_order
from losses.compensation.compensated_losses import replayed_loss

from .one_feeder import CODES, NOMINAL_V, feeder, metered, plates

LOADS = metered([[500.0], [300.0], [400.0]], [[300.0], [350.0], [100.0]])


def saved(codes: frozenset[str]) -> float:
    supplied = np.array([[100.0 if code in codes else 0.0] for code in CODES])
    return float(replayed_loss(LOADS, plates(3), [feeder()], np.full(3, NOMINAL_V), supplied).total_kw.sum()) * 8760


def plain_greedy(candidates: list[BankCandidate], price: float) -> list[str]:
    order: list[str] = []
    left = {each.code: each for each in candidates}
    while left:
        now = saved(frozenset(order)) if order else 0.0
        gains = {
            code: ((saved(frozenset([*order, code])) - now) * price + each.worth) / each.effort
            for code, each in left.items()
        }
        order.append(max(gains, key=lambda code: gains[code]))
        del left[order[-1]]
    return order


def test_it_is_the_order_of_trying_all_each_time() -> None:
    candidates = [BankCandidate("A", 1000), BankCandidate("B", 1500, worth=50), BankCandidate("C", 400)]
    found = placement_order(candidates, saved, 6.0)
    assert [each.code for each in found] == plain_greedy(candidates, 6.0)
    assert [each.rank for each in found] == [1, 2, 3]


def test_a_bank_saves_less_after_its_neighbours() -> None:
    first, *others = placement_order([BankCandidate(code, 100.0) for code in CODES], saved, 6.0)
    assert first.saved_kwh == first.alone_kwh
    assert all(each.saved_kwh < each.alone_kwh for each in others)
    assert sum(each.saved_kwh for each in (first, *others)) == pytest.approx(saved(frozenset(CODES)))


def test_what_is_dear_comes_last() -> None:
    candidates = [BankCandidate("A", 10_000.0), BankCandidate("B", 10_000.0), BankCandidate("C", 1.0)]
    assert placement_order(candidates, saved, 6.0)[0].code == "C"


def test_nobody_is_asked_for_nothing() -> None:
    assert placement_order([], saved, 6.0) == []
