"""Which banks first: the most saving per money, with the network replayed after each."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BankCandidate:
    """A bank that could be bought. effort: its cost, or its kvar where no price is known; worth: saved a year apart
    from losses (the bill), in the currency of the energy price; 0 where there is no tariff."""

    code: str
    effort: float
    worth: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacedBank:
    """saved_kwh: what this bank adds to what those before it save, a year. alone_kwh: what it would save alone."""

    code: str
    rank: int
    saved_kwh: float
    alone_kwh: float
    score: float


def placement_order(
    candidates: Sequence[BankCandidate],
    saved_kwh: Callable[[frozenset[str]], float],
    energy_price: float | None,
) -> list[PlacedBank]:
    """All candidates, the most worth per effort first: (kWh·price + worth) / effort, each after those before it.

    saved_kwh: loss saved a year with the banks of some codes in place; it is asked anew after each choice, since losses
    are quadratic and a bank saves less beside its neighbours. A candidate is replayed again only when it comes first
    by what it saved last (a saving that only falls cannot overtake): Minoux's lazy greedy, with the order of the plain
    one. Without a price a kWh counts as 1.
    """
    price = 1.0 if energy_price is None else energy_price
    alone = {each.code: saved_kwh(frozenset([each.code])) for each in candidates}
    # Score first, negative: a heap gives the smallest. The last is how many banks stood when it was replayed.
    queue = [(-_score(each, alone[each.code], price), n, alone[each.code], 0) for n, each in enumerate(candidates)]
    heapq.heapify(queue)
    chosen: list[PlacedBank] = []
    total = 0.0
    while queue:
        score, number, added, stood = heapq.heappop(queue)
        candidate = candidates[number]
        if stood == len(chosen):
            total += added
            chosen.append(PlacedBank(candidate.code, stood + 1, added, alone[candidate.code], -score))
            continue
        added = saved_kwh(frozenset([*(each.code for each in chosen), candidate.code])) - total
        heapq.heappush(queue, (-_score(candidate, added, price), number, added, len(chosen)))
    return chosen


def _score(candidate: BankCandidate, kwh: float, price: float) -> float:
    return (kwh * price + candidate.worth) / candidate.effort if candidate.effort > 0 else 0.0
