"""Each figure of the alarms beside its target, and whether there is enough to judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.formatting import NOTHING, duration, figure, fixed, share

from .kpi_figures import AlarmFigures, Percentiles

MIN_DAYS = 30
"""ISA-18.2 judges the performance of an alarm system over 30 days or more."""

# chosen: with fewer, one alarm more or less moves a share by more than three points.
MIN_ALARMS = 30
# chosen: a 95th percentile of fewer is the largest of them.
MIN_DURATIONS = 20

MAX_PER_DAY, ACT_PER_DAY = 150, 300
"""ISA-18.2-2009: about 150 alarms a day can be answered by one operator; self-audit of a vendor: act from 300 on."""

MAX_PER_10_MINUTES = 1
"""EEMUA 191 and ISA-18.2-2009: about one alarm in ten minutes."""

MAX_PEAK_10_MINUTES = 10
"""ISA-18.2: above it begins a flood."""

MAX_FLOOD_SHARE = 0.01
"""ISA-18.2-2009: less than about one per cent of the time."""

MAX_STALE = 5
"""ISA-18.2: none in the long run; fewer than five at a time with a plan for them."""

MAX_CRITICAL_SHARE, ACT_CRITICAL_SHARE = 0.05, 0.10
"""ISA-18.2: about five per cent of the highest priority; chosen: look closer from ten on."""

# chosen: what a customer of a utility accepts; ISA-18.2 names no figure.
MAX_NUISANCE_SHARE = 0.10
MINUTE_S = 60.0
# chosen: minutes until somebody takes it on, median and 95th percentile.
MAX_ACKNOWLEDGE_CRITICAL = (5 * MINUTE_S, 15 * MINUTE_S)
MAX_ACKNOWLEDGE_WARNING = (30 * MINUTE_S, 120 * MINUTE_S)


@dataclass(frozen=True, slots=True)
class JudgedFigure:
    """One line: what it is called, its value and target as text. ``verdict``: met, missed, act, unknown (too few to
    judge) or empty where there is no target."""

    key: str
    label: str
    value: str
    target: str = ""
    verdict: str = ""
    detail: str = ""


def judged(found: AlarmFigures, days_known: float) -> list[JudgedFigure]:
    """Every figure; ``days_known``: how much of the period there is anything recorded of."""
    return [*_rates(found, days_known), *_quality(found, days_known), *_times(found, days_known)]


def too_few(days_known: float, count: int, needed: int) -> str:
    """Why nothing can be said, or empty."""
    if days_known < MIN_DAYS:
        whole = int(days_known)
        said = ngettext("%(days)d day of %(least)d", "%(days)d days of %(least)d", whole)
        return said % {"days": whole, "least": MIN_DAYS}
    if count < needed:
        return _("%(count)d of at least %(least)d") % {"count": count, "least": needed}
    return ""


def _line(
    key: str, label: str, value: float | None, text: str, limits: tuple[float, float], target: str, why_not: str,
    detail: str = "",
) -> JudgedFigure:  # fmt: skip
    """``limits``: the target is met up to the first; above the second something has to be done."""
    met, act = limits
    if value is None or why_not:
        return JudgedFigure(key, label, text, target, "unknown", why_not or _("none"))
    verdict = "met" if value <= met else "act" if value > act else "missed"
    return JudgedFigure(key, label, text, target, verdict, detail)


def _rates(found: AlarmFigures, days: float) -> list[JudgedFigure]:
    why = too_few(days, MIN_ALARMS, MIN_ALARMS)
    peak = _("most on one day: %(count)s") % {"count": _count(found.peak_day)}
    floods = ngettext("%(count)d flood", "%(count)d floods", found.floods) % {"count": found.floods}
    rate, never = found.per_10_minutes, float("inf")
    return [
        _line("per_day", _("Alarms per day"), found.per_day, figure(found.per_day), (MAX_PER_DAY, ACT_PER_DAY),
              _("up to %(most)d") % {"most": MAX_PER_DAY}, why, peak),
        _line("per_10_minutes", _("Alarms per 10 minutes, mean"), rate, figure(rate), (MAX_PER_10_MINUTES, 2),
              _("about %(most)d") % {"most": MAX_PER_10_MINUTES}, why),
        _line("peak_10_minutes", _("Most in 10 minutes"), found.peak_10_minutes, _count(found.peak_10_minutes),
              (MAX_PEAK_10_MINUTES, never), _("up to %(most)d") % {"most": MAX_PEAK_10_MINUTES}, why),
        _line("flood_share", _("Time in flood"), found.flood_share, _percent(found.flood_share),
              (MAX_FLOOD_SHARE, never), _("below %(most)s") % {"most": share(MAX_FLOOD_SHARE)}, why, floods),
    ]  # fmt: skip


def _quality(found: AlarmFigures, days: float) -> list[JudgedFigure]:
    of_days, of_alarms = too_few(days, MIN_ALARMS, MIN_ALARMS), too_few(days, found.count, MIN_ALARMS)
    never = float("inf")
    up_to = _("up to %(most)s")
    critical_limits = (MAX_CRITICAL_SHARE, ACT_CRITICAL_SHARE)
    return [
        _line("chattering", _("Chattering"), found.chattering, _count(found.chattering), (0, never), "0", of_days,
              _("sources that came three times within half an hour")),
        _line("fleeting", _("Fleeting"), found.fleeting, _count(found.fleeting), (0, never), "0", of_days,
              _("over within the on-delay, not shown")),
        _line("stale", _("Stale"), found.stale, _count(found.stale), (0, MAX_STALE), "0", of_days,
              _("active for more than a day")),
        _line("critical_share", _("Critical"), found.critical_share, _percent(found.critical_share), critical_limits,
              up_to % {"most": share(MAX_CRITICAL_SHARE)}, of_alarms),
        _line("nuisance_share", _("Nuisance"), found.nuisance_share, _percent(found.nuisance_share),
              (MAX_NUISANCE_SHARE, never), up_to % {"most": share(MAX_NUISANCE_SHARE)}, of_alarms,
              _("chattering, or resolved as a false alarm")),
        JudgedFigure("reopen_share", _("Reopened"), _percent(found.reopen_share)),
        JudgedFigure("worst_fifth_share", _("Share of the worst 20 %"), _percent(found.worst_fifth_share)),
    ]  # fmt: skip


def _times(found: AlarmFigures, days: float) -> list[JudgedFigure]:
    return [
        *_pair("acknowledge_critical", _("Time to acknowledge, critical"), found.acknowledge_critical, days,
               MAX_ACKNOWLEDGE_CRITICAL),
        *_pair("acknowledge_warning", _("Time to acknowledge, warning"), found.acknowledge_warning, days,
               MAX_ACKNOWLEDGE_WARNING),
        *_pair("close", _("Time to resolve"), found.close, days),
        *_pair("clear", _("Time to clear"), found.clear, days),
    ]  # fmt: skip


def _pair(key: str, label: str, found: Percentiles, days: float, limits: Sequence[float] = ()) -> list[JudgedFigure]:
    why, lines = too_few(days, found.count, MIN_DURATIONS), []
    for index, (name, words, value) in enumerate((("p50", _("median"), found.p50_s), ("p95", _("95 %"), found.p95_s))):
        text, title = seconds(value), f"{label}, {words}"
        if limits:
            target = _("up to %(most)s") % {"most": seconds(limits[index])}
            lines.append(_line(f"{key}_{name}", title, value, text, (limits[index], float("inf")), target, why))
        else:
            lines.append(JudgedFigure(f"{key}_{name}", title, text))
    return lines


def seconds(value: float | None) -> str:
    return NOTHING if value is None else duration(timedelta(seconds=value))


def _count(value: int) -> str:
    return fixed(value, 0)


def _percent(value: float | None) -> str:
    """A share with one decimal: the targets are a few per cent."""
    return NOTHING if value is None else f"{fixed(100 * value, 1)} %"
