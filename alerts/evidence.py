"""The stored evidence of a detection, put into words and rows for the alert's page. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mlcore.explanations import assumptions_in_words, speaks_against
from mlcore.models import Cause, Detector
from mlcore.web.indicator_labels import INDICATOR_LABELS

QUANTITIES: dict[str, str | Promise] = {
    "reactive_power_kvar": _("Reactive power"),
    "power_factor": _("Power factor"),
    "voltage_v": _("Voltage"),
    "oil_temperature_c": _("Oil temperature"),
    "imbalance_pct": _("Phase imbalance"),
    "thd_current_pct": _("Current THD"),
    "active_power_kw": _("Active power"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity at the peak, with the range that is normal for that load, hour and weekday."""

    label: str | Promise
    measured: float | None
    expected: float | None
    low: float | None
    high: float | None
    unit: str
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a page shows of the stored evidence; parts that an older version did not store are empty."""

    rows: list[Row]
    contributions: list[tuple[str | Promise, float]]
    runner_up: str | Promise
    falsified_by: str
    assumptions: list[str]
    severity: Mapping[str, float]
    confirmed: bool | None
    began: datetime | None
    ended: datetime | None
    tier: str
    version: int | None
    sensitivity: float | None
    not_billable: bool = False


def read(stored: Mapping[str, Any], cause: str) -> Evidence:
    """Rows outside their range first; contributions of one per cent and more, largest first."""
    rows = [_row(name, values) for name, values in stored.get("at_peak", {}).items()]
    if "limit" in stored and "measured" in stored:
        rows.append(Row(_("Against the fixed limit"), stored["measured"], None, None, stored["limit"], "", True))
    window, judged_by = stored.get("window") or {}, stored.get("judged_by") or {}
    shares = sorted(stored.get("contributions", {}).items(), key=lambda item: -item[1])
    runner_up = stored.get("runner_up") or ""
    return Evidence(
        rows=sorted(rows, key=lambda row: not row.is_outside),
        contributions=[(INDICATOR_LABELS.get(name, name), share) for name, share in shares if share >= 0.01],
        runner_up=Cause(runner_up).label if runner_up in Cause.values else runner_up,
        falsified_by=speaks_against(stored, cause),
        assumptions=assumptions_in_words(stored),
        severity=stored.get("severity") or {},
        confirmed=stored.get("confirmed_by_network"),
        began=_moment(window.get("from")),
        ended=_moment(window.get("until")),
        tier=str(Detector.Tier(judged_by["rung"]).label) if judged_by.get("rung") in Detector.Tier.values else "",
        version=judged_by.get("version"),
        sensitivity=judged_by.get("sensitivity"),
        not_billable=bool(stored.get("not_billable")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _row(name: str, values: Mapping[str, Any]) -> Row:
    measured, low, high = (values.get(each) for each in ("measured", "low", "high"))
    outside = measured is not None and ((low is not None and measured < low) or (high is not None and measured > high))
    return Row(
        QUANTITIES.get(name, name), measured, values.get("expected"), low, high, values.get("unit", ""), bool(outside)
    )
