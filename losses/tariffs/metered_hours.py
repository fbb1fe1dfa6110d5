"""Hourly energies of a metering point: one substation, or several that are billed as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
HOUR_S = 3600
HOURLY_ENERGIES = (
    "energy_import_kwh", "energy_export_kwh", "reactive_q1_kvarh", "reactive_q2_kvarh", "reactive_q3_kvarh",
    "reactive_q4_kvarh", "apparent_kvah",
)  # fmt: skip


@dataclass(frozen=True)
class MeteredHours:
    """What is known of a metering point, [hour]; an hour of which nothing is known is not there.

    at_s: start of each hour of the local clock, UTC epoch seconds, rising. Quadrants of IEC 62053-23: I draws P and Q,
    II feeds P in and draws Q, III feeds both in, IV draws P and feeds Q in. max_demand_kw, max_demand_kva: the highest
    mean of a window of demand_window_min minutes; NaN is not known. covered_h: how much of the hour is known, 0 to 1.
    is_sum: of several meters, whose highest windows need not have come at once.
    """

    zone: ZoneInfo
    at_s: IntArray
    energy_import_kwh: FloatArray
    energy_export_kwh: FloatArray
    reactive_q1_kvarh: FloatArray
    reactive_q2_kvarh: FloatArray
    reactive_q3_kvarh: FloatArray
    reactive_q4_kvarh: FloatArray
    apparent_kvah: FloatArray
    max_demand_kw: FloatArray
    max_demand_kva: FloatArray
    covered_h: FloatArray
    demand_window_min: int = 15
    is_sum: bool = False

    @classmethod
    def of_columns(
        cls,
        zone: ZoneInfo,
        at_s: IntArray,
        columns: Mapping[str, FloatArray],
        *,
        window_min: int = 15,
        is_sum: bool = False,
    ) -> MeteredHours:
        """From arrays by name; energies that are not given are 0, demands not known, hours known as a whole."""
        zero, none, whole = np.zeros(len(at_s)), np.full(len(at_s), np.nan), np.ones(len(at_s))
        energies = dict.fromkeys(HOURLY_ENERGIES, zero)
        others = {"max_demand_kw": none, "max_demand_kva": none, "covered_h": whole}
        arrays: dict[str, Any] = {**energies, **others, **columns}
        return cls(zone, at_s, **arrays, demand_window_min=window_min, is_sum=is_sum)

    def __len__(self) -> int:
        return len(self.at_s)

    def where(self, chosen: BoolArray) -> MeteredHours:
        """The chosen hours alone."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in _ARRAYS})

    def in_month(self, month: date) -> MeteredHours:
        start_s, end_s = month_bounds_s(month, self.zone)
        return self.where((self.at_s >= start_s) & (self.at_s < end_s))

    def scaled(self, factor: FloatArray) -> MeteredHours:
        """Energies times a factor for each hour; demands stay."""
        return replace(self, **{name: getattr(self, name) * factor for name in HOURLY_ENERGIES})


_ARRAYS = tuple(each.name for each in fields(MeteredHours) if each.name not in {"zone", "demand_window_min", "is_sum"})


def month_bounds_s(month: date, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end of the local month that a day lies in, UTC epoch seconds."""
    first = month.replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)
    start, end = (int(datetime.combine(day, time(), zone).timestamp()) for day in (first, after))
    return start, end


def month_hours_s(month: date, zone: ZoneInfo) -> IntArray:
    """The start of every hour of a local month: 743 or 745 of them where clocks change in a month of 31 days."""
    start_s, end_s = month_bounds_s(month, zone)
    return np.arange(start_s, end_s, HOUR_S, dtype=np.int64)


def summed(meters: Sequence[MeteredHours]) -> MeteredHours:
    """Several meters as one point: energies add up; the sum of their highest demands is an upper bound.

    kVAh of the sum: √(kWh² + kvarh²) of each hour, since apparent power doesn't add up. An hour is known as far as it
    is on average of the meters.
    """
    if len(meters) == 1:
        return meters[0]
    at_s = np.unique(np.concatenate([each.at_s for each in meters]))
    columns = {name: np.zeros(len(at_s)) for name in (*HOURLY_ENERGIES, "covered_h")}
    demands = {name: np.full(len(at_s), np.nan) for name in ("max_demand_kw", "max_demand_kva")}
    for each in meters:
        rows = np.searchsorted(at_s, each.at_s)
        for name, column in columns.items():
            column[rows] += getattr(each, name)
        for name, column in demands.items():
            column[rows] = np.nansum([column[rows], getattr(each, name)], axis=0)
    columns["covered_h"] /= len(meters)
    active = columns["energy_import_kwh"] - columns["energy_export_kwh"]
    lagging = columns["reactive_q1_kvarh"] + columns["reactive_q2_kvarh"]
    columns["apparent_kvah"] = np.hypot(active, lagging - columns["reactive_q3_kvarh"] - columns["reactive_q4_kvarh"])
    window = max(each.demand_window_min for each in meters)
    return MeteredHours.of_columns(meters[0].zone, at_s, {**columns, **demands}, window_min=window, is_sum=True)
