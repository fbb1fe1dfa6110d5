"""A simulation as a folder of CSV files: readings, nameplates, links, labelled events and true losses."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from ..channels import CHANNEL_NAMES
from .arrays import Floats, Integers, Records
from .clock import utc_offset_s
from .labels import CRITICAL_PCT, DONT_CARE_PCT, DONT_CARE_TRANSFORMER_PCT, LabelledEvent
from .metering import DECIMALS
from .run import Simulation

READING_HEADER = (
    "Date,Time,Substation,Active Power Total,Apparent Power Total,Reactive Power Total,Power Factor Total,"
    "Current A,Current B,Current C,Current Avg,Voltage A-B,Voltage B-C,Voltage C-A,Voltage L-L Avg,Frequency,"
    "THD Current A,THD Current B,THD Current C,THD Voltage A-B,THD Voltage B-C,THD Voltage C-A,"
    "Transformer Temperature"
)
SUBSTATION_HEADER = (
    "name,rated_kva,nominal_v,hv_nominal_v,no_load_loss_w,load_loss_w,impedance_pct,lat,lon,feeder,parent,"
    "feeder_r_ohm,feeder_x_ohm,feeder_length_km,conductor,capacitor_bank_kvar,capacitor_steps,cooling,vector_group"
)
LINK_HEADER = "from_node,to_node,r_ohm,x_ohm,length_km,conductor,status"
EVENT_HEADER = (
    "event_id,substation,start,end,kind,is_loss,severity,extra_loss_kwh,extra_loss_pct,extra_transformer_pct,"
    "base_loss_kwh,extra_transformer_kwh,extra_feeder_kwh,onset,ramp_hours,dont_care,cause_variables"
)
LOSS_HEADER = (
    "timestamp,substation,transformer_loss_kw,feeder_loss_kw,avoidable_pf_loss_kw,feeder_loss_allocated_kw,"
    "no_load_loss_kw"
)
TARGET_POWER_FACTOR = 0.95


def write_folder(simulation: Simulation, path: str | Path) -> None:
    """Write the folder, made if need be; times are local standard time as at the first reading.

    Files: readings.csv.gz, losses.csv.gz, substations.csv, links.csv, events.csv, meta.json.

    Raises:
        OSError: the folder can't be written.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    local = LocalTimes(simulation)
    _write_gzip(folder / "readings.csv.gz", READING_HEADER, _reading_columns(simulation, local))
    _write_gzip(folder / "losses.csv.gz", LOSS_HEADER, _loss_columns(simulation, local))
    _write_csv(folder / "substations.csv", SUBSTATION_HEADER, _substation_rows(simulation))
    _write_csv(folder / "links.csv", LINK_HEADER, _link_rows(simulation))
    _write_csv(folder / "events.csv", EVENT_HEADER, _event_rows(simulation.events, local))
    meta = json.dumps(_meta(simulation, local), indent=1)
    (folder / "meta.json").write_text(meta + "\n", encoding="utf-8")


class LocalTimes:
    """Local standard time of UTC seconds: one offset for the whole simulation, as a meter's own clock."""

    def __init__(self, simulation: Simulation) -> None:
        self.offset_s = utc_offset_s(simulation.spec.start_s, simulation.spec.time_zone)

    def text(self, at_s: int) -> str:
        return str(self.texts(np.array([at_s]))[0])

    def texts(self, at_s: Integers, unit: Literal["s", "m"] = "s") -> Records:
        moments = np.datetime_as_string((at_s + self.offset_s).astype("datetime64[s]"), unit=unit)
        return np.char.replace(moments, "T", " ")


def _format(values: Floats, decimals: int) -> Records:
    text = np.char.mod(f"%.{decimals}f", values)
    return np.where(np.isnan(values), "", text)


def _reading_columns(simulation: Simulation, local: LocalTimes) -> list[Records]:
    """Row by row: time, then substation; rows that are missing altogether are left out."""
    steps, n = len(simulation.times_s), len(simulation.substations)
    table = simulation.values.swapaxes(0, 1).reshape(steps * n, len(CHANNEL_NAMES))
    kept = ~np.isnan(table).all(axis=1)
    moments = np.repeat(local.texts(simulation.times_s), n)[kept]
    codes = np.tile(np.array(simulation.grid.codes), steps)[kept]
    dates, clocks = moments.astype("U10"), np.char.rpartition(moments, " ")[:, 2]
    return [dates, clocks, codes, *(_format(table[kept, c], d) for c, d in enumerate(DECIMALS))]


def _loss_columns(simulation: Simulation, local: LocalTimes) -> list[Records]:
    losses, n = simulation.losses, len(simulation.substations)
    moments = np.repeat(local.texts(simulation.times_s, "m"), n)
    codes = np.tile(np.array(simulation.grid.codes), len(simulation.times_s))
    order = (losses.transformer, losses.feeder, losses.avoidable, losses.feeder_allocated, losses.no_load)
    return [moments, codes, *(_format(column.ravel(), 4) for column in order)]


def _substation_rows(simulation: Simulation) -> Iterable[Sequence[object]]:
    for plate, line in zip(simulation.substations, simulation.grid.incoming(), strict=True):
        yield (
            plate.code,
            f"{plate.rated_kva:g}",
            plate.nominal_v,
            plate.hv_nominal_v,
            f"{plate.no_load_loss_w:g}",
            f"{plate.load_loss_w:g}",
            plate.impedance_pct,
            plate.latitude,
            plate.longitude,
            plate.feeder,
            plate.parent,
            line.r_ohm,
            line.x_ohm,
            line.length_km,
            line.conductor,
            plate.capacitor_bank_kvar,
            plate.capacitor_steps,
            plate.cooling,
            plate.vector_group,
        )


def _link_rows(simulation: Simulation) -> Iterable[Sequence[object]]:
    for line in simulation.links:
        status = "closed" if line.is_closed else "open"
        yield (line.from_node, line.to_node, line.r_ohm, line.x_ohm, line.length_km, line.conductor, status)


def _event_rows(events: Iterable[LabelledEvent], local: LocalTimes) -> Iterable[Sequence[object]]:
    for i, event in enumerate(events, start=1):
        yield (
            f"E{i:03d}",
            event.substation,
            local.text(event.start_s),
            local.text(event.end_s),
            event.kind,
            str(event.is_loss).lower(),
            event.severity,
            round(event.extra_loss_kwh, 3),
            round(event.extra_loss_pct, 2),
            round(event.extra_transformer_pct, 2),
            round(event.base_loss_kwh, 3),
            round(event.extra_transformer_kwh, 3),
            round(event.extra_feeder_kwh, 3),
            "gradual" if event.ramp_hours else "abrupt",
            event.ramp_hours,
            str(event.dont_care).lower(),
            json.dumps(dict(event.request.size)),
        )


def _meta(simulation: Simulation, local: LocalTimes) -> dict[str, object]:
    spec, losses = simulation.spec, simulation.losses
    hours = spec.step_s / 3600
    delivered = np.nansum(simulation.values[..., 0]) * hours
    return {
        "version": "1.0",
        "seed": spec.seed,
        "substations": len(simulation.substations),
        "days": spec.days,
        "interval_minutes": spec.interval_min,
        "shapes": ",".join(sorted({plate.load_shape for plate in simulation.substations})),
        "mesh": spec.is_meshed,
        "start": local.text(spec.start_s),
        "train_end": local.text(simulation.train_end_s),
        "end": local.text(simulation.end_s),
        "time_zone": spec.time_zone,
        "utc_offset_minutes": local.offset_s // 60,
        "pf_target": TARGET_POWER_FACTOR,
        "critical_pct": CRITICAL_PCT,
        "dont_care_pct": DONT_CARE_PCT,
        "dont_care_transformer_pct": DONT_CARE_TRANSFORMER_PCT,
        "units": {
            "power": "kW/kVA/kvar",
            "voltage": "V line-line",
            "current": "A rms",
            "temperature": "degC top oil",
            "thd": "percent of fundamental",
        },
        "total_loss_kwh": round(float((losses.transformer.sum() + losses.feeder.sum()) * hours), 1),
        "delivered_kwh": round(float(delivered), 1),
    }


def _write_gzip(path: Path, header: str, columns: list[Records]) -> None:
    lines = "\n".join(map(",".join, zip(*(column.tolist() for column in columns), strict=True)))
    # Neither name nor time in the gzip header: the same simulation gives the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
        packed.write(f"{header}\n{lines}\n".encode())


def _write_csv(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    text.write(header + "\n")
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
