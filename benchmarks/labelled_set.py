"""A benchmark folder (readings, nameplates, links, meta, events) as arrays."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.event_score import LossEvent
from mlcore.diagnosis.fleet import Fleet
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.electrical.nameplate import NAMEPLATE_FIELDS, Nameplate, complete
from substations.electrical.topology import Segment

COLUMNS = {
    "Active Power Total": "active_power_kw",
    "Apparent Power Total": "apparent_power_kva",
    "Reactive Power Total": "reactive_power_kvar",
    "Power Factor Total": "power_factor",
    "Current A": "current_l1_a",
    "Current B": "current_l2_a",
    "Current C": "current_l3_a",
    "Current Avg": "current_avg_a",
    "Voltage A-B": "voltage_l12_v",
    "Voltage B-C": "voltage_l23_v",
    "Voltage C-A": "voltage_l31_v",
    "Voltage L-L Avg": "voltage_avg_v",
    "Frequency": "frequency_hz",
    "THD Current A": "thd_current_l1_pct",
    "THD Current B": "thd_current_l2_pct",
    "THD Current C": "thd_current_l3_pct",
    "THD Voltage A-B": "thd_voltage_l12_pct",
    "THD Voltage B-C": "thd_voltage_l23_pct",
    "THD Voltage C-A": "thd_voltage_l31_pct",
    "Transformer Temperature": "oil_temperature_c",
}
SUPPLY = "SOURCE"


@dataclass(frozen=True)
class Benchmark:
    """A folder's readings as a fleet, when training ends, and what really happened."""

    name: str
    fleet: Fleet
    train_end_s: int
    end_s: int
    events: tuple[LossEvent, ...]


def read_benchmark(folder: Path) -> Benchmark:
    """Read a benchmark folder; the times of its files are local and taken as they are.

    Raises ValueError where a file lacks a column, FileNotFoundError where a file is missing.
    """
    meta = json.loads((folder / "meta.json").read_text())
    readings = pd.read_csv(folder / "readings.csv.gz")
    plates = pd.read_csv(folder / "substations.csv")
    links = pd.read_csv(folder / "links.csv") if (folder / "links.csv").exists() else pd.DataFrame()
    interval_s = round(float(meta["interval_minutes"]) * 60)
    fleet = fleet_of(readings, plates, links, interval_s)
    events = read_events(folder / "events.csv")
    return Benchmark(folder.name, fleet, seconds(meta["train_end"]), seconds(meta["end"]), events)


def seconds(text: str) -> int:
    """Epoch seconds of a local date and time."""
    return int(pd.Timestamp(text).value // 1_000_000_000)


def fleet_of(readings: pd.DataFrame, plates: pd.DataFrame, links: pd.DataFrame, interval_s: int) -> Fleet:
    """Readings on a regular grid; what the grid has no row for stays missing."""
    lacking = {"Date", "Time", "Substation", *COLUMNS} - set(readings.columns)
    if {"Date", "Time", "Substation"} & lacking:
        raise ValueError(f"The readings lack the columns {sorted(lacking)}; found {sorted(readings.columns)}.")
    at_s = pd.to_datetime(readings["Date"] + " " + readings["Time"]).to_numpy().astype("datetime64[s]").astype(np.int64)
    codes = tuple(str(name) for name in plates["name"])
    row = readings["Substation"].astype(str).map({code: k for k, code in enumerate(codes)}).to_numpy()
    step = (at_s - at_s.min()) // interval_s
    values = np.full((len(codes), int(step.max()) + 1, len(CHANNEL_NAMES)), np.nan)
    for column, channel in COLUMNS.items():
        if column in readings:
            values[row, step, CHANNEL_INDEX[channel]] = pd.to_numeric(readings[column], errors="coerce").to_numpy()
    grid = at_s.min() + interval_s * np.arange(values.shape[1], dtype=np.int64)
    return Fleet(codes, grid, interval_s, values, tuple(map(_nameplate, plates.to_dict("records"))), segments_of(links))


def _nameplate(row: Mapping[Hashable, Any]) -> Nameplate:
    known = {name: float(row[name]) if name in row else None for name in NAMEPLATE_FIELDS}
    return complete(
        str(row["name"]),
        rated_kva=known["rated_kva"],
        nominal_v=known["nominal_v"],
        hv_nominal_v=known["hv_nominal_v"],
        no_load_loss_w=known["no_load_loss_w"],
        load_loss_w=known["load_loss_w"],
        impedance_pct=known["impedance_pct"],
    )


def segments_of(links: pd.DataFrame) -> tuple[Segment, ...]:
    """The edges of the network; open ones carry nothing."""
    return tuple(
        Segment(
            source=None if link["from_node"] == SUPPLY else str(link["from_node"]),
            target=str(link["to_node"]),
            r_ohm=float(link["r_ohm"]),
            x_ohm=float(link["x_ohm"]),
            length_km=float(link["length_km"]),
            closed=str(link["status"]) == "closed",
        )
        for link in links.to_dict("records")
    )


def read_events(path: Path) -> tuple[LossEvent, ...]:
    """The truth of a benchmark, losses and everything that is none."""
    table = pd.read_csv(path, keep_default_na=False)
    return tuple(
        LossEvent(
            event_id=str(row["event_id"]),
            substation=str(row["substation"]),
            start_s=seconds(str(row["start"])),
            end_s=seconds(str(row["end"])),
            kind=str(row["kind"]),
            is_loss=str(row["is_loss"]).lower() == "true",
            severity=str(row["severity"]).lower(),
            extra_loss_kwh=float(str(row["extra_loss_kwh"] or "nan")),
            ramp_hours=float(str(row["ramp_hours"] or 0.0)),
            dont_care=str(row["dont_care"]).lower() == "true",
        )
        for row in table.to_dict("records")
    )
