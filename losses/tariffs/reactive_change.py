"""The same hours with another reactive energy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from losses.tariffs.metered_hours import FloatArray, MeteredHours


def net_kvarh(hours: MeteredHours) -> FloatArray:
    """[hour] lagging less leading."""
    return hours.reactive_q1_kvarh + hours.reactive_q2_kvarh - hours.reactive_q3_kvarh - hours.reactive_q4_kvarh


def with_net_kvarh(hours: MeteredHours, net: FloatArray) -> MeteredHours:
    """The same active energies with another reactive energy, [hour], lagging above 0; kVAh and kVA follow.

    Less inductive energy is taken from the lagging first and then leads; the other way round where an hour leads.
    Distortion and imbalance stay: S² changes by what Q² does. The kVA of the highest window: as if its reactive power
    were the hour's mean, which is all that is known of it. Where nothing changes, nothing does.
    """
    before = net_kvarh(hours)
    change = net - before
    lagging, leading = (
        hours.reactive_q1_kvarh + hours.reactive_q2_kvarh,
        hours.reactive_q3_kvarh + hours.reactive_q4_kvarh,
    )
    is_leading = before < 0
    lead = np.where(is_leading, np.maximum(leading - change, 0.0), leading + np.maximum(-change - lagging, 0.0))
    lag = lead + net
    q1, q2 = _rescaled(hours.reactive_q1_kvarh, hours.reactive_q2_kvarh, lag)
    q4, q3 = _rescaled(hours.reactive_q4_kvarh, hours.reactive_q3_kvarh, lead)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_hour = np.where(hours.covered_h > 0, 1 / hours.covered_h, 0.0)
    active = hours.energy_import_kwh - hours.energy_export_kwh
    return replace(
        hours,
        reactive_q1_kvarh=q1,
        reactive_q2_kvarh=q2,
        reactive_q3_kvarh=q3,
        reactive_q4_kvarh=q4,
        apparent_kvah=_apparent(hours.apparent_kvah, active, before, net),
        max_demand_kva=_apparent(hours.max_demand_kva, hours.max_demand_kw, before * per_hour, net * per_hour),
    )


def at_target(hours: MeteredHours, target_power_factor: float) -> MeteredHours:
    """The same hours with no more reactive energy than the target allows, in either direction."""
    allowed = np.abs(hours.energy_import_kwh - hours.energy_export_kwh) * math.tan(math.acos(target_power_factor))
    return with_net_kvarh(hours, np.clip(net_kvarh(hours), -allowed, allowed))


def _apparent(apparent: FloatArray, active: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """√(S² − Q² + Q'²), never below P; S itself where Q is the same."""
    found = np.sqrt(np.maximum(apparent**2 - before**2 + after**2, active**2))
    return np.where(before == after, apparent, found)


def _rescaled(first: FloatArray, second: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two parts in their proportion with another sum; all of it the first where there was nothing."""
    before = first + second
    share = np.divide(first, before, out=np.ones_like(first), where=before > 0)
    return np.where(total == before, first, total * share), np.where(total == before, second, total * (1 - share))
