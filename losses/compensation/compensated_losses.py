"""The losses of a network again, with reactive power supplied at some of its substations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from losses.accounting.metered_network import MAGNETISING_SHARE, power_flow_of
from losses.accounting.metered_power import MeteredPower, Plates, rows_of
from losses.accounting.supply_network import NetworkFlows, solve
from losses.accounting.transformer_losses import current_squared, transformer_losses
from losses.compensation.harmonic_guard import Guard
from substations.electrical.power import FloatArray
from substations.electrical.topology import Feeder

BANK_LOSS_W_PER_KVAR = {Guard.PLAIN: 0.5, Guard.DETUNED: 4.0, Guard.FILTER_STUDY: 4.0}
"""Chosen: capacitors with their discharge resistors lose half a watt by the kvar, 7 % reactors some three more."""


@dataclass(frozen=True)
class ReplayedLoss:
    """What is saved, kW: transformer_kw [substation, time], line_kw [feeder, time]; below 0 where more is lost.

    Differences of two replays of the same hours, so what neither of them knows (harmonics, imbalance, what happens
    within the hour) falls out: 2·Q·Qc − Qc² is linear in the hour's mean Q while the same steps are in.
    """

    transformer_kw: FloatArray
    line_kw: FloatArray

    @property
    def total_kw(self) -> FloatArray:
        """[time] of all transformers and lines."""
        return np.asarray(self.transformer_kw.sum(axis=0) + self.line_kw.sum(axis=0))


def replayed_loss(
    loads: MeteredPower,
    plates: Plates,
    feeders: Sequence[Feeder],
    nominal_v: FloatArray,
    supplied_kvar: FloatArray,
    load_weight: FloatArray | float = 1.0,
    before: Sequence[NetworkFlows] | None = None,
) -> ReplayedLoss:
    """Replay transformers and lines as they were and with ``supplied_kvar`` [substation, time] at the low-voltage side.

    loads: without gaps, as what flows in the network. load_weight: [substation, time] stored load loss over that of the
    same P and Q as a balanced sine; it scales what the transformer saves. before: the flows of each feeder as it was,
    where they are solved already. The supply keeps its voltage; that of the busbar rises by X·Qc/Sr (the transformer)
    and by what the lines drop less. Currents fall with it, cores lose more.
    """
    loads = replace(loads, is_valid=np.ones_like(loads.is_valid))
    voltage = np.maximum(loads.voltage_pu, np.finfo(float).tiny)
    rise = plates.reactance * supplied_kvar / plates.rated_kva / voltage
    lines = np.zeros((len(feeders), supplied_kvar.shape[1]))
    flows = flows_before(loads, plates, feeders, nominal_v) if before is None else before
    for number, (feeder, was) in enumerate(zip(feeders, flows, strict=True)):
        members = list(feeder.members)
        helped = _with_supply(rows_of(loads, members), supplied_kvar[members], rise[members])
        after = solve(feeder, was.nominal_v, *_drawn(helped, rows_of(plates, members)), was.supply_pu)
        lines[number] = np.nan_to_num(was.loss_kw - after.loss_kw).sum(axis=0)
        rise[members] += _line_rise(was, after)
    then = transformer_losses(_with_supply(loads, supplied_kvar, rise), plates)
    now = transformer_losses(loads, plates)
    saved = load_weight * (now.load_kw - then.load_kw) + now.no_load_kw - then.no_load_kw
    return ReplayedLoss(np.nan_to_num(saved), lines)


def flows_before(
    loads: MeteredPower, plates: Plates, feeders: Sequence[Feeder], nominal_v: FloatArray
) -> list[NetworkFlows]:
    """What flows in each feeder as it was: the same for every replay."""
    return [
        power_flow_of(
            feeder,
            rows_of(loads, members),
            rows_of(plates, members),
            float(np.median(nominal_v[members])),
        )
        for feeder, members in ((each, list(each.members)) for each in feeders)
    ]


def bank_loss_kw(supplied_kvar: FloatArray, guard: Guard) -> FloatArray:
    """What the capacitors in service, and their reactors, lose themselves."""
    return np.asarray(supplied_kvar * BANK_LOSS_W_PER_KVAR[guard] / 1000.0)


def _with_supply(loads: MeteredPower, kvar: FloatArray, rise_pu: FloatArray) -> MeteredPower:
    return replace(loads, reactive_kvar=loads.reactive_kvar - kvar, voltage_pu=loads.voltage_pu + rise_pu)


def _drawn(loads: MeteredPower, plates: Plates) -> tuple[FloatArray, FloatArray]:
    """kW and kvar at the high-voltage side, as ``power_flow_of`` has them."""
    kw = loads.active_kw + transformer_losses(loads, plates).total_kw
    own_kvar = plates.rated_kva * (plates.reactance * current_squared(loads, plates) + MAGNETISING_SHARE)
    return kw, loads.reactive_kvar + own_kvar


def _line_rise(before: NetworkFlows, after: NetworkFlows) -> FloatArray:
    """[member, time] by how much the voltage at its node is higher; 0 where no line ends there."""
    feeder = before.feeder
    ends = {segment.target: number for number, segment in enumerate(feeder.segments)}
    rises = np.nan_to_num(after.end_pu - before.end_pu)
    return np.array([rises[ends[code]] if code in ends else 0.0 * rises[0] for code in feeder.codes])
