"""The channels of a reading: one table that models, parsers, forms, charts and the API all read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity on the low-voltage side of a substation's transformer.

    ``low`` and ``high`` bound what a working meter can report at all: a value outside is a bad row,
    while a value inside may still be abnormal. Phases are named L1, L2, L3 as in IEC 60446.
    """

    name: str
    label: str
    unit: str
    group: str
    low: float
    high: float


_LARGEST_KW = 1e6  # a gigawatt: far above any substation, far below an overflowed register

CHANNELS: tuple[Channel, ...] = (
    Channel("active_power_kw", "Active power", "kW", "power", -_LARGEST_KW, _LARGEST_KW),
    Channel("apparent_power_kva", "Apparent power", "kVA", "power", 0, _LARGEST_KW),
    Channel("reactive_power_kvar", "Reactive power", "kvar", "power", -_LARGEST_KW, _LARGEST_KW),
    Channel("power_factor", "Power factor", "", "power factor", -1, 1),
    Channel("current_l1_a", "Current L1", "A", "current", 0, 1e6),
    Channel("current_l2_a", "Current L2", "A", "current", 0, 1e6),
    Channel("current_l3_a", "Current L3", "A", "current", 0, 1e6),
    Channel("current_avg_a", "Current, mean of phases", "A", "current", 0, 1e6),
    Channel("voltage_l12_v", "Voltage L1-L2", "V", "voltage", 0, 1e6),
    Channel("voltage_l23_v", "Voltage L2-L3", "V", "voltage", 0, 1e6),
    Channel("voltage_l31_v", "Voltage L3-L1", "V", "voltage", 0, 1e6),
    Channel("voltage_avg_v", "Voltage, mean line to line", "V", "voltage", 0, 1e6),
    Channel("frequency_hz", "Frequency", "Hz", "frequency", 0, 100),
    Channel("thd_current_l1_pct", "Current THD L1", "%", "harmonics", 0, 1000),
    Channel("thd_current_l2_pct", "Current THD L2", "%", "harmonics", 0, 1000),
    Channel("thd_current_l3_pct", "Current THD L3", "%", "harmonics", 0, 1000),
    Channel("thd_voltage_l12_pct", "Voltage THD L1-L2", "%", "harmonics", 0, 1000),
    Channel("thd_voltage_l23_pct", "Voltage THD L2-L3", "%", "harmonics", 0, 1000),
    Channel("thd_voltage_l31_pct", "Voltage THD L3-L1", "%", "harmonics", 0, 1000),
    Channel("oil_temperature_c", "Transformer oil temperature", "°C", "temperature", -60, 250),
)

CHANNEL_NAMES: tuple[str, ...] = tuple(channel.name for channel in CHANNELS)
CHANNEL_INDEX: dict[str, int] = {name: index for index, name in enumerate(CHANNEL_NAMES)}
BY_NAME: dict[str, Channel] = {channel.name: channel for channel in CHANNELS}
