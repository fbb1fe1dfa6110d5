"""The diagnosis finds injected losses, names them, and stays silent otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.diagnosis.analysis import Analysis, StepStatus
from mlcore.diagnosis.whole_record import analyse, fit, warming_up
from mlcore.explanations import assumptions_in_words, english, speaks_against
from mlcore.tests.made_fleet import TRAIN_DAYS, Load, made_fleet, training
from substations.channels import CHANNEL_INDEX

FAULT_H = (19 * 24 + 8.0, 20 * 24 + 20.0)


def _lost_capacitor(load: Load) -> None:
    load.reactive[1, load.between(*FAULT_H)] += 0.16


def _low_pf_load(load: Load) -> None:
    inside = load.between(*FAULT_H)
    running = inside & ((load.hours % 4.0) < 2.5)
    load.active[1, running] += 0.10
    load.reactive[1, running] += 0.15


def _overload(load: Load) -> None:
    inside = load.between(FAULT_H[0], FAULT_H[0] + 10.0)
    load.active[1, inside] *= 1.8
    load.reactive[1, inside] += 0.05


def _imbalance(load: Load) -> None:
    load.shares[1, load.between(*FAULT_H)] = (1.45, 0.80, 0.75)


def _harmonics(load: Load) -> None:
    load.distortion[1, load.between(*FAULT_H)] += 0.18


def _tap(load: Load) -> None:
    load.voltage[1, load.between(*FAULT_H)] += 0.05


def _hot_oil(load: Load) -> None:
    inside = load.between(*FAULT_H)
    load.oil_extra_k[1, inside] += 15.0 * (1.0 - np.exp(-(load.hours[inside] - FAULT_H[0]) / 3.0))


def _found(change: object, **options: object) -> Analysis:
    fleet = made_fleet(change, **options)  # type: ignore[arg-type]  # any change of a load
    train = training(fleet)
    return analyse(fleet, fit(fleet, train), start_s=int(fleet.at_s[train.sum()]))


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (_lost_capacitor, "capacitor_failure"),
        (_low_pf_load, "low_pf_motor"),
        (_overload, "overload"),
        (_imbalance, "phase_imbalance"),
        (_harmonics, "harmonic_injection"),
        (_tap, "tap_voltage"),
        (_hot_oil, "cooling_failure"),
    ],
)
def test_each_kind_of_loss_is_found_on_its_substation_with_its_cause(change: object, cause: str) -> None:
    analysis = _found(change)
    causes = {finding.cause for finding in analysis.findings if finding.substation == "T2"}
    assert cause in causes
    assert {finding.substation for finding in analysis.findings} == {"T2"}
    first = next(finding for finding in analysis.findings if finding.cause == cause)
    began = analysis.at_s[0] + (FAULT_H[0] - TRAIN_DAYS * 24) * 3600
    assert began <= first.start_s <= began + 6 * 3600
    assert first.kind == "loss"
    assert first.loss_low_kwh <= first.loss_kwh <= first.loss_high_kwh


def test_a_clean_week_raises_nothing() -> None:
    assert _found(None).findings == []


def test_the_energy_of_a_lost_capacitor_is_that_of_the_formula() -> None:
    fleet = made_fleet(_lost_capacitor, wired=False)
    train = training(fleet)
    finding = next(f for f in analyse(fleet, fit(fleet, train)).findings if f.cause == "capacitor_failure")
    inside = (fleet.at_s >= fleet.at_s[0] + FAULT_H[0] * 3600) & (fleet.at_s < fleet.at_s[0] + FAULT_H[1] * 3600)
    kvar = fleet.channel("reactive_power_kvar")[1, inside]
    before = kvar - 0.16 * 630.0
    kwh = (6.5 * (kvar**2 - before**2) / 630.0**2).sum() * 0.5
    assert finding.loss_kwh == pytest.approx(kwh, rel=0.2)
    assert any("lower bound" in text for text in assumptions_in_words(finding.evidence))


def test_the_reason_has_the_numbers_and_the_evidence_what_would_falsify_it() -> None:
    finding = next(f for f in _found(_lost_capacitor).findings if f.cause == "capacitor_failure")
    at_peak = finding.evidence["at_peak"]["reactive_power_kvar"]
    sentence = english(finding.code, finding.figures)
    assert f"{at_peak['measured']:.0f} kvar against" in sentence
    assert "expected" in sentence
    assert speaks_against({"code": finding.code}, finding.cause).startswith("Not a capacitor if")
    assert finding.evidence["runner_up"] == "low_pf_motor"
    assert finding.evidence["severity"]["critical_from_pct"] == 15.0
    assert finding.severity == ("critical" if finding.loss_pct >= 15.0 else "warning")


def test_a_holiday_of_the_whole_fleet_is_no_loss() -> None:
    def holiday(load: Load) -> None:
        inside = load.between(19 * 24, 20 * 24)
        load.active[:, inside] *= 0.6
        load.reactive[:, inside] = 0.7 * load.active[:, inside] - 0.15

    assert [f for f in _found(holiday).findings if f.kind == "loss"] == []


def test_an_outage_is_reported_as_de_energised_and_not_as_a_finding() -> None:
    def outage(load: Load) -> None:
        dark = load.between(19 * 24, 19 * 24 + 8)
        load.active[2, dark] = load.reactive[2, dark] = 1e-4

    analysis = _found(outage)
    first = (19 - TRAIN_DAYS) * 48
    assert (analysis.status[2, first : first + 16] == StepStatus.DE_ENERGISED).all()
    assert [f for f in analysis.findings if f.kind == "loss"] == []


def test_faults_hidden_in_the_training_range_are_left_out() -> None:
    def hidden(load: Load) -> None:
        load.reactive[1, load.between(5 * 24, 8 * 24)] += 0.16
        _lost_capacitor(load)

    fleet = made_fleet(hidden)
    train = training(fleet)
    models = fit(fleet, train)
    assert models["T2"].excluded_share > 0.1
    assert models["T1"].excluded_share < 0.05
    analysis = analyse(fleet, models, start_s=int(fleet.at_s[train.sum()]))
    assert {f.cause for f in analysis.findings} == {"capacitor_failure"}


def test_too_little_data_gives_no_model_but_says_how_far_it_is() -> None:
    fleet = made_fleet(days=4)
    train = np.ones(len(fleet.at_s), dtype=bool)
    assert fit(fleet, train) == {}
    assert warming_up(fleet, train)["T1"].have == 96
    analysis = analyse(fleet, {})
    assert analysis.warming["T1"].need == 168
    assert (analysis.status == StepStatus.WARMING).all()
    assert np.isnan(analysis.score).all()


@pytest.mark.parametrize(
    "missing",
    [
        ("thd_current",),
        ("oil_temperature",),
        ("current_l", "current_avg"),
        ("voltage", "thd", "current", "oil", "power_f", "app"),
    ],
)
def test_a_lost_capacitor_is_found_without_some_channels_and_the_finding_says_so(missing: tuple[str, ...]) -> None:
    fleet = made_fleet(_lost_capacitor)
    values = fleet.values.copy()
    for name, index in CHANNEL_INDEX.items():
        if name.startswith(missing):
            values[:, :, index] = np.nan
    fleet = replace(fleet, values=values)
    analysis = analyse(fleet, fit(fleet, training(fleet)))
    finding = next(f for f in analysis.findings if f.cause == "capacitor_failure")
    assert finding.substation == "T2"
    if "oil_temperature" in missing:
        assert any("oil temperature" in text for text in assumptions_in_words(finding.evidence))


@pytest.mark.parametrize(("interval_s", "substations"), [(300, 2), (900, 5), (3600, 6)])
def test_a_lost_capacitor_is_found_at_other_intervals_and_with_few_neighbours(
    interval_s: int, substations: int
) -> None:
    analysis = _found(_lost_capacitor, interval_s=interval_s, substations=substations)
    assert "capacitor_failure" in {f.cause for f in analysis.findings if f.substation == "T2"}
    assert {f.substation for f in analysis.findings} == {"T2"}


def test_one_substation_alone_is_judged_with_less_certainty() -> None:
    fleet = made_fleet(_lost_capacitor).only(["T2"])
    analysis = analyse(fleet, fit(fleet, training(fleet)))
    finding = next(f for f in analysis.findings if f.cause == "capacitor_failure")
    assert any("neighbours" in text for text in assumptions_in_words(finding.evidence))


def test_a_higher_sensitivity_raises_the_scores() -> None:
    fleet = made_fleet()
    train = training(fleet)
    calm, keen = (analyse(fleet, fit(fleet, train, sensitivity=s)).score for s in (1.0, 2.0))
    known = np.isfinite(calm)
    assert np.allclose(keen[known], 2.0 * calm[known])
