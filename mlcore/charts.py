"""Readings and scores of one substation as a figure: measured against expected, with the episodes shaded."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from substations.charts import Episode, Line, time_series
from substations.models import Reading, Substation

from .models import Detection, Score

SCORE_FIELDS = (
    "expected_power_factor", "power_factor_low", "power_factor_high", "expected_reactive_power_kvar",
    "loss_kw", "extra_loss_kw",
)  # fmt: skip
CHANNELS = ("power_factor", "reactive_power_kvar", "active_power_kw")


def substation_figure(
    substation: Substation, start: datetime | None, end: datetime | None, *, zone: tzinfo | None = None
) -> dict[str, Any]:
    """Power factor with its band, reactive power, loss with the extra part; empty figures say what is missing.

    Times are in ``zone``, else in the substation's own.
    """
    readings = Reading.objects.for_substation(substation).between(start, end).as_arrays(CHANNELS)
    if not len(readings):
        return {
            "data": [],
            "layout": {},
            "empty": _("No readings in this range. Upload a CSV file or choose a longer range."),
        }
    scores = _aligned_scores(substation, readings.at_s)
    measured = dict(zip(CHANNELS, readings.values.T, strict=True))
    lines = [
        Line(_("Lowest expected"), scores["power_factor_low"], "band"),
        Line(_("Expected range"), scores["power_factor_high"], "band", fill_to_previous=True),
        Line(_("Power factor"), _signed_size(measured["power_factor"]), "measured"),
        Line(_("Expected kvar"), scores["expected_reactive_power_kvar"], "expected", "kvar", 1, "dash"),
        Line(_("Reactive power"), measured["reactive_power_kvar"], "measured-2", "kvar", 1),
        Line(_("Loss"), scores["loss_kw"], "measured-3", "kW", 2),
        Line(_("Extra loss"), scores["extra_loss_kw"], "extra", "kW", 2),
    ]
    found = Detection.objects.standing().filter(substation=substation).touching(start, end)
    return time_series(
        readings.at_s,
        lines,
        panels=[_("Power factor"), _("kvar"), _("kW lost")],
        interval_s=substation.reading_interval_s,
        utc_offset_s=_offset(zone or substation.zone, readings.at_s),
        episodes=[_episode(detection) for detection in found],
        guides={0: [(_("target"), substation.target_power_factor)]},
    )


def _signed_size(power_factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Meters sign the power factor in several ways; its size is what the band speaks of."""
    return np.abs(power_factor)


def _aligned_scores(substation: Substation, at_s: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Each score field on the times of the readings; NaN where a reading has no score yet."""
    first, last = (datetime.fromtimestamp(int(at_s[end]), tz=UTC) for end in (0, -1))
    rows = list(
        Score.objects.filter(substation=substation).between(first, last).order_by("at").values_list("at", *SCORE_FIELDS)
    )
    values = np.full((len(SCORE_FIELDS), len(at_s)), np.nan)
    if rows:
        when = np.array([row[0].timestamp() for row in rows], dtype=np.int64)
        nearest = np.clip(np.searchsorted(when, at_s), 0, len(when) - 1)
        same = np.abs(when[nearest] - at_s) <= substation.reading_interval_s // 2
        table = np.array([row[1:] for row in rows], dtype=np.float64).T
        values[:, same] = table[:, nearest[same]]
    return dict(zip(SCORE_FIELDS, values, strict=True))


def _episode(detection: Detection) -> Episode:
    return Episode(
        start_s=int(detection.start.timestamp()),
        end_s=int(detection.end.timestamp()) if detection.end else None,
        severity="critical" if detection.severity >= Detection.Severity.CRITICAL else "warning",
        label=detection.get_cause_display(),
    )


def _offset(zone: tzinfo, at_s: NDArray[np.int64]) -> int:
    offset = datetime.fromtimestamp(int(at_s[-1]), zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
