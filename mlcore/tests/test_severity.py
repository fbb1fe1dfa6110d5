"""Severity: a share of the substation's own loss, and an energy that is worth a visit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis import severity
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.severity import MIN_RATED_LOSS_KW, expected_kwh, is_critical, worth_kwh
from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.explanations import english
from substations.electrical.nameplate import Nameplate

from .made_fleet import Load, made_fleet, training

PLATE = Nameplate("T", 630.0, 400.0, 11_000.0, 1030.0, 6500.0)
SHARES, ENERGIES = st.floats(0, 500), st.floats(0, 1e4)


def _lost_for(hours: float) -> list[Finding]:
    def lost(load: Load) -> None:
        load.reactive[1, load.between(19 * 24 + 10, 19 * 24 + 10 + hours)] += 0.16

    fleet = made_fleet(lost)
    return [one for one in analyse(fleet, fit(fleet, training(fleet))).findings if one.kind == "loss"]


def test_it_is_worth_a_visit_from_half_an_hour_of_the_rated_loss_on() -> None:
    assert worth_kwh(PLATE) == pytest.approx(0.5 * 7.53)
    assert worth_kwh(replace(PLATE, rated_kva=25.0, no_load_loss_w=110.0, load_loss_w=700.0)) == pytest.approx(
        0.5 * MIN_RATED_LOSS_KW
    )


def test_a_large_share_of_next_to_nothing_is_a_warning() -> None:
    assert is_critical(15.0, 4.0, PLATE)
    assert not is_critical(14.9, 400.0, PLATE)
    assert not is_critical(90.0, 3.0, PLATE)


@given(SHARES, SHARES, ENERGIES, ENERGIES)
def test_more_loss_is_never_less_severe(share: float, other_share: float, energy: float, other_energy: float) -> None:
    if is_critical(min(share, other_share), min(energy, other_energy), PLATE):
        assert is_critical(max(share, other_share), max(energy, other_energy), PLATE)


def test_what_goes_on_is_judged_by_what_a_day_of_it_costs() -> None:
    assert expected_kwh(0.5, 2.0, is_open=True) == pytest.approx(6.0)
    assert expected_kwh(0.5, 2.0, is_open=False) == 0.5
    assert expected_kwh(60.0, 48.0, is_open=True) == 60.0


def test_a_finding_says_why_it_is_not_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = _lost_for(30.0)
    assert finding.severity == "critical"
    assert "Not critical" not in english(finding.code, finding.figures)
    assert np.isclose(finding.evidence["severity"]["critical_from_kwh"], worth_kwh(PLATE), atol=1e-3)
    monkeypatch.setattr(severity, "WORTH_RATED_HOURS", 1000.0)
    (finding,) = _lost_for(30.0)
    assert finding.severity == "warning"
    assert "Not critical" in english(finding.code, finding.figures)
