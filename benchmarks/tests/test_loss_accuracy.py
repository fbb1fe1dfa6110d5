"""Accounted losses beside the truth of a simulated network, which has a power flow of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.loss_accuracy import loss_accuracy
from ingestion.options import ImportOptions
from smart_ems.scratch import register, scratch_database, take_in
from substations.simulation import SimulationSpec, simulate, write_folder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("scratch")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("losses")
    write_folder(simulate(SimulationSpec(substations=6, days=16, interval_min=30, seed=4, events="dense")), path)
    return path


def test_energies_of_losses_are_within_per_cents_of_the_truth(folder: Path) -> None:
    with scratch_database():
        register(folder / "substations.csv", folder / "links.csv")
        take_in(folder / "readings.csv.gz", ImportOptions(time_zone="UTC", unknown="create", allow_future=True))
        found = loss_accuracy(folder)
    assert all(error.true_kwh > 0 for error in found.values())
    # Six units differ from their nameplates by up to 3 % each.
    assert abs(found["transformer"].total_pct) < 3
    assert abs(found["feeders"].total_pct) < 3
    # The simulator takes the textbook share of the load loss: without the raised voltage and the cooler windings.
    assert 0 < found["avoidable"].total_pct < 16


def test_a_folder_without_the_truth_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"losses\.csv\.gz"):
        loss_accuracy(tmp_path)
