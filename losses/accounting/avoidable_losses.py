"""What a substation at its target power factor would save: in its transformer and in every line above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from losses.accounting.metered_power import MeteredPower, Plates
from losses.accounting.supply_network import NetworkFlows
from losses.accounting.transformer_losses import NO_LOAD_EXPONENT, TransformerLosses, winding_above_top_oil_k
from substations.electrical.losses import load_loss_factor, reactive_surplus_kvar
from substations.electrical.power import FloatArray
from substations.electrical.thermal import TYPICAL_AMBIENT_C, ultimate_top_oil_rise_k


@dataclass(frozen=True)
class Relief:
    """What each line is spared where one member compensates, [line, time]: kW, kvar and per-unit voltage drop."""

    active_kw: FloatArray
    reactive_kvar: FloatArray
    drop_pu: FloatArray


def avoidable_in_transformer(metered: MeteredPower, losses: TransformerLosses, plates: Plates) -> FloatArray:
    """kW, [substation, time]: the load loss at Q less that at the target power factor, both at the same P.

    Pk·(P² + Q²)/U² with Q as it is and with what the target allows; U rises by X·ΔQ where the bank stands.
    """
    saved, _ = _own_transformer(metered, losses, plates, _surplus(metered, plates))
    return saved


def avoidable_with_network(
    metered: MeteredPower, losses: TransformerLosses, plates: Plates, flows: NetworkFlows
) -> FloatArray:
    """kW, [member, time], of the members of a feeder: as if each alone were compensated, the others as they are.

    The lines then carry less reactive power at a higher voltage, and so do the neighbours' transformers. Losses are not
    additive: all members together save less than the sum.
    """
    surplus = _surplus(metered, plates)
    own_kw, own_kvar = _own_transformer(metered, losses, plates, surplus)
    saved = own_kw.copy()
    for member in range(len(surplus)):
        steps = np.nonzero(surplus[member])[0]
        if len(steps):
            relief = _relief(flows, member, own_kw[member, steps], own_kvar[member, steps], steps)
            saved[member, steps] += _in_lines(flows, relief, steps)
            saved[member, steps] += _in_transformers(metered, losses, plates, flows, relief, steps)
    return saved


def _surplus(metered: MeteredPower, plates: Plates) -> FloatArray:
    beyond = reactive_surplus_kvar(metered.active_kw, metered.reactive_kvar, plates.target_power_factor)
    return np.where(metered.is_valid & (metered.voltage_pu > 0), np.nan_to_num(beyond), 0.0)


def _own_transformer(
    metered: MeteredPower, losses: TransformerLosses, plates: Plates, surplus_kvar: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Load loss saved in kW, and reactive power that the high-voltage side is spared in kvar."""
    before = metered.active_kw**2 + metered.reactive_kvar**2
    voltage = np.maximum(metered.voltage_pu, np.finfo(float).tiny)
    raised = 1.0 + plates.reactance * surplus_kvar / plates.rated_kva / voltage**2
    after = (metered.active_kw**2 + (metered.reactive_kvar - surplus_kvar) ** 2) / raised**2
    rated_squared = (plates.rated_kva * voltage) ** 2
    cooler = _cooler(metered, losses, plates, before / rated_squared, after / rated_squared)
    with np.errstate(divide="ignore", invalid="ignore"):
        remaining = np.where(before > 0, after / before, 1.0) * cooler
    # A leading surplus is spared as well: what is saved is never below nothing.
    saved = np.where(surplus_kvar != 0, np.maximum(losses.load_kw * (1.0 - remaining), 0.0), 0.0)
    spared_kvar = surplus_kvar + plates.reactance / plates.rated_kva * np.nan_to_num(before - after)
    return np.nan_to_num(saved), np.where(surplus_kvar != 0, spared_kvar, 0.0)


def _cooler(
    metered: MeteredPower, losses: TransformerLosses, plates: Plates, before: FloatArray, after: FloatArray
) -> FloatArray:
    """What is left of the load loss because windings with less current are cooler (IEC 60076-7, steady state).

    before, after: (I/Ir)².
    """
    ratio = plates.load_loss_kw / plates.no_load_loss_kw
    oil_fall = ultimate_top_oil_rise_k(before, ratio) - ultimate_top_oil_rise_k(after, ratio)
    oil_fall = np.clip(metered.top_oil_c - TYPICAL_AMBIENT_C, 0.0, oil_fall)  # the oil never gets colder than the air
    fall = oil_fall + winding_above_top_oil_k(before) - winding_above_top_oil_k(after)
    then = load_loss_factor(metered.distortion, losses.winding_c - fall)
    return np.asarray(then / load_loss_factor(metered.distortion, losses.winding_c))


def _relief(
    flows: NetworkFlows, member: int, active_kw: FloatArray, reactive_kvar: FloatArray, steps: np.ndarray
) -> Relief:
    """Flows that fall away: the member's own, and the losses that the lines behind a line are spared."""
    feeder, carried = flows.feeder, flows.feeder.carries[:, member, None]
    spared_kw, spared_kvar = carried * active_kw, carried * reactive_kvar
    less = flows.r_per_kw[:, steps] * (
        2.0 * (flows.flow_kw[:, steps] * spared_kw + flows.flow_kvar[:, steps] * spared_kvar)
        - spared_kw**2
        - spared_kvar**2
    )
    behind = feeder.drop_share.T - np.eye(len(feeder.r_ohm))  # of the lines behind a line, not its own
    with np.errstate(divide="ignore", invalid="ignore"):
        x_over_r = np.where(feeder.r_ohm > 0, feeder.x_ohm / feeder.r_ohm, 0.0)[:, None]
    spared_kw = spared_kw + behind @ less
    spared_kvar = spared_kvar + behind @ (x_over_r * less)
    drop = (feeder.r_ohm[:, None] * spared_kw + feeder.x_ohm[:, None] * spared_kvar) * 1000.0 / flows.nominal_v**2
    return Relief(spared_kw, spared_kvar, drop)


def _in_lines(flows: NetworkFlows, relief: Relief, steps: np.ndarray) -> FloatArray:
    """kW, [time]: Σ R·(P² + Q²)/U² as it is, less the same with what is spared."""
    end = flows.end_pu[:, steps]
    rise = flows.feeder.drop_share @ relief.drop_pu
    rate = flows.r_per_kw[:, steps] * (end / (end + rise)) ** 2
    after = rate * (
        (flows.flow_kw[:, steps] - relief.active_kw) ** 2 + (flows.flow_kvar[:, steps] - relief.reactive_kvar) ** 2
    )
    return np.asarray(np.nan_to_num(flows.loss_kw[:, steps] - after).sum(axis=0))


def _in_transformers(
    metered: MeteredPower,
    losses: TransformerLosses,
    plates: Plates,
    flows: NetworkFlows,
    relief: Relief,
    steps: np.ndarray,
) -> FloatArray:
    """kW, [time]: at the higher voltage transformers carry less current and their cores lose more."""
    rise = flows.feeder.carries.T @ relief.drop_pu
    voltage = np.maximum(metered.voltage_pu[:, steps], np.finfo(float).tiny)
    ratio = (voltage + rise) / voltage
    less = losses.load_kw[:, steps] * (1.0 - ratio**-2.0) + losses.no_load_kw[:, steps] * (
        1.0 - ratio**NO_LOAD_EXPONENT
    )
    return np.asarray(np.nan_to_num(less).sum(axis=0))
