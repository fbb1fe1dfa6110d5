"""``./ems losses``: hours and sums of files, on a database of its own."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from losses.models import HourlyRollup
from substations.models import Substation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("scratch")]
PLATES = (
    "code,rated_kva,nominal_v,hv_nominal_v,no_load_loss_w,load_loss_w,impedance_pct\nA,1000,400,11000,1400,10500,6\n"
)
LINKS = "from_node,to_node,r_ohm,x_ohm\nSOURCE,A,0.5,0.6\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two days of one substation, with an hour missing."""
    start = datetime(2026, 3, 2)  # noqa: DTZ001  # a file has the local clock
    rows = ["Timestamp,Substation,Active Power Total (kW),Reactive Power Total (kvar),Voltage L-L Avg (V)"]
    for number in range(4 * 48):
        if not 40 <= number < 44:
            at = start + number * timedelta(minutes=15)
            rows.append(f"{at:%Y-%m-%d %H:%M},A,{400 + number % 7 - 3},{300 + number % 5 - 2},400.{number % 3}")
    (tmp_path / "readings.csv").write_text("\n".join(rows))
    (tmp_path / "plates.csv").write_text(PLATES)
    (tmp_path / "links.csv").write_text(LINKS)
    return tmp_path


def losses(folder: Path, *flags: str) -> str:
    out = StringIO()
    call_command("losses", str(folder / "readings.csv"), "--without-model", *flags, stdout=out)
    return out.getvalue()


def known(folder: Path) -> tuple[str, ...]:
    return "--substations", str(folder / "plates.csv"), "--links", str(folder / "links.csv")


def test_each_hour_is_written_and_a_missing_one_is_not(files: Path, tmp_path: Path) -> None:
    losses(files, *known(files), "--out", str(tmp_path / "hourly.csv"))
    with (tmp_path / "hourly.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 47
    assert list(rows[0])[:4] == ["substation", "at", "energy_import_kwh", "energy_export_kwh"]
    assert rows[0]["at"] == "2026-03-02T00:00:00Z"
    assert float(rows[0]["energy_import_kwh"]) == pytest.approx(399, abs=3)
    assert float(rows[0]["feeder_loss_kwh"]) > 0
    assert rows[0]["excess_loss_kwh"] == ""
    assert "2026-03-02T10:00:00Z" not in {row["at"] for row in rows}


def test_the_sums_are_printed(files: Path) -> None:
    text = losses(files, *known(files))
    assert "18,798 kWh" in text, "47 hours of 400 kW"
    assert "98 %" in text
    assert "lower bound" not in text
    assert "not known" not in text


def test_what_had_to_be_assumed_is_said(files: Path) -> None:
    text = losses(files)
    assert "A *" in text
    assert "The nameplate is not known" in text
    assert "a lower bound" in text


def test_json_has_the_figures_of_each_substation(files: Path) -> None:
    found: dict[str, dict[str, Any]] = json.loads(losses(files, *known(files), "--json"))
    assert list(found) == ["A"]
    assert found["A"]["coverage"] == pytest.approx(47 / 48)
    assert found["A"]["displacement_power_factor"] == pytest.approx(0.8, abs=0.01)
    assert found["A"]["avoidable_loss_kwh"] > 0
    assert found["A"]["is_assumed"] is False


def test_nothing_is_stored(files: Path) -> None:
    losses(files, *known(files))
    assert not HourlyRollup.objects.exists()
    assert not Substation.objects.exists()


def test_a_meter_that_is_not_believed_is_named(files: Path) -> None:
    head, *lines = (files / "readings.csv").read_text().splitlines()
    head = head.replace("Voltage L-L Avg (V)", "Voltage A-B (V),Voltage B-C (V),Voltage C-A (V)")
    blown_fuse = [f"{line},231.{number % 3},230.{number % 2}" for number, line in enumerate(lines)]
    (files / "readings.csv").write_text("\n".join([head, *blown_fuse]))
    assert "A: no hour is known, its meter is not believed." in losses(files, *known(files))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no file .*readings\.csv"):
        losses(tmp_path)
