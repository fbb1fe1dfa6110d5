"""What is shown of a rollup or of a sum of them, under the names of the exports and the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .querysets import HIGHEST, SUMMED

COLUMNS = (
    "energy_import_kwh", "energy_export_kwh", "reactive_lagging_kvarh", "reactive_leading_kvarh", "apparent_kvah",
    "max_demand_kva", "power_factor", "no_load_loss_kwh", "transformer_loss_kwh", "feeder_loss_kwh",
    "avoidable_loss_kwh", "excess_loss_kwh", "coverage",
)  # fmt: skip
Row = Mapping[str, Any]


def figures(row: Row, period_h: float) -> dict[str, Any]:
    """Public figures of one rollup or of a sum of them over a period of so many hours (of all substations together).

    None is not known. power_factor: |P| over S of the energies, distortion and imbalance included;
    displacement_power_factor: that of the fundamental, which capacitors can change (IEEE 1459).
    """
    known = {name: row[name] for name in (*SUMMED, *HIGHEST)}
    active = _sum(row, "energy_import_kwh", "energy_export_kwh")
    return known | {
        "reactive_lagging_kvarh": _sum(row, "reactive_q1_kvarh", "reactive_q2_kvarh"),
        "reactive_leading_kvarh": _sum(row, "reactive_q3_kvarh", "reactive_q4_kvarh"),
        "power_factor": _ratio(active, row["apparent_kvah"]),
        "displacement_power_factor": _ratio(active, row["fundamental_kvah"]),
        "transformer_loss_kwh": _sum(row, "no_load_loss_kwh", "load_loss_kwh"),
        "coverage": min((row["covered_h"] or 0.0) / period_h, 1.0) if period_h > 0 else 0.0,
        "is_assumed": bool(row.get("is_assumed") or row.get("assumed_rows")),
    }


def hourly_cells(row: Row) -> list[Any]:
    """The cells of one hour in the order of ``COLUMNS``, rounded as no meter is precise."""
    shown = figures(row, 1.0)
    return ["" if shown[name] is None else _rounded(shown[name]) for name in COLUMNS]


def _sum(row: Row, *names: str) -> float | None:
    values = [row[name] for name in names]
    return None if any(value is None for value in values) else float(sum(values))


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else min(part / whole, 1.0)


def _rounded(value: float) -> float:
    return float(f"{value:.7g}")
