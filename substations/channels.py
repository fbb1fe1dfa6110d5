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


def _(label: str) -> str:
    """Marks a label for the catalogues of languages; a page translates it where it shows it."""
    return label


_MAX_KW = 1e6  # a gigawatt: far above any substation, far below an overflowed register

# Low and high: what no instrument of a substation can mean; beyond it a register has overflowed.
CHANNELS: tuple[Channel, ...] = (
    Channel("active_power_kw", _("Active power"), "kW", _("power"), -_MAX_KW, _MAX_KW),
    Channel("apparent_power_kva", _("Apparent power"), "kVA", _("power"), 0, _MAX_KW),
    Channel("reactive_power_kvar", _("Reactive power"), "kvar", _("power"), -_MAX_KW, _MAX_KW),
    Channel("power_factor", _("Power factor"), "", _("power factor"), -1, 1),
    Channel("current_l1_a", _("Current L1"), "A", _("current"), 0, 1e6),
    Channel("current_l2_a", _("Current L2"), "A", _("current"), 0, 1e6),
    Channel("current_l3_a", _("Current L3"), "A", _("current"), 0, 1e6),
    Channel("current_avg_a", _("Current, mean of phases"), "A", _("current"), 0, 1e6),
    Channel("voltage_l12_v", _("Voltage L1-L2"), "V", _("voltage"), 0, 1e6),
    Channel("voltage_l23_v", _("Voltage L2-L3"), "V", _("voltage"), 0, 1e6),
    Channel("voltage_l31_v", _("Voltage L3-L1"), "V", _("voltage"), 0, 1e6),
    Channel("voltage_avg_v", _("Voltage, mean line to line"), "V", _("voltage"), 0, 1e6),
    Channel("frequency_hz", _("Frequency"), "Hz", _("frequency"), 0, 100),
    Channel("thd_current_l1_pct", _("Current THD L1"), "%", _("harmonics"), 0, 1000),
    Channel("thd_current_l2_pct", _("Current THD L2"), "%", _("harmonics"), 0, 1000),
    Channel("thd_current_l3_pct", _("Current THD L3"), "%", _("harmonics"), 0, 1000),
    Channel("thd_voltage_l12_pct", _("Voltage THD L1-L2"), "%", _("harmonics"), 0, 1000),
    Channel("thd_voltage_l23_pct", _("Voltage THD L2-L3"), "%", _("harmonics"), 0, 1000),
    Channel("thd_voltage_l31_pct", _("Voltage THD L3-L1"), "%", _("harmonics"), 0, 1000),
    Channel("oil_temperature_c", _("Transformer oil temperature"), "°C", _("temperature"), -60, 250),
)

CHANNEL_NAMES: tuple[str, ...] = tuple(channel.name for channel in CHANNELS)
CHANNEL_INDEX: dict[str, int] = {name: index for index, name in enumerate(CHANNEL_NAMES)}
BY_NAME: dict[str, Channel] = {channel.name: channel for channel in CHANNELS}
