"""Readings and scores of one substation as a figure: measured against expected, with the episodes shaded."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Avg, Max, Min, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from core.formatting import figure, power_factor
from mlcore.models import Detection, Score
from substations.charts import ChartLine, ShadedInterval, time_series
from substations.long_records import extremes, in_slots, slot_length_s
from substations.models import Reading, Substation
from substations.querysets import EpochSeconds

SCORE_FIELDS = (
    "expected_power_factor", "power_factor_low", "power_factor_high", "expected_reactive_power_kvar",
    "loss_kw", "extra_loss_kw",
)  # fmt: skip
LOST = ("loss_kw", "extra_loss_kw")
CHANNELS = ("power_factor", "reactive_power_kvar", "active_power_kw")


class LostPower(NamedTuple):
    """Sums over the readings of a range; None where no score says it."""

    all_kw: float | None
    extra_kw: float | None


def substation_figure(
    substation: Substation, start: datetime | None, end: datetime | None, *, zone: tzinfo | None = None
) -> dict[str, Any]:
    """Power factor with its band, reactive power, loss with the extra part; empty figures say what is missing.

    Times are in ``zone``, else in the substation's own.
    """
    record = Reading.objects.for_substation(substation).between(start, end)
    slot_s = slot_length_s(record, substation.reading_interval_s)
    readings = extremes(record, CHANNELS, slot_s) if slot_s else record.as_arrays(CHANNELS)
    if not len(readings):
        return {
            "data": [],
            "layout": {},
            "empty": _("No readings in this range. Upload a CSV file or choose a longer range."),
        }
    if slot_s:
        scores, lost = slot_scores(substation, readings.at_s, slot_s, start, end)
    else:
        scores = aligned_scores(substation, readings.at_s)
        lost = LostPower(*(_sum_of(scores[name]) for name in LOST))
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
        interval_s=slot_s // 2 if slot_s else substation.reading_interval_s,
        utc_offset_s=utc_offset_s(zone or substation.zone, readings.at_s),
        episodes=[shaded(detection) for detection in episodes],
        guides={0: [(_("target"), substation.target_power_factor)]},
    )
    drawn["summary"] = _in_words(substation, lines[2].values, lost, len(episodes), is_whole=slot_s is None)
    return drawn


def _in_words(
    substation: Substation, factor: NDArray[np.float64], lost: LostPower, episodes: int, *, is_whole: bool
) -> str:
    """The figure as sentences, for those who do not see it and for a first glance.

    is_whole: the power factors are all there are, and not the extremes of slots, of which there is no median.
    """
    parts = []
    if np.isfinite(factor).any():
        values = {"low": power_factor(float(np.nanmin(factor))), "half": power_factor(float(np.nanmedian(factor)))}
        half, low = (
            _("Power factor: half of the time above %(half)s, lowest %(low)s."),
            _("Power factor: lowest %(low)s."),
        )
        parts.append((half if is_whole else low) % values)
    hours = substation.reading_interval_s / 3600.0
    if lost.all_kw is not None:
        extra_kwh = (lost.extra_kw or 0.0) * hours
        energy = {
            "all": figure(lost.all_kw * hours, "kWh"),
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


def slot_scores(
    substation: Substation, at_s: NDArray[np.int64], slot_s: int, start: datetime | None, end: datetime | None
) -> tuple[dict[str, NDArray[np.float64]], LostPower]:
    """What was expected in the mean of each slot, losses with their lowest and highest, at the two times of each; and
    the sums of the losses."""
    stored = Score.objects.filter(substation=substation).between(start, end)
    pairs = [(Min(name), Max(name)) if name in LOST else (Avg(name), Avg(name)) for name in SCORE_FIELDS]
    aggregates = {f"{name}_{n}": pair[n] for n in (0, 1) for name, pair in zip(SCORE_FIELDS, pairs, strict=True)}
    sums = {f"{name}_sum": Sum(name) for name in LOST}
    rows = list(in_slots(stored, slot_s).annotate(**aggregates, **sums).values_list("slot", *aggregates, *sums))
    values = np.full((len(at_s), len(SCORE_FIELDS)), np.nan)
    if not rows:
        return dict(zip(SCORE_FIELDS, values.T, strict=True)), LostPower(None, None)
    table = np.array(rows, dtype=np.float64)
    slots = at_s[::2] // slot_s
    place = np.clip(np.searchsorted(table[:, 0], slots), 0, len(table) - 1)
    is_there = table[place, 0] == slots
    found = table[place][is_there, 1 : 1 + len(aggregates)].reshape(-1, len(SCORE_FIELDS))
    values[np.repeat(is_there, 2)] = found
    return dict(zip(SCORE_FIELDS, values.T, strict=True)), LostPower(*map(_sum_of, table[:, -len(LOST) :].T))


def _sum_of(values: NDArray[np.float64]) -> float | None:
    return float(np.nansum(values)) if np.isfinite(values).any() else None


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
