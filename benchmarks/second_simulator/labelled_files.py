"""A simulated set as the files of a benchmark folder."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from substations.channels import CHANNEL_NAMES
from substations.simulation.arrays import Floats, Records
from substations.simulation.folder import (
    EVENT_HEADER,
    LINK_HEADER,
    LOSS_HEADER,
    READING_HEADER,
    SUBSTATION_HEADER,
)
from substations.simulation.metering import DECIMALS

from .event_truth import CRITICAL_PCT, IGNORED_PCT, IGNORED_TRANSFORMER_PCT, Truth
from .fault_forms import ALL
from .field_meters import averaged
from .second_run import SecondSimulation

SUPPLY = "SOURCE"


def write_files(simulation: SecondSimulation, folder: Path) -> None:
    """Write the folder, made if need be.

    Raises OSError where it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_packed(folder / "readings.csv.gz", READING_HEADER, _readings(simulation))
    _write_packed(folder / "losses.csv.gz", LOSS_HEADER, _losses(simulation))
    _write_table(folder / "substations.csv", SUBSTATION_HEADER, _substations(simulation))
    _write_table(folder / "links.csv", LINK_HEADER, _links(simulation))
    _write_table(folder / "events.csv", EVENT_HEADER, _events(simulation))
    (folder / "meta.json").write_text(json.dumps(_meta(simulation), indent=1) + "\n", encoding="utf-8")


def _clock(at_s: float) -> str:
    return str(np.datetime64(int(at_s), "s")).replace("T", " ")


def _moments(simulation: SecondSimulation) -> tuple[Records, Records]:
    """Time and code of each row: time by time, substation by substation."""
    recipe, units = simulation.grid.recipe, simulation.grid.plants.units
    at = simulation.grid.times_s[:: recipe.steps_per_reading].astype("datetime64[s]")
    moments = np.char.replace(np.datetime_as_string(at), "T", " ")
    return np.repeat(moments, len(units)), np.tile([unit.code for unit in units], len(at))


def _text(values: Floats, decimals: int) -> Records:
    return np.where(np.isnan(values), "", np.char.mod(f"%.{decimals}f", values))


def _readings(simulation: SecondSimulation) -> list[Records]:
    table = simulation.readings.reshape(-1, len(CHANNEL_NAMES))
    kept = ~np.isnan(table).all(axis=1)
    moments, codes = (column[kept] for column in _moments(simulation))
    split = np.char.partition(moments, " ")
    return [split[:, 0], split[:, 2], codes, *(_text(table[kept, c], d) for c, d in enumerate(DECIMALS))]


def _losses(simulation: SecondSimulation) -> list[Records]:
    losses, per = simulation.trace.losses, simulation.grid.recipe.steps_per_reading
    moments, codes = _moments(simulation)
    order = (losses.transformer, losses.feeder, losses.avoidable, losses.allocated, losses.no_load)
    return [
        moments.astype("U16"),
        codes,
        *(_text(averaged(each, per).ravel(), 4) for each in order),
    ]


def _substations(simulation: SecondSimulation) -> Iterable[Sequence[object]]:
    grid = simulation.grid
    plants = grid.plants
    for number, (unit, bank) in enumerate(zip(plants.units, grid.banks, strict=True)):
        parent = plants.units[unit.parent].code if unit.parent >= 0 else SUPPLY
        yield (
            unit.code, f"{unit.rated_kva:g}", plants.lv_v, plants.hv_v, f"{unit.plate_no_load_w:g}",
            f"{unit.plate_load_w:g}", unit.impedance_pct, round(48.1 + 0.01 * number, 6),
            round(11.5 + 0.013 * number, 6), unit.feeder, parent,
            unit.r_ohm, unit.x_ohm, unit.length_km, "cable", bank.plate_kvar, len(bank.units_kvar),
            "ONAF" if unit.has_fans else "ONAN", "Dyn5",
        )  # fmt: skip


def _links(simulation: SecondSimulation) -> Iterable[Sequence[object]]:
    plants = simulation.grid.plants
    for unit in plants.units:
        parent = plants.units[unit.parent].code if unit.parent >= 0 else SUPPLY
        yield (parent, unit.code, unit.r_ohm, unit.x_ohm, unit.length_km, "cable", "closed")
    if plants.open_tie is not None:
        one, other = (plants.units[end].code for end in plants.open_tie)
        yield (one, other, 0.2, 0.2, 0.6, "cable", "open")


def _events(simulation: SecondSimulation) -> Iterable[Sequence[object]]:
    for number, truth in enumerate(simulation.truths, start=1):
        incident = truth.incident
        code = ALL if incident.substation < 0 else simulation.grid.plants.units[incident.substation].code
        yield (
            f"E{number:03d}", code, _clock(incident.start_s), _clock(incident.end_s), incident.kind,
            str(truth.is_loss).lower(), truth.severity, round(truth.extra_kwh, 3), round(truth.extra_pct, 2),
            round(truth.transformer_pct, 2), round(truth.base_kwh, 3), round(truth.extra_transformer_kwh, 3),
            round(truth.extra_feeder_kwh, 3), "gradual" if incident.ramp_hours else "abrupt", incident.ramp_hours,
            str(truth.is_ignored).lower(), _cause(simulation, truth),
        )  # fmt: skip


def _cause(simulation: SecondSimulation, truth: Truth) -> str:
    incident = truth.incident
    about: dict[str, object] = {"form": incident.form, **{name: round(v, 4) for name, v in incident.figures.items()}}
    if incident.substation >= 0:
        about["controller"] = simulation.grid.banks[incident.substation].controller
    return json.dumps(about)


def _meta(simulation: SecondSimulation) -> dict[str, object]:
    recipe, losses, hours = simulation.grid.recipe, simulation.trace.losses, simulation.grid.recipe.step_s / 3600
    return {
        "version": "1.0",
        "simulator": "second",
        "seed": recipe.seed,
        "substations": recipe.substations,
        "days": recipe.days,
        "interval_minutes": recipe.interval_min,
        "shapes": ",".join(sorted({unit.kind for unit in simulation.grid.plants.units})),
        "mesh": simulation.grid.plants.open_tie is not None,
        "start": _clock(recipe.start_s),
        "train_end": _clock(recipe.train_end_s),
        "end": _clock(recipe.end_s),
        "pf_target": 0.95,
        "critical_pct": CRITICAL_PCT,
        "dont_care_pct": IGNORED_PCT,
        "dont_care_transformer_pct": IGNORED_TRANSFORMER_PCT,
        "units": {
            "power": "kW/kVA/kvar", "voltage": "V line-line", "current": "A rms", "temperature": "degC top oil",
            "thd": "percent of fundamental",
        },
        "total_loss_kwh": round(float((losses.transformer.sum() + losses.feeder.sum()) * hours), 1),
        "delivered_kwh": round(float(simulation.trace.kw.sum() * hours), 1),
    }  # fmt: skip


def _write_packed(path: Path, header: str, columns: list[Records]) -> None:
    lines = "\n".join(map(",".join, zip(*(column.tolist() for column in columns), strict=True)))
    # No name and no time in the head of the archive: the same set has the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
        packed.write(f"{header}\n{lines}\n".encode())


def _write_table(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header.split(","), *rows])
    path.write_text(text.getvalue(), encoding="utf-8")
