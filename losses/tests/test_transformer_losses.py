"""What a transformer loses at a voltage, a current, a distortion and a temperature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.accounting.transformer_losses import transformer_losses

from .one_feeder import at_power_factor, metered, plates

RATED = {"top_oil_c": 75.0}  # a load loss is stated for windings of 75 °C; a light load keeps them near the oil


@pytest.mark.parametrize(("power_factor", "load_loss_kw"), [(0.80, 5.91), (0.95, 4.19)])
def test_the_load_loss_of_a_nameplate_by_hand(power_factor: float, load_loss_kw: float) -> None:
    """1000 kVA, Pk 10.5 kW, 600 kW: S 750 kVA, 0.75² · 10.5 = 5.91 kW; S 632 kVA: 4.19 kW."""
    loading = 0.6 / power_factor
    losses = transformer_losses(
        metered(600.0, at_power_factor(600.0, power_factor), top_oil_c=75.0 - 5.0 * loading**1.6), plates()
    )
    assert losses.load_kw[0, 0] == pytest.approx(load_loss_kw, abs=0.01)
    assert losses.no_load_kw[0, 0] == pytest.approx(1.4)
    assert losses.total_kw[0, 0] == pytest.approx(1.4 + load_loss_kw, abs=0.01)


@pytest.mark.parametrize(("thd", "growth"), [(0.0, 0.0), (0.15, 0.13), (0.30, 0.50)])
def test_harmonics_add_what_the_standard_says(thd: float, growth: float) -> None:
    """IEEE C57.110 with a six-pulse spectrum and a tenth of the load loss as eddy loss: +13 % and +50 %."""
    losses = transformer_losses(metered(10.0, 0.0, distortion=thd, **RATED), plates())
    sine = losses.load_kw[0, 0] - losses.harmonic_kw[0, 0]
    assert losses.harmonic_kw[0, 0] / sine == pytest.approx(growth, abs=0.01)


def test_one_phase_half_as_high_again_costs_an_eighth_more() -> None:
    """Currents of 1.5, 0.75 and 0.75 of the mean: (1.5² + 2 · 0.75²) / 3 = 1.125."""
    losses = transformer_losses(metered(100.0, 50.0, imbalance=1.125), plates())
    assert losses.imbalance_kw[0, 0] == pytest.approx(0.125 * (losses.load_kw - losses.imbalance_kw)[0, 0])


def test_warmer_copper_loses_more() -> None:
    """IEC 60076-1: (235 + 95) / (235 + 75) on nine tenths, its inverse on the eddy tenth."""
    cold, warm = (transformer_losses(metered(1.0, 0.0, top_oil_c=c), plates()).load_kw[0, 0] for c in (75.0, 95.0))
    ratio = 330.0 / 310.0
    assert warm / cold == pytest.approx(0.9 * ratio + 0.1 / ratio, rel=1e-3)


def test_a_transformer_without_voltage_loses_nothing_and_an_unknown_one_is_not_known() -> None:
    dead = transformer_losses(metered(0.0, 0.0, voltage_pu=0.0), plates())
    assert dead.total_kw[0, 0] == 0.0
    unknown = transformer_losses(metered(np.nan, 0.0), plates())
    assert np.isnan(unknown.total_kw[0, 0])
    unbelieved = transformer_losses(metered(100.0, 10.0, is_valid=False), plates())
    assert np.isnan(unbelieved.total_kw[0, 0])


@given(
    active_kw=st.floats(-2000, 2000), reactive_kvar=st.floats(-2000, 2000), voltage_pu=st.floats(0.5, 1.2),
    distortion=st.floats(0, 1.2), imbalance=st.floats(1, 3),
)  # fmt: skip
def test_parts_are_never_negative_and_the_direction_of_power_does_not_matter(
    active_kw: float, reactive_kvar: float, voltage_pu: float, distortion: float, imbalance: float
) -> None:
    values = {"voltage_pu": voltage_pu, "distortion": distortion, "imbalance": imbalance}
    losses = transformer_losses(metered(active_kw, reactive_kvar, **values), plates())
    parts = [losses.no_load_kw, losses.load_kw, losses.harmonic_kw, losses.imbalance_kw]
    assert all(part[0, 0] >= 0 for part in parts)
    assert losses.harmonic_kw[0, 0] + losses.imbalance_kw[0, 0] <= losses.load_kw[0, 0] + 1e-9
    turned = transformer_losses(metered(-active_kw, -reactive_kvar, **values), plates())
    assert turned.total_kw[0, 0] == pytest.approx(losses.total_kw[0, 0])
