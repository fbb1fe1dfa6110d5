"""What is shown of hours, days and sums of them."""

from __future__ import annotations

from typing import Any

import pytest

from losses.public_figures import COLUMNS, figures, hourly_cells
from losses.querysets import FIELDS


def row(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0} | values


def test_both_power_factors_are_those_of_the_energies() -> None:
    shown = figures(
        row(energy_import_kwh=80.0, energy_export_kwh=10.0, apparent_kvah=100.0, fundamental_kvah=95.0), 1.0
    )
    assert shown["power_factor"] == pytest.approx(0.90)
    assert shown["displacement_power_factor"] == pytest.approx(90 / 95)


def test_reactive_energy_is_lagging_in_the_upper_quadrants_and_leading_in_the_lower() -> None:
    shown = figures(row(**{f"reactive_q{n}_kvarh": float(n) for n in (1, 2, 3, 4)}), 1.0)
    assert (shown["reactive_lagging_kvarh"], shown["reactive_leading_kvarh"]) == (3.0, 7.0)


def test_the_loss_of_a_transformer_is_both_parts() -> None:
    assert figures(row(no_load_loss_kwh=1.5, load_loss_kwh=2.5), 1.0)["transformer_loss_kwh"] == 4.0


def test_what_is_not_known_is_nothing_and_never_zero() -> None:
    shown = figures(row(feeder_loss_kwh=None, excess_loss_kwh=None, apparent_kvah=0.0), 1.0)
    assert (shown["feeder_loss_kwh"], shown["excess_loss_kwh"], shown["power_factor"]) == (None, None, None)
    cells = dict(zip(COLUMNS, hourly_cells(row(feeder_loss_kwh=None)), strict=True))
    assert cells["feeder_loss_kwh"] == ""
    assert cells["no_load_loss_kwh"] == 0.0


@pytest.mark.parametrize(
    ("covered_h", "period_h", "coverage"), [(12.0, 24.0, 0.5), (24.0, 24.0, 1.0), (None, 24.0, 0.0)]
)
def test_coverage_is_the_share_of_the_period(covered_h: float | None, period_h: float, coverage: float) -> None:
    assert figures(row(covered_h=covered_h), period_h)["coverage"] == coverage
