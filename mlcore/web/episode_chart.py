"""One episode as a figure: first the quantity that gave it away, then power factor and loss, measured and expected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from mlcore.explanations import entry_of
from mlcore.models import Detection
from substations.charts import ChartLine, time_series
from substations.models import Reading

from .substation_chart import aligned_scores, shaded, utc_offset_s

PHASES = ("L1", "L2", "L3")
CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a")
# Quantity of the evidence: the channels that are drawn for it, the unit on their axis, and the name of their one line,
# the mean of several channels; without a name each phase is drawn.
DRAWN: Mapping[str, tuple[tuple[str, ...], str, str | Promise]] = {
    "voltage_v": (("voltage_avg_v",), "V", gettext_lazy("Voltage")),
    "oil_temperature_c": (("oil_temperature_c",), "°C", gettext_lazy("Oil temperature")),
    "thd_current_pct": (
        ("thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct"),
        "%",
        gettext_lazy("Current THD"),
    ),
    "imbalance_pct": (CURRENTS, "A", ""),
    "active_power_kw": (("active_power_kw",), "kW", gettext_lazy("Active power")),
}
Arrays = Mapping[str, NDArray[np.float64]]


def episode_figure(
    detection: Detection, start: datetime, end: datetime | None, *, zone: tzinfo | None = None
) -> dict[str, Any]:
    """Stacked panels over [start, end] in ``zone``, else the substation's own; the episode is shaded.

    The first panel shows reactive power against what was expected of it, or the quantity that the cause is about, with
    the limit that it passed at the peak as a dotted line.
    """
    substation = detection.substation
    shown_by = entry_of(detection.cause).quantity
    quantity = shown_by if shown_by in DRAWN else ""
    channels = DRAWN[quantity][0] if quantity else ()
    names = tuple(dict.fromkeys(("power_factor", "reactive_power_kvar", *channels)))
    readings = Reading.objects.for_substation(substation).between(start, end).as_arrays(names)
    if not len(readings):
        return {"data": [], "layout": {}, "empty": _("The readings of this episode are no longer stored.")}
    measured = dict(zip(names, readings.values.T, strict=True))
    scores = aligned_scores(substation, readings.at_s)
    first = _quantity_lines(quantity, measured) if quantity else _reactive_lines(measured, scores)
    episodes = Detection.objects.not_withdrawn().filter(substation=substation).touching(start, end)
    guides: dict[int, list[tuple[str, float]]] = {1: [(_("target"), substation.target_power_factor)]}
    if quantity:
        guides[0] = _limit_at_peak(detection, quantity)
    return time_series(
        readings.at_s,
        [*first, *_power_factor_lines(measured, scores), *_loss_lines(scores)],
        panels=[DRAWN[quantity][1] if quantity else _("kvar"), _("Power factor"), _("kW lost")],
        interval_s=substation.reading_interval_s,
        utc_offset_s=utc_offset_s(zone or substation.zone, readings.at_s),
        episodes=[shaded(episode) for episode in episodes],
        guides=guides,
    )


def _reactive_lines(measured: Arrays, scores: Arrays) -> list[ChartLine]:
    return [
        ChartLine(_("Expected kvar"), scores["expected_reactive_power_kvar"], "expected", "kvar", 0, "dash"),
        ChartLine(_("Reactive power"), measured["reactive_power_kvar"], "measured-2", "kvar", 0),
    ]


def _quantity_lines(quantity: str, measured: Arrays) -> list[ChartLine]:
    channels, unit, line = DRAWN[quantity]
    if len(channels) == 1:
        return [ChartLine(str(line), measured[channels[0]], "measured-2", unit)]
    if line:
        table = np.stack([measured[name] for name in channels])
        known = np.isfinite(table)
        count = known.sum(axis=0)
        total = np.where(known, table, 0.0).sum(axis=0)
        values = np.divide(total, count, out=np.full(table.shape[1], np.nan), where=count > 0)
        return [ChartLine(str(line), values, "measured-2", unit)]
    roles = ("measured-2", "measured-3", "measured-4")
    return [
        ChartLine(phase, measured[name], role, unit) for phase, name, role in zip(PHASES, channels, roles, strict=True)
    ]


def _power_factor_lines(measured: Arrays, scores: Arrays) -> list[ChartLine]:
    return [
        ChartLine(_("Lowest expected"), scores["power_factor_low"], "band", panel=1),
        ChartLine(_("Expected range"), scores["power_factor_high"], "band", panel=1, fill_to_previous=True),
        ChartLine(_("Power factor"), np.abs(measured["power_factor"]), "measured", panel=1),
    ]


def _loss_lines(scores: Arrays) -> list[ChartLine]:
    return [
        ChartLine(_("Loss"), scores["loss_kw"], "measured-3", "kW", 2),
        ChartLine(_("Extra loss"), scores["extra_loss_kw"], "extra", "kW", 2),
    ]


def _limit_at_peak(detection: Detection, quantity: str) -> list[tuple[str, float]]:
    """The limit that was passed at the peak; that of the imbalance is in per cent and fits no line of currents."""
    values = detection.evidence.get("at_peak", {}).get(quantity) or {}
    measured, low, high = (values.get(name) for name in ("measured", "low", "high"))
    if quantity == "imbalance_pct" or measured is None:
        return []
    passed = [low] if low is not None and measured < low else [high] if high is not None and measured > high else []
    return [(_("limit at the peak"), level) for level in passed]
