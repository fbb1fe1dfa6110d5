"""What each meter of a network measured, as the loss accounting takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from substations.electrical.nameplate import Nameplate
from substations.electrical.power import BoolArray, FloatArray

ByRow = TypeVar("ByRow")


@dataclass(frozen=True)
class MeteredPower:
    """Quantities on the low-voltage side, [substation, time] on a regular grid; NaN is missing.

    active_kw, reactive_kvar: fundamental, + is drawn from the network, + is lagging.
    apparent_kva: as measured, with distortion and imbalance.
    voltage_pu: mean line voltage over the nominal one; 1.0 where it is not known.
    distortion: harmonic over fundamental current, 0.05 is 5 %; 0 where it is not known.
    imbalance: Σ I² of the three phases over that of a balanced load, 1 or more; 1 where it is not known.
    top_oil_c: measured, or what the load would lead to.
    is_valid: the meter is believed.
    """

    active_kw: FloatArray
    reactive_kvar: FloatArray
    apparent_kva: FloatArray
    voltage_pu: FloatArray
    distortion: FloatArray
    imbalance: FloatArray
    top_oil_c: FloatArray
    is_valid: BoolArray


@dataclass(frozen=True)
class Plates:
    """Rated values of the transformers, [substation, 1].

    resistance, reactance: short-circuit, in per unit of the rating. low_factor, high_factor: what the nameplate leaves
    open about a loss that was worked out from it.
    """

    rated_kva: FloatArray
    no_load_loss_kw: FloatArray
    load_loss_kw: FloatArray
    resistance: FloatArray
    reactance: FloatArray
    target_power_factor: FloatArray
    low_factor: FloatArray
    high_factor: FloatArray


def plates_of(nameplates: tuple[Nameplate, ...]) -> Plates:
    """Nameplates as columns."""
    rated, no_load_w, load_w, impedance_pct, target = (
        np.array([[getattr(plate, name)] for plate in nameplates], dtype=np.float64)
        for name in ("rated_kva", "no_load_loss_w", "load_loss_w", "impedance_pct", "target_power_factor")
    )
    resistance = load_w / 1000.0 / rated
    intervals = np.array([plate.loss_interval() for plate in nameplates], dtype=np.float64)
    return Plates(
        rated_kva=rated,
        no_load_loss_kw=no_load_w / 1000.0,
        load_loss_kw=load_w / 1000.0,
        resistance=resistance,
        # A plate whose load loss alone exceeds its impedance is wrong, but has no reactance below zero.
        reactance=np.sqrt(np.maximum((impedance_pct / 100.0) ** 2 - resistance**2, 0.0)),
        target_power_factor=target,
        low_factor=intervals[:, :1],
        high_factor=intervals[:, 1:],
    )


def rows_of(whole: ByRow, rows: Sequence[int]) -> ByRow:
    """The rows of some substations of a dataclass whose fields are arrays [substation, …], or such dataclasses."""
    parts: dict[str, Any] = {}
    for field in fields(whole):  # type: ignore[arg-type]  # a dataclass, which no bound of a type variable says
        part = getattr(whole, field.name)
        parts[field.name] = rows_of(part, rows) if is_dataclass(part) else part[list(rows)]
    return replace(whole, **parts)  # type: ignore[type-var]
