"""Readings and scores of one substation as a figure: measured against expected, with the episodes shaded."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from core.formatting import figure, power_factor
from mlcore.models import Detection, Score
from substations.charts import ChartLine, ShadedInterval, time_series
from substations.models import Reading, Substation
from substations.querysets import EpochSeconds

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
    scores = aligned_scores(substation, readings.at_s)
    measured = dict(zip(CHANNELS, readings.values.T, strict=True))
    lines = [
        ChartLine(_("Lowest expected"), scores["power_factor_low"], "band"),
        ChartLine(_("Expected range"), scores["power_factor_high"], "band", fill_to_previous=True),
        ChartLine(_("Power factor"), _signed_size(measured["power_factor"]), "measured"),
        ChartLine(_("Expected kvar"), scores["expected_reactive_power_kvar"], "expected", "kvar", 1, "dash"),
        ChartLine(_("Reactive power"), measured["reactive_power_kvar"], "measured-2", "kvar", 1),
        ChartLine(_("Loss"), scores["loss_kw"], "measured-3", "kW", 2),
        ChartLine(_("Extra loss"), scores["extra_loss_kw"], "extra", "kW", 2),
    ]
    shown = Detection.objects.not_withdrawn().filter(substation=substation).touching(start, end)
    episodes = list(shown.defer("evidence"))
    drawn = time_series(
        readings.at_s,
        lines,
        panels=[_("Power factor"), "kvar", _("kW lost")],
        interval_s=substation.reading_interval_s,
        utc_offset_s=utc_offset_s(zone or substation.zone, readings.at_s),
        episodes=[shaded(detection) for detection in episodes],
        guides={0: [(_("target"), substation.target_power_factor)]},
    )
    drawn["summary"] = _in_words(substation, lines[2].values, scores, len(episodes))
    return drawn


def _in_words(
    substation: Substation, factor: NDArray[np.float64], scores: dict[str, NDArray[np.float64]], episodes: int
) -> str:
    """The figure as sentences, for those who do not see it and for a first glance."""
    parts = []
    if np.isfinite(factor).any():
        values = {"low": power_factor(float(np.nanmin(factor))), "half": power_factor(float(np.nanmedian(factor)))}
        parts.append(_("Power factor: half of the time above %(half)s, lowest %(low)s.") % values)
    hours = substation.reading_interval_s / 3600.0
    if np.isfinite(scores["loss_kw"]).any():
        extra_kwh = float(np.nansum(scores["extra_loss_kw"])) * hours
        energy = {
            "all": figure(float(np.nansum(scores["loss_kw"])) * hours, "kWh"),
            "extra": figure(abs(extra_kwh), "kWh"),
        }
        more, less = (
            _("Lost %(all)s, of which %(extra)s more than usual at this load."),
            _("Lost %(all)s, %(extra)s less than usual at this load."),
        )
        parts.append((more if extra_kwh >= 0 else less) % energy)
    said = ngettext("%(count)d episode in this range.", "%(count)d episodes in this range.", episodes)
    return " ".join([*parts, said % {"count": episodes}])


def _signed_size(power_factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Meters sign the power factor in several ways; its size is what the band speaks of."""
    return np.abs(power_factor)


def aligned_scores(substation: Substation, at_s: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Each score field on the times of the readings; NaN where a reading has no score yet."""
    first, last = (datetime.fromtimestamp(int(at_s[end]), tz=UTC) for end in (0, -1))
    stored = Score.objects.filter(substation=substation).between(first, last).order_by("at")
    rows = list(stored.values_list(EpochSeconds("at"), *SCORE_FIELDS))
    values = np.full((len(SCORE_FIELDS), len(at_s)), np.nan)
    if rows:
        table = np.array(rows, dtype=np.float64).T  # None becomes NaN
        when = table[0].astype(np.int64)
        nearest = np.clip(np.searchsorted(when, at_s), 0, len(when) - 1)
        same = np.abs(when[nearest] - at_s) <= substation.reading_interval_s // 2
        values[:, same] = table[1:, nearest[same]]
    return dict(zip(SCORE_FIELDS, values, strict=True))


def shaded(detection: Detection) -> ShadedInterval:
    """The stretch of an episode; its label opens the alert that it raised."""
    return ShadedInterval(
        start_s=int(detection.start.timestamp()),
        end_s=int(detection.end.timestamp()) if detection.end else None,
        severity="critical" if detection.severity >= Detection.Severity.CRITICAL else "warning",
        label=detection.get_cause_display(),
        url=reverse("episode", args=[detection.pk]),
    )


def utc_offset_s(zone: tzinfo, at_s: NDArray[np.int64]) -> int:
    """The offset of ``zone`` from UTC at the newest of these times."""
    offset = datetime.fromtimestamp(int(at_s[-1]), zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
