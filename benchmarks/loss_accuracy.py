"""Accounted energy of losses beside a benchmark's truth (``losses.csv.gz``), hour by hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from losses.models import HourlyRollup
from losses.stale_hours import account_pending

# Figure: columns of the truth that add up to it, and fields of a rollup that do.
COMPARED = {
    "transformer": (("transformer_loss_kw",), ("no_load_loss_kwh", "load_loss_kwh")),
    "feeders": (("feeder_loss_allocated_kw",), ("feeder_loss_kwh",)),
    "avoidable": (("avoidable_pf_loss_kw",), ("avoidable_loss_kwh",)),
}


@dataclass(frozen=True)
class LossError:
    """Accounted over true energy, less one, in per cent: of all substations together, and the median of each alone."""

    total_pct: float
    median_pct: float
    true_kwh: float


def loss_accuracy(folder: Path) -> dict[str, LossError]:
    """Account what has been scored, and compare the hours that are known with the same part of the truth.

    Raises FileNotFoundError where the folder has no ``losses.csv.gz``.
    """
    truth = _hourly_truth(folder / "losses.csv.gz")
    account_pending(judged_only=False)
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(lambda: [0.0, 0.0]) for name in COMPARED}
    for row in HourlyRollup.objects.values("substation__code", "at", "covered_h", *_fields()):
        true = truth.get((row["substation__code"], row["at"]))
        for name, (columns, fields) in COMPARED.items():
            if true is not None and all(row[field] is not None for field in fields):
                sums = found[name][row["substation__code"]]
                sums[0] += sum(row[field] for field in fields)
                sums[1] += row["covered_h"] * sum(true[column] for column in columns)
    return {name: _error(sums) for name, sums in found.items()}


def _error(sums: Mapping[str, list[float]]) -> LossError:
    ours, true = (sum(each[number] for each in sums.values()) for number in (0, 1))
    apart = [100.0 * abs(each[0] / each[1] - 1.0) for each in sums.values() if each[1] > 0]
    return LossError(
        total_pct=100.0 * (ours / true - 1.0) if true else float("nan"),
        median_pct=median(apart) if apart else float("nan"),
        true_kwh=true,
    )


def _fields() -> list[str]:
    return [field for _, fields in COMPARED.values() for field in fields]


def _hourly_truth(path: Path) -> dict[Any, dict[Any, float]]:
    """Mean power in kW by substation and hour; times of the file are taken as UTC, like its readings."""
    table = pd.read_csv(path)
    table["at"] = pd.to_datetime(table["timestamp"], utc=True).dt.floor("h")
    columns = [column for columns, _ in COMPARED.values() for column in columns]
    means = table.groupby(["substation", "at"])[columns].mean()
    return dict(zip(means.index, means.to_dict("records"), strict=True))
