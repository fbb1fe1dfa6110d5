"""One supplied part of the network: from what its meters measured to the losses of each of its substations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from losses.accounting.avoidable_losses import avoidable_in_transformer, avoidable_with_network
from losses.accounting.line_losses import LineLosses, line_losses
from losses.accounting.metered_power import MeteredPower, Plates, rows_of
from losses.accounting.supply_network import MAX_SUPPLY_ERROR, NetworkFlows, solve
from losses.accounting.transformer_losses import TransformerLosses, current_squared, transformer_losses
from substations.electrical.losses import FEEDER_DISTORTION_WEIGHT
from substations.electrical.power import FloatArray
from substations.electrical.topology import Feeder

MAGNETISING_SHARE = 0.012
"""Magnetising power over the rating: the no-load current of ordinary distribution transformers, 1 to 2 %."""

NEGATIVE_SEQUENCE_SHARE = 0.5
"""Only the negative sequence of an imbalance passes a delta winding; the other half stays in the transformer."""


@dataclass(frozen=True)
class SubstationLosses:
    """kW, [substation, time]; NaN where the meter says nothing; feeder_kw also without a known way to the supply.

    lines: the losses of the lines themselves, by supplied part of the network.
    """

    transformer: TransformerLosses
    feeder_kw: FloatArray
    avoidable_kw: FloatArray
    lines: tuple[LineLosses, ...]


def substation_losses(
    metered: MeteredPower, plates: Plates, feeders: list[Feeder], nominal_v: FloatArray, loads: MeteredPower
) -> SubstationLosses:
    """Losses of transformers and lines.

    loads: like ``metered``, without gaps: what flows in the network while a meter is silent. nominal_v: [substation],
    of the high-voltage side.
    """
    transformer = transformer_losses(metered, plates)
    avoidable = avoidable_in_transformer(metered, transformer, plates)
    feeder_kw = np.full_like(avoidable, np.nan)
    lines = []
    for feeder in feeders:
        members = list(feeder.members)
        own, own_plates, flowing = rows_of(metered, members), rows_of(plates, members), rows_of(loads, members)
        flows = power_flow_of(feeder, flowing, own_plates, float(np.median(nominal_v[members])))
        weight = _line_weight(flows, flowing)
        feeder_kw[members] = flows.allocated_kw(weight)
        lines.append(line_losses(flows, weight, metered))
        avoidable[members] = avoidable_with_network(own, rows_of(transformer, members), own_plates, flows)
    known = np.isfinite(transformer.load_kw)
    return SubstationLosses(
        transformer,
        np.where(known, feeder_kw, np.nan),
        np.where(known, np.maximum(avoidable, 0.0), np.nan),
        tuple(lines),
    )


def power_flow_of(feeder: Feeder, loads: MeteredPower, plates: Plates, nominal_v: float) -> NetworkFlows:
    """What flows in the lines: the loads, and what their transformers take for themselves."""
    losses = transformer_losses(replace(loads, is_valid=np.ones_like(loads.is_valid)), plates)
    squared = current_squared(loads, plates)
    kw = loads.active_kw + losses.total_kw
    kvar = loads.reactive_kvar + plates.rated_kva * (plates.reactance * squared + MAGNETISING_SHARE)
    return solve(feeder, nominal_v, kw, kvar, _supply_pu(feeder, loads, plates, kw, kvar, nominal_v))


def _supply_pu(
    feeder: Feeder, loads: MeteredPower, plates: Plates, kw: FloatArray, kvar: FloatArray, nominal_v: float
) -> FloatArray:
    """[time] the voltage at the supply by what the meters say: theirs, and what transformer and lines drop.

    The median of the members, so that a wrong instrument or another tap moves nothing; nominal where nobody says it.
    """
    active, reactive = loads.active_kw / plates.rated_kva, loads.reactive_kvar / plates.rated_kva
    with np.errstate(divide="ignore", invalid="ignore"):
        along = loads.voltage_pu + (plates.resistance * active + plates.reactance * reactive) / loads.voltage_pu
        across = (plates.reactance * active - plates.resistance * reactive) / loads.voltage_pu
    lines = feeder.r_ohm[:, None] * (feeder.carries @ kw) + feeder.x_ohm[:, None] * (feeder.carries @ kvar)
    supply = np.hypot(along, across) + feeder.carries.T @ lines * 1000.0 / nominal_v**2
    by_member = np.where(loads.is_valid & (loads.voltage_pu > 0), supply, np.nan)
    with np.errstate(all="ignore"):
        median = np.nanmedian(np.where(np.isfinite(by_member).any(axis=0), by_member, 1.0), axis=0)
    return np.clip(np.where(np.isfinite(median), median, 1.0), 1.0 - MAX_SUPPLY_ERROR, 1.0 + MAX_SUPPLY_ERROR)


def _line_weight(flows: NetworkFlows, loads: MeteredPower) -> FloatArray:
    """[line, time] loss with harmonics and imbalance over that of the balanced fundamental.

    Harmonics of different substations have different phase angles: their squares add up, as IEC 61000-3-6 sums them.
    """
    squared = flows.load_kw**2 + flows.load_kvar**2
    carried = flows.feeder.carries**2
    through = (flows.feeder.carries @ flows.load_kw) ** 2 + (flows.feeder.carries @ flows.load_kvar) ** 2
    harmonic = FEEDER_DISTORTION_WEIGHT * (carried @ (squared * loads.distortion**2))
    negative_sequence = NEGATIVE_SEQUENCE_SHARE * (carried @ (squared * (loads.imbalance - 1.0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        added = (harmonic + negative_sequence) / through
    return np.where(np.isfinite(added), 1.0 + added, 1.0)
