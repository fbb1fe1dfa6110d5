"""Simulated exports for the end-to-end tests."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from substations.simulation.folder import write_folder
from substations.simulation.run import simulate
from substations.simulation.spec import EventRequest, SimulationSpec

DAY_S = 86_400
START = datetime(2026, 1, 5, tzinfo=UTC)


def export_with_a_failed_bank(folder: Path, days: int = 28) -> Path:
    """Five substations; on the first one the capacitor bank fails three days before the end and stays so."""
    quiet = SimulationSpec(substations=5, days=days, interval_min=30, seed=8, start=START, time_zone="UTC")
    end_s = quiet.end_s
    code = simulate(SimulationSpec(substations=5, days=1, interval_min=30, seed=8, start=START)).grid.codes[0]
    event = EventRequest("capacitor_failure", code, end_s - 3 * DAY_S, end_s, 0, {"lost": 1.0})
    spec = SimulationSpec(
        substations=5, days=days, interval_min=30, seed=8, start=START, time_zone="UTC", events=(event,)
    )
    write_folder(simulate(spec), folder)
    plain = folder / "export.csv"
    plain.write_bytes(gzip.decompress((folder / "readings.csv.gz").read_bytes()))
    return plain


def large_export(path: Path, substations: int, rows: int) -> int:
    """Many rows of few columns, minute by minute; how many there are."""
    at = np.datetime64("2025-01-01T00:00") + np.arange(rows).astype("timedelta64[m]")
    stamps = np.datetime_as_string(at, unit="m")
    rng = np.random.default_rng(5)
    with path.open("w") as file:
        file.write("Timestamp,Substation,kW,kvar\n")
        for number in range(substations):
            power = np.round(200 + 50 * rng.random(rows), 1)
            lines = [f"{stamp},BIG-{number:02d},{kw},{kw / 3:.1f}" for stamp, kw in zip(stamps, power, strict=True)]
            file.write("\n".join(lines) + "\n")
    return substations * rows
