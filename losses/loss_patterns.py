"""When energy is lost: by hour and weekday, and for how much of the time."""

from __future__ import annotations

from datetime import date

import numpy as np
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from core.formatting import figure as written
from losses.loss_scope import LossScope
from losses.models import DailyRollup, HourlyRollup
from losses.report_period import ReportPeriod
from substations.charts import Figure
from substations.duration import duration_curve
from substations.models import Substation

MONDAY = date(2024, 1, 1)


def weekly_figure(scope: LossScope, period: ReportPeriod) -> Figure:
    """A heat map of the mean avoidable kW in each hour of the week, on the clocks of the substations."""
    mean_kw = weekly_kw(scope, period)
    weekdays = [date_format(MONDAY.replace(day=1 + number), "D") for number in range(7)]
    if not np.isfinite(mean_kw).any():
        return {"data": [], "layout": {}, "empty": _("Nothing is known of this period.")}
    worst = np.unravel_index(int(np.nanargmax(mean_kw)), mean_kw.shape)
    summary = _("Most on %(day)s at %(hour)s: %(power)s on average.") % {
        "day": date_format(MONDAY.replace(day=1 + int(worst[0])), "l"),
        "hour": f"{int(worst[1]):02d}:00",
        "power": written(float(mean_kw[worst]), "kW"),
    }
    trace = {
        "type": "heatmap", "x": [f"{hour:02d}:00" for hour in range(24)], "y": weekdays,
        "z": [[None if value != value else round(value, 4) for value in row] for row in mean_kw.tolist()],
        "zmin": 0, "xgap": 1, "ygap": 1, "meta": {"role": "heat"},
        "colorbar": {"title": {"text": "kW", "side": "right"}, "thickness": 10, "outlinewidth": 0},
        "hovertemplate": "%{y} %{x}: %{z:.3~g} kW<extra></extra>",
    }  # fmt: skip
    layout = {
        "margin": {"l": 44, "r": 8, "t": 8, "b": 34},
        "xaxis": {"fixedrange": True, "nticks": 9},
        "yaxis": {"autorange": "reversed", "fixedrange": True},
    }
    return {"data": [trace], "layout": layout, "summary": summary}


def weekly_kw(scope: LossScope, period: ReportPeriod) -> NDArray[np.float64]:
    """[weekday, hour], Monday first: what could be avoided of all substations of a scope; NaN is not known.

    The mean of each substation over the weeks is taken first: one that reported half of them counts in full.
    """
    days = DailyRollup.objects.filter(scope.owned, day__gte=period.first, day__lte=period.last)
    rows = [row for row in days.values_list("substation_id", "day", "avoidable_by_hour").iterator() if row[2]]
    if not rows:
        return np.full((7, 24), np.nan)
    hours = np.frombuffer(b"".join(bytes(row[2]) for row in rows), dtype=np.float32).reshape(-1, 24).astype(np.float64)
    _ids, owner = np.unique([row[0] for row in rows], return_inverse=True)
    weekday = np.array([row[1].weekday() for row in rows])
    total, count = np.zeros((2, owner.max() + 1, 7, 24))
    np.add.at(total, (owner, weekday), np.nan_to_num(hours))
    np.add.at(count, (owner, weekday), np.isfinite(hours))
    known = count > 0
    means = np.divide(total, count, where=known, out=np.zeros_like(total))
    return np.where(known.any(axis=0), means.sum(axis=0), np.nan)


def duration_figure(substation: Substation, period: ReportPeriod, quantity: str) -> Figure:
    """For which share of the known hours the power factor was above a value, or the avoidable loss."""
    hours = HourlyRollup.objects.filter(substation=substation)
    hours = hours.between(period.first, period.last, substation.zone)
    names = ("energy_import_kwh", "energy_export_kwh", "apparent_kvah", "avoidable_loss_kwh", "covered_h")
    values = hours.as_arrays(names).values.T
    if not values.size:
        return {"data": [], "layout": {}, "empty": _("Nothing is known of this period.")}
    imported, exported, apparent, avoidable, covered = values
    if quantity == "avoidable":
        curve = avoidable / covered
        return duration_curve(curve, name=_("Avoidable"), unit="kW", limit=None, limit_label="", axis=_("of the time"))
    power_factor = np.divide(
        imported + exported, apparent, out=np.full_like(apparent, np.nan), where=np.nan_to_num(apparent) > 0
    )
    target = substation.target_power_factor
    found = duration_curve(
        np.minimum(power_factor, 1.0),
        name=_("Power factor"), unit="", limit=target, limit_label=_("target"), axis=_("of the time"),
    )  # fmt: skip
    known = power_factor[np.isfinite(power_factor)]
    found["layout"]["yaxis"]["rangemode"] = "normal"
    found["summary"] = _("Below the target of %(target)s for %(share)s of the known hours.") % {
        "target": f"{target:.2f}",
        "share": f"{100 * np.mean(known < target):.0f} %" if len(known) else "–",
    }
    return found
