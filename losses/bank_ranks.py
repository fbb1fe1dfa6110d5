"""Which of the recommended banks of a network come first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from losses.compensation.bank_placement import BankCandidate, placement_order
from losses.compensation.compensated_losses import bank_loss_kw
from losses.compensation.harmonic_guard import Guard
from losses.compensation.inverter_capability import inverter_kvar, productive_hours
from losses.compensation_models import BankRecommendation
from losses.network_loads import NetworkLoad
from losses.tariffs.metered_hours import FloatArray

PLACEMENT_HOURS = 300
"""Chosen: the order of banks needs shares of a saving and not kWh to the last; some hundred replays of each."""


def rank_banks(rows: Sequence[BankRecommendation], network: NetworkLoad | None) -> None:
    """Sets ``rank`` and ``rank_saved_kwh`` of those that recommend a bank: 1 first, within the feeder of each."""
    banks = {row.substation_id: row for row in rows if row.outcome == BankRecommendation.Advice.BANK}
    for row in banks.values():
        row.rank, row.rank_saved_kwh = 1, row.loss_saved_kwh  # without a known way to the supply, each by itself
    for part in network.thinned(PLACEMENT_HOURS).parts if network else []:
        _rank([row for key, row in banks.items() if key in part.rows], part)


def _rank(rows: Sequence[BankRecommendation], part: NetworkLoad) -> None:
    """The most saving per money; per kvar where no price is known for all."""
    chosen = {row.substation.code: row for row in rows}
    supplied = {code: _supplied(row, part) for code, row in chosen.items()}
    nothing = np.zeros_like(part.covered_h)
    known_h = float(part.covered_h.max(axis=0).sum()) / part.picked_share

    def saved_kwh(codes: frozenset[str]) -> float:
        """Of a year: transformers and lines, less what the banks lose themselves."""
        kvar = sum((supplied[code] for code in codes), nothing)
        own_kw = sum((bank_loss_kw(supplied[code], Guard(chosen[code].guard)) for code in codes), nothing)
        lost = float((own_kw * part.covered_h).sum()) / part.picked_share
        return (sum(part.saved_kwh(kvar)) - lost) * 8760.0 / known_h

    is_priced = all(row.cost_low is not None and row.bill_saved is not None for row in rows)
    is_priced = is_priced and len({row.currency for row in rows}) == 1
    prices = [row.figures["energy_price"] for row in rows if "energy_price" in row.figures]
    price = float(np.mean(prices)) if is_priced and prices else None
    candidates = [_candidate(row, is_priced=is_priced) for row in rows]
    for placed in placement_order(candidates, saved_kwh, price):
        row = chosen[placed.code]
        row.rank, row.rank_saved_kwh = placed.rank, placed.saved_kwh
        row.figures["ranked_by"] = "money" if is_priced else "kvar"


def _candidate(row: BankRecommendation, *, is_priced: bool) -> BankCandidate:
    code = row.substation.code
    if not is_priced or row.cost_low is None or row.cost_high is None:
        return BankCandidate(code, row.bank.total_kvar)
    return BankCandidate(code, float(row.cost_low + row.cost_high) / 2, float(row.bill_saved or 0))


def _supplied(row: BankRecommendation, part: NetworkLoad) -> FloatArray:
    """[substation, hour] kvar of one bank, on the hours of the network; the inverter before it."""
    number = part.rows[row.substation_id]
    active, reactive = part.loads.active_kw[number], part.loads.reactive_kvar[number]
    if row.inverter_kvar:
        produces = productive_hours(active, part.at_s, row.substation.zone)
        reactive = reactive - inverter_kvar(active, reactive, produces, row.inverter_kvar, row.target_power_factor)
    found = np.zeros_like(part.covered_h)
    kvar = row.bank.in_service(active, reactive, row.target_power_factor)
    found[number] = np.where(part.covered_h[number] > 0, kvar, 0.0)
    return found
