"""The channels of a substation by group, each group one figure; and how long it carried how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from core.formatting import figure as written
from core.formatting import share

from .channels import BY_NAME, CHANNELS
from .charts import ChartLine, Figure, time_series
from .duration import duration_curve
from .long_records import for_figure
from .models import Reading, Substation

ROLES = ("measured", "measured-2", "measured-3", "measured-4")
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True, slots=True)
class ChannelGroup:
    """``panels``: the title of each axis and the channels that are drawn on it."""

    title: Any
    panels: tuple[tuple[Any, tuple[str, ...]], ...]

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(name for _title, names in self.panels for name in names)


def _names(prefix: str, unit: str) -> tuple[str, ...]:
    return tuple(each.name for each in CHANNELS if each.name.startswith(prefix) and each.unit == unit)


GROUPS: Mapping[str, ChannelGroup] = {
    "power": ChannelGroup(
        gettext_lazy("Power"), (("kW, kVA, kvar", ("active_power_kw", "apparent_power_kva", "reactive_power_kvar")),)
    ),
    "voltage": ChannelGroup(
        gettext_lazy("Voltage"), (("V", ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v")), ("Hz", ("frequency_hz",)))
    ),
    "current": ChannelGroup(gettext_lazy("Current"), (("A", ("current_l1_a", "current_l2_a", "current_l3_a")),)),
    "distortion": ChannelGroup(
        gettext_lazy("Distortion"),
        (
            (gettext_lazy("I, THD %"), _names("thd_current", "%")),
            (gettext_lazy("V, THD %"), _names("thd_voltage", "%")),
        ),
    ),
    "temperature": ChannelGroup(gettext_lazy("Temperature"), (("°C", ("oil_temperature_c",)),)),
}


def channel_figure(
    substation: Substation, group: ChannelGroup, start: datetime | None, end: datetime | None, *, zone: tzinfo
) -> Figure:
    """The channels of one group in a range; phases differ by dash as well as by colour. Empty ones are left out."""
    record = Reading.objects.for_substation(substation).between(start, end)
    readings, interval_s = for_figure(record, group.channels, substation.reading_interval_s)
    values = dict(zip(group.channels, readings.values.T, strict=True)) if len(readings) else {}
    known = {name: each for name, each in values.items() if np.isfinite(each).any()}
    if not known:
        return {"data": [], "layout": {}, "empty": _("None of these was measured in this range.")}
    panels = [(title, [name for name in names if name in known]) for title, names in group.panels]
    panels = [(title, names) for title, names in panels if names]
    lines = [
        ChartLine(_(BY_NAME[name].label), known[name], ROLES[number % 4], BY_NAME[name].unit, panel, DASHES[number % 4])
        for panel, (_title, names) in enumerate(panels)
        for number, name in enumerate(names)
    ]
    drawn = time_series(
        readings.at_s,
        lines,
        panels=[str(title) for title, _names in panels],
        interval_s=interval_s,
        utc_offset_s=offset_s(zone, readings.at_s),
    )
    drawn["summary"] = " ".join(_range_of(line) for line in lines)
    return drawn


def _range_of(line: ChartLine) -> str:
    low, high = float(np.nanmin(line.values)), float(np.nanmax(line.values))
    return _("%(name)s %(low)s to %(high)s.") % {
        "name": line.name, "low": written(low), "high": written(high, line.unit),
    }  # fmt: skip


def duration_figure(substation: Substation, start: datetime | None, end: datetime | None) -> Figure:
    """Apparent power, sorted: for which share of the time the load was above what; with the rating as a line.

    Without apparent power it is that of active power, which is less.
    """
    record = Reading.objects.for_substation(substation).between(start, end)
    name = "apparent_power_kva" if record.filter(apparent_power_kva__isnull=False).exists() else "active_power_kw"
    load = np.abs(record.as_arrays((name,)).values[:, 0])
    if not np.isfinite(load).any():
        return {"data": [], "layout": {}, "empty": _("No load was measured in this range.")}
    channel = BY_NAME[name]
    drawn = duration_curve(
        load, name=_(channel.label), unit=channel.unit, limit=substation.rated_kva, limit_label=_("Rated power"),
        axis=_("Share of the time, %"),
    )  # fmt: skip
    drawn["summary"] = _duration_in_words(load[np.isfinite(load)], substation.rated_kva, channel.unit)
    return drawn


def _duration_in_words(load: NDArray[np.float64], rated_kva: float | None, unit: str) -> str:
    values = {"high": written(float(load.max()), unit), "half": written(float(np.median(load)), unit)}
    said = _("Highest %(high)s; half of the time above %(half)s.") % values
    if not rated_kva:
        return said
    above = {"part": share(float((load > 0.8 * rated_kva).mean())), "rated": written(rated_kva, "kVA")}
    return f"{said} {_('Above 80 %% of %(rated)s for %(part)s of the time.') % above}"


def offset_s(zone: tzinfo, at_s: NDArray[np.int64]) -> int:
    """The offset of ``zone`` from UTC at the newest of these times."""
    offset = datetime.fromtimestamp(int(at_s[-1]), zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
