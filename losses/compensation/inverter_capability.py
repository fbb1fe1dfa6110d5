"""What a solar inverter can supply: reactive power that costs a setting and no bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from substations.electrical.power import BoolArray, FloatArray

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

CAPABILITY_SHARE = 0.44
"""IEEE 1547-2018, category B: an inverter supplies 44 % of its rated kVA as kvar at any output above a fifth."""

MIN_EXPORT_KW = 0.5
"""Chosen: what a meter without solar shows as export is noise below this."""


@dataclass(frozen=True, slots=True)
class InverterOffer:
    """rated_kva: None where not known. kvar: while it produces; at_least_kvar: what the export alone proves it can.

    produces_h: hours of the record that count as productive. lowest_power_factor: of the inverter at full output.
    """

    rated_kva: float | None
    kvar: float
    at_least_kvar: float
    produces_h: int
    lowest_power_factor: float


def productive_hours(active_kw: FloatArray, at_s: IntArray, zone: ZoneInfo) -> BoolArray:
    """[hour] hours of the day in which the same month saw export.

    The meter sees what the load leaves: on other days the inverter produces in these hours too, without any export.
    """
    local = [datetime.fromtimestamp(second, zone) for second in at_s.tolist()]
    key = np.array([(each.year * 12 + each.month) * 24 + each.hour for each in local], dtype=np.int64)
    return np.asarray(np.isin(key, key[active_kw < -MIN_EXPORT_KW]))


def inverter_offer(active_kw: FloatArray, produces: BoolArray, rated_kva: float | None) -> InverterOffer | None:
    """None without any export and without a rating: no solar that we know of."""
    export_kw = float(max(0.0, -np.nanmin(active_kw))) if np.isfinite(active_kw).any() else 0.0
    if not rated_kva and export_kw <= MIN_EXPORT_KW:
        return None
    return InverterOffer(
        rated_kva=rated_kva or None,
        kvar=CAPABILITY_SHARE * (rated_kva or 0.0),
        at_least_kvar=CAPABILITY_SHARE * export_kw,
        produces_h=int(np.count_nonzero(produces)),
        lowest_power_factor=float(np.sqrt(1 - CAPABILITY_SHARE**2)),
    )


def inverter_kvar(
    active_kw: FloatArray,
    reactive_kvar: FloatArray,
    produces: BoolArray,
    limit_kvar: float,
    target_power_factor: float,
) -> FloatArray:
    """[hour] kvar that an inverter supplies when it is set to hold the target at the meter, up to a limit."""
    allowed = np.abs(active_kw) * np.tan(np.arccos(target_power_factor))
    wanted = np.nan_to_num(np.maximum(reactive_kvar - allowed, 0.0))
    return np.where(produces, np.minimum(wanted, limit_kvar), 0.0)
