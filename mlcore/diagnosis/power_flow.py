"""Flows in the network above the substations, and the loss surface of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History
from mlcore.diagnosis.rolling import first_order, held, held_on
from mlcore.diagnosis.signals import Signals
from substations.electrical import losses
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.thermal import TYPICAL_AMBIENT_C, ultimate_top_oil_rise_k
from substations.electrical.topology import Feeder, Segment, feeders

PLATE_FIELDS = ("rated_kva", "no_load_loss_w", "load_loss_w", "impedance_pct")
MAGNETISING_SHARE = 0.012
"""Magnetising power over the rating: the no-load current of ordinary distribution transformers, 1 to 2 %."""

MAX_DROP = 0.2
"""Keeps a wrong line length from making a voltage that no feeder has: protection trips before."""

HOLD_HOURS = 6.0
"""Chosen: a neighbour that is silent for less still counts in the flow of the feeder with its last reading."""

TYPICAL_LOADING_SQUARED = 0.25
"""Assumed before any reading: half load."""


@dataclass(frozen=True)
class OperatingPoint:
    """Where each transformer works and what it loses, [substation, time].

    surface: how the loss answers to a change of P and Q (kW).
    no_load_kw, load_kw, local_kw: core loss, load loss, and both with the share of the feeders upstream. What is fed in
    may relieve the feeders; the share then counts as none, or a loss would be compared with next to nothing.
    winding_c: winding temperature.
    loading_squared: (S1 / Sr / U)², fundamental current squared in per unit.
    voltage_drop: of the feeder, in per unit.
    drop_of_own_kvar: [substation, 1], voltage in per unit that the rated power in kvar drops in the own transformer
    and the segments above it.
    rise_k: modelled top-oil rise over ambient.
    no_load_w, load_loss_kw: [substation, 1], of the plate.
    """

    surface: losses.LossSurface
    no_load_kw: FloatArray
    load_kw: FloatArray
    local_kw: FloatArray
    winding_c: FloatArray
    loading_squared: FloatArray
    voltage: FloatArray
    drop_of_own_kvar: FloatArray
    distortion: FloatArray
    voltage_drop: FloatArray
    rise_k: FloatArray
    no_load_w: FloatArray
    rated_load_loss_kw: FloatArray
    has_feeder: BoolArray


def power_flow(
    fleet: Fleet, signals: Signals, reactive: FloatArray, flags: QualityFlags, history: History
) -> OperatingPoint:
    """Work out flows, losses and thermal rise from P and Q in per unit (``reactive`` already cleaned)."""
    bad_power, bad_oil = flags.power, flags.oil
    plates = fleet.nameplates
    named = {name: np.array([[getattr(plate, name)] for plate in plates]) for name in PLATE_FIELDS}
    rated, no_load_w, load_w = named["rated_kva"], named["no_load_loss_w"], named["load_loss_w"]
    active_kw, reactive_kvar = signals.active * rated, reactive * rated
    voltage = np.where(bad_power | ~(signals.voltage > 0.3), 1.0, signals.voltage)
    distortion = np.nan_to_num(signals.distortion)
    loading_squared = (signals.active**2 + reactive**2) / voltage**2
    heating = _heating(signals, loading_squared, flags.imbalance) * losses.thermal_harmonic_factor(distortion)
    rise = _oil_rise(fleet, heating, load_w / no_load_w, history)
    oil = np.where(np.isfinite(signals.oil_c) & ~bad_oil, signals.oil_c, np.nan)
    oil = np.where(np.isnan(oil), TYPICAL_AMBIENT_C + rise, oil)
    winding = losses.winding_temperature_c(oil, np.sqrt(loading_squared))
    per_kva2 = load_w / 1000.0 * losses.load_loss_factor(distortion, winding) / (rated * voltage) ** 2
    upstream = _upstream(fleet, active_kw, reactive_kvar, named, history)
    surface = losses.LossSurface(
        active_kw=active_kw,
        reactive_kvar=reactive_kvar,
        transformer_per_kva2=per_kva2,
        feeder_active=upstream.active,
        feeder_reactive=upstream.reactive,
        feeder_curvature=upstream.curvature,
        reactance_per_kva=named["impedance_pct"] / 100.0 / rated,
    )
    no_load_kw = losses.no_load_loss_kw(no_load_w, voltage)
    load_kw = per_kva2 * (active_kw**2 + reactive_kvar**2)
    return OperatingPoint(
        surface=surface,
        no_load_kw=no_load_kw,
        load_kw=load_kw,
        local_kw=no_load_kw + load_kw + np.maximum(surface.feeder_share_kw(), 0.0),
        winding_c=winding,
        loading_squared=loading_squared,
        voltage=voltage,
        drop_of_own_kvar=(surface.reactance_per_kva + upstream.drop_per_kvar) * rated,
        distortion=distortion,
        voltage_drop=upstream.drop,
        rise_k=rise,
        no_load_w=no_load_w,
        rated_load_loss_kw=load_w / 1000.0,
        has_feeder=np.asarray((upstream.curvature > 0).any(axis=1, keepdims=True)),
    )


@dataclass(frozen=True)
class _Upstream:
    active: FloatArray
    reactive: FloatArray
    curvature: FloatArray
    drop: FloatArray
    drop_per_kvar: FloatArray


def _upstream(
    fleet: Fleet, active_kw: FloatArray, reactive_kvar: FloatArray, plates: dict[str, FloatArray], history: History
) -> _Upstream:
    """Σ over the segments above each substation of R'·P, R'·Q, R', the voltage drop, and that of its own kvar.

    The flows are those on the high-voltage side: with the transformers' own losses and reactive power. Each
    segment loses at the voltage that the drop up to its end leaves.
    """
    hold = fleet.steps(HOLD_HOURS)
    active = np.nan_to_num(held(active_kw, hold, history.of("active")))
    reactive = np.nan_to_num(held(reactive_kvar, hold, history.of("reactive")))
    square = (active**2 + reactive**2) / plates["rated_kva"]
    own_kw = (plates["no_load_loss_w"] + plates["load_loss_w"] * square / plates["rated_kva"]) / 1000.0
    own_kvar = plates["impedance_pct"] / 100.0 * square + MAGNETISING_SHARE * plates["rated_kva"]
    active, reactive = active + own_kw, reactive + own_kvar
    none = np.zeros_like(active)
    found = _Upstream(none.copy(), none.copy(), none.copy(), none.copy(), np.zeros((len(active), 1)))
    for feeder in _feeders(fleet.codes, fleet.segments):
        members = list(feeder.members)
        nominal_v = float(np.median([fleet.nameplates[member].hv_nominal_v for member in members]))
        flow_kw, flow_kvar = feeder.carries @ active[members], feeder.carries @ reactive[members]
        square = (flow_kw**2 + flow_kvar**2) * 1000.0 / nominal_v**2
        flow_kw = flow_kw + feeder.drop_share.T @ (feeder.r_ohm[:, None] * square)
        flow_kvar = flow_kvar + feeder.drop_share.T @ (feeder.x_ohm[:, None] * square)
        drop = (feeder.r_ohm[:, None] * flow_kw + feeder.x_ohm[:, None] * flow_kvar) * 1000.0 / nominal_v**2
        at_member = feeder.carries.T @ drop
        at_end = np.clip(feeder.drop_share @ drop, 0.0, MAX_DROP)
        r_kw = feeder.r_ohm[:, None] * 1000.0 / (nominal_v * (1.0 - at_end)) ** 2
        found.active[members] = feeder.carries.T @ (r_kw * flow_kw)
        found.reactive[members] = feeder.carries.T @ (r_kw * flow_kvar)
        found.curvature[members] = (feeder.carries**2).T @ r_kw
        found.drop[members] = at_member
        found.drop_per_kvar[members] = (feeder.carries**2).T @ (feeder.x_ohm[:, None] * 1000.0 / nominal_v**2)
    return found


@lru_cache(maxsize=256)
def _feeders(codes: tuple[str, ...], segments: tuple[Segment, ...]) -> list[Feeder]:
    """The feeders of a network: the same at every step that is judged."""
    return feeders(codes, segments)


def _heating(signals: Signals, loading_squared: FloatArray, bad_currents: BoolArray) -> FloatArray:
    """Mean square of the phase currents' fundamentals in per unit; that of the powers where currents are missing."""
    rated_a = signals.rated_kva * 1000.0 / (np.sqrt(3.0) * signals.rows.nominal_v)
    square = ((signals.rows.currents_a / rated_a[..., None]) ** 2).mean(axis=-1)
    square = square / (1.0 + np.nan_to_num(signals.distortion) ** 2)
    believable = ~bad_currents & (np.abs(square - loading_squared) <= 0.5 * loading_squared)
    return np.where(believable, square, loading_squared)


def _oil_rise(fleet: Fleet, loading_squared: FloatArray, loss_ratio: FloatArray, history: History) -> FloatArray:
    """Top-oil rise along the load history; gaps are bridged by the last known load."""
    known = held_on(loading_squared, history.of("loading"))
    constants_s = 60.0 * np.array([plate.oil_time_constant_min for plate in fleet.nameplates])
    ultimate = ultimate_top_oil_rise_k(np.where(np.isfinite(known), known, TYPICAL_LOADING_SQUARED), loss_ratio)
    return first_order(ultimate, fleet.interval_s, constants_s, history.of("oil_rise"))


def current_square_ratio(signals: Signals, operation: OperatingPoint) -> FloatArray:
    """Mean square of the phase currents over what P and Q need in balance, without the harmonics' part."""
    rated_a = signals.rated_kva * 1000.0 / (np.sqrt(3.0) * signals.rows.nominal_v)
    square = ((signals.rows.currents_a / rated_a[..., None]) ** 2).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(square / (1.0 + operation.distortion**2) / operation.loading_squared)
