"""The second simulator: consistent physics, true labels, and no formula of the first."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.event_score import DetectedEvent, score
from benchmarks.labelled_set import read_benchmark
from benchmarks.second_simulator import Recipe, RecipeError, SecondSimulation, simulate_second, write_files
from benchmarks.second_simulator.bank_controllers import SwitchedBank, Switching, switched_kvar
from benchmarks.second_simulator.fault_draw import WEIGHTS, incident_of
from benchmarks.second_simulator.fault_forms import SimulatedIncident
from benchmarks.second_simulator.feeder_sweep import BASE_KVA, RadialGrid
from benchmarks.second_simulator.grid_run import SecondGrid
from benchmarks.second_simulator.plants import draw_plants
from substations.channels import CHANNEL_INDEX

RECIPE = Recipe(seed=4, substations=5, days=12, interval_min=60)
START_S = RECIPE.train_end_s + 10 * 3600
END_S = START_S + 30 * 3600
FORMATS = {"substations.simulation.arrays", "substations.simulation.folder", "substations.simulation.metering"}


@pytest.fixture(scope="module")
def usual() -> SecondSimulation:
    return simulate_second(RECIPE, ())


def channel(simulation: SecondSimulation, name: str, substation: int = 1) -> np.ndarray:
    """Readings between the start and the end of the incident."""
    rows = slice(*((at - RECIPE.start_s) // 3600 for at in (START_S, END_S)))
    return simulation.readings[rows, substation, CHANNEL_INDEX[name]]


def only(kind: str, form: str, figures: dict[str, float], ramp_hours: float = 0.0) -> SimulatedIncident:
    return SimulatedIncident(kind, 1, START_S, END_S, form, ramp_hours, figures)


def test_no_formula_of_the_first_simulator_is_used() -> None:
    """Only the format of the files and the types of the arrays are shared."""
    used = set()
    for path in (Path(settings.BASE_DIR) / "benchmarks/second_simulator").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("substations.simulation"):
                used.add(node.module)
            if isinstance(node, ast.ImportFrom) and node.module == "substations.simulation.metering":
                assert [alias.name for alias in node.names] == ["DECIMALS"]
    assert used <= FORMATS


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_files(simulate_second(RECIPE), tmp_path / name)
    write_files(simulate_second(replace(RECIPE, seed=5)), tmp_path / "other")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["events.csv", "links.csv", "losses.csv.gz", "meta.json", "readings.csv.gz", "substations.csv"]
    for name in names:
        first, again, other = ((tmp_path / each / name).read_bytes() for each in ("one", "two", "other"))
        assert first == again
        assert first != other


def test_a_detector_that_knows_the_events_scores_one(tmp_path: Path) -> None:
    write_files(simulate_second(RECIPE), tmp_path)
    benchmark = read_benchmark(tmp_path)
    losses = [event for event in benchmark.events if event.is_loss]
    assert losses
    assert all(event.start_s >= benchmark.train_end_s for event in benchmark.events)
    perfect = [
        DetectedEvent(e.substation, e.start_s, e.end_s, e.severity, e.kind, e.extra_loss_kwh) for e in losses
    ]  # fmt: skip
    report = score(benchmark.events, perfect, start_s=benchmark.train_end_s, end_s=benchmark.end_s, substations=5)
    assert (report.f1, report.cause_accuracy, report.severity_accuracy) == (1.0, 1.0, 1.0)


def test_the_power_triangle_closes(usual: SecondSimulation) -> None:
    kw, kvar, kva = (
        usual.readings[..., CHANNEL_INDEX[f"{name}"]]
        for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva")
    )
    known = np.isfinite(kw + kvar + kva)
    assert known.mean() > 0.95
    assert np.abs(np.hypot(kw, kvar) - kva)[known].max() < 0.2  # the coarsest register shows tenths


def test_nothing_happens_without_incidents(usual: SecondSimulation) -> None:
    assert usual.truths == ()
    hourly_changes = np.abs(np.diff(usual.trace.level, axis=0)).sum(axis=0) / (RECIPE.days * 24)
    assert hourly_changes.max() < 6  # no controller hunts
    assert 0.2 < np.nanmean(usual.trace.kw) / np.mean(usual.grid.plants.array("rated_kva")) < 0.8


def test_the_truth_is_with_less_without(usual: SecondSimulation) -> None:
    incident = only("tap_voltage", "wrong", {"steps": 3.0})
    (truth,) = simulate_second(RECIPE, (incident,)).truths
    changed = simulate_second(RECIPE, (incident,)).trace.losses
    steps = slice(*(RECIPE.index(at) for at in (START_S, END_S)))
    hours = RECIPE.step_s / 3600
    transformer = (changed.transformer[steps, 1].sum() - usual.trace.losses.transformer[steps, 1].sum()) * hours
    feeders = (changed.feeder[steps].sum() - usual.trace.losses.feeder[steps].sum()) * hours
    assert truth.extra_transformer_kwh == pytest.approx(transformer, rel=1e-9)
    assert truth.extra_kwh == pytest.approx(transformer + feeders, rel=1e-9)
    assert np.array_equal(changed.transformer[: steps.start], usual.trace.losses.transformer[: steps.start])


def test_wanted_kilowatts_are_no_loss() -> None:
    """A machine at the target power factor costs nothing; a poor one costs what its kvar cost."""
    figures = {"kw": 60.0, "idle": 0.0, "cycle_min": 90.0, "duty": 0.8}
    costs = [
        simulate_second(RECIPE, (only("low_pf_motor", "duty", figures | {"tan_phi": tan_phi}),)).truths[0].extra_kwh
        for tan_phi in (0.3287, 1.2, 2.2)
    ]
    assert costs[0] == pytest.approx(0.0, abs=0.2)
    assert costs[0] < costs[1] < costs[2]


def test_two_incidents_at_once_are_each_compared_with_the_other_alone() -> None:
    tap, cooling = only("tap_voltage", "wrong", {"steps": 3.0}), only("cooling_failure", "fans_off", {"factor": 2.5})
    both = simulate_second(RECIPE, (tap, cooling))
    alone = simulate_second(RECIPE, (cooling,))
    steps = slice(*(RECIPE.index(at) for at in (START_S, END_S)))
    saved = (both.trace.losses.transformer - alone.trace.losses.transformer)[steps, 1].sum() * RECIPE.step_s / 3600
    assert both.truths[0].extra_transformer_kwh == pytest.approx(saved, rel=1e-9)


VISIBLE = [
    ("low_pf_motor", "duty", {"kw": 80.0, "tan_phi": 2.0, "idle": 0.0, "cycle_min": 60.0, "duty": 0.9},
     "active_power_kw", 20.0),
    ("overload", "sudden", {"kw": 200.0, "tan_phi": 0.3, "wave": 0.05, "wave_h": 2.0}, "active_power_kw", 150.0),
    ("phase_imbalance", "fixed", {"kw": 60.0, "phase": 0.0}, "current_l1_a", 15.0),
    ("harmonic_injection", "drive", {"amps_pu": 0.15}, "thd_current_l1_pct", 8.0),
    ("tap_voltage", "wrong", {"steps": 2.0}, "voltage_avg_v", 12.0),
    ("cooling_failure", "fans_off", {"factor": 2.0}, "oil_temperature_c", 3.0),
    ("load_growth", "", {"share": 0.12}, "active_power_kw", 3.0),
    ("maintenance_outage", "dead", {}, "voltage_avg_v", -300.0),
    ("maintenance_outage", "breaker", {}, "current_avg_a", -30.0),
    ("sensor_fault", "oil_open", {"phase": 0.0, "amount": 0.5}, "oil_temperature_c", -50.0),
    ("sensor_fault", "voltage_fuse", {"phase": 0.0, "amount": 0.5}, "voltage_l12_v", -150.0),
    ("sensor_fault", "current_scaled", {"phase": 2.0, "amount": 0.5}, "current_l3_a", -30.0),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "form", "figures", "name", "least"), VISIBLE)
def test_an_incident_shows_in_its_channel(
    usual: SecondSimulation, kind: str, form: str, figures: dict[str, float], name: str, least: float
) -> None:
    changed = simulate_second(RECIPE, (only(kind, form, figures),))
    moved = float(np.nanmean(channel(changed, name) - channel(usual, name)))
    assert moved * np.sign(least) > abs(least)
    before = slice(0, (START_S - RECIPE.start_s) // 3600)
    same = changed.readings[before, 1] == usual.readings[before, 1]
    assert (same | np.isnan(usual.readings[before, 1])).all()


@pytest.mark.parametrize(
    ("form", "figures"),
    [
        ("units_lost", {"units": 1.0}),
        ("units_lost", {"units": -1.0}),
        ("fuse", {"phase": 1.0}),
        ("drift", {"share": 0.9}),
    ],
)
def test_a_broken_bank_leaves_kvar_to_the_transformer(form: str, figures: dict[str, float]) -> None:
    grid = SecondGrid(RECIPE)
    number = max(range(5), key=lambda n: grid.banks[n].plate_kvar / grid.plants.units[n].rated_kva)
    incident = SimulatedIncident("capacitor_failure", number, START_S, END_S, form, 0.0, figures)
    steps = slice(RECIPE.index(START_S), RECIPE.index(END_S))
    usual, broken = (grid.run(each, 0, RECIPE.steps) for each in ((), (incident,)))
    assert broken.bank_kvar[steps, number].mean() <= usual.bank_kvar[steps, number].mean()
    assert broken.kvar[steps, number].max() > usual.kvar[steps, number].max()


def test_a_lost_reactor_makes_the_bank_amplify() -> None:
    grid = SecondGrid(RECIPE)
    number = max(range(5), key=lambda n: grid.banks[n].plate_kvar / grid.plants.units[n].rated_kva)
    thd = []
    for form in ("drive", "resonance"):
        incident = SimulatedIncident("harmonic_injection", number, START_S, END_S, form, 0.0, {"amps_pu": 0.05})
        steps = slice(RECIPE.index(START_S), RECIPE.index(END_S))
        thd.append(grid.run((incident,), 0, RECIPE.steps).thd_current[steps, number].mean())
    assert thd[1] > 1.1 * thd[0]


def test_readings_do_not_arrive_in_a_gap(usual: SecondSimulation) -> None:
    changed = simulate_second(RECIPE, (only("data_gap", "gap", {}),))
    assert np.isnan(channel(changed, "active_power_kw")).all()
    assert changed.truths[0].extra_kwh == 0.0


def test_all_substations_feel_a_holiday_and_a_cold_day(usual: SecondSimulation) -> None:
    holiday = SimulatedIncident("holiday", -1, START_S, END_S, "", 0.0, {"draw": 3.0})
    cold = SimulatedIncident("cold_day", -1, START_S, END_S, "", 0.0, {"draw": 3.0, "kelvin": -10.0, "share": 0.1})
    steps = slice(RECIPE.index(START_S), RECIPE.index(END_S))
    for incident, sign in ((holiday, -1), (cold, 1)):
        changed = simulate_second(RECIPE, (incident,))
        assert (sign * (changed.trace.kw - usual.trace.kw)[steps].mean(axis=0) > 0).all()
        assert not changed.truths[0].is_loss


@pytest.mark.parametrize("kind", WEIGHTS)
def test_every_kind_can_be_drawn(kind: str) -> None:
    grid = SecondGrid(RECIPE)
    number = next(n for n in range(5) if grid.banks[n].units_kvar)
    rng = np.random.default_rng(1)
    for _ in range(20):
        incident = incident_of(RECIPE, grid.plants.units[number], grid.banks[number], number, kind, START_S, rng)
        assert incident.kind == kind
        assert RECIPE.train_end_s <= incident.start_s < incident.end_s <= RECIPE.end_s


@given(seed=st.integers(0, 200), level=st.floats(0.05, 1.0), tan_phi=st.floats(-0.3, 1.0))
def test_the_sweep_loses_no_energy(seed: int, level: float, tan_phi: float) -> None:
    """What the source gives is what the loads take and what lines, windings and cores turn into heat."""
    plants = draw_plants(Recipe(seed=seed, substations=6, days=10))
    grid = RadialGrid(plants)
    kw = plants.array("rated_kva")[None, :, None] * level / 3 * np.array([0.9, 1.0, 1.1])
    none = np.zeros((1, 6), dtype=int)
    swept = grid.sweep(np.array([1.0]), kw, kw * tan_phi, 0 * kw, none, np.full(6, 0.4))
    roots = [number for number, unit in enumerate(plants.units) if unit.parent < 0]
    given_kw = swept.segment_kw[0, roots].sum()
    lines_kw = (plants.array("r_ohm") * swept.segment_a2[0]).sum() / 1000
    winding_kw = (np.abs(swept.low_a_pu[0]) ** 2 * grid.winding_pu.real[:, None]).sum() * BASE_KVA / 3
    cores_kw = (grid.core_kw * swept.core_pu[0] ** 2).sum()
    assert given_kw == pytest.approx(swept.kw.sum() + lines_kw + winding_kw + cores_kw, rel=2e-3)


BANKS = st.builds(
    SwitchedBank,
    controller=st.sampled_from(["kvar_target", "power_factor", "voltage"]),
    plate_kvar=st.just(100.0),
    units_kvar=st.sampled_from([(20.0,) * 5, (14.0, 28.0, 56.0)]),
    is_binary=st.booleans(),
    up=st.just(0.3),
    down=st.just(-0.05),
    delay_s=st.sampled_from([20.0, 180.0, 600.0]),
    hours=st.just((6.0, 20.0)),
)


@given(bank=BANKS, kw=st.floats(0, 500), kvar=st.floats(-50, 400))
def test_a_controller_settles_under_a_steady_load(bank: SwitchedBank, kw: float, kvar: float) -> None:
    limits = {"kvar_target": (15.0, -15.0), "voltage": (0.98, 1.02)}.get(bank.controller, (bank.up, bank.down))
    # Only equal steps can be limited by one step's size.
    bank = replace(bank, up=limits[0], down=limits[1], is_binary=len(bank.units_kvar) == 3)
    steps = 300
    one = np.ones(steps)
    got, level, states = switched_kvar(
        bank, kw * one, kvar * one, one, 8000.0, np.zeros(steps, dtype=int), one, one > 0,
        60 * np.arange(steps), 60, Switching(),
    )  # fmt: skip
    assert len(states) == steps
    assert (level[-60:] == level[-1]).all()
    assert 0 <= level.min() <= level.max() <= bank.levels
    assert got[-1] == pytest.approx(bank.kvar_by_level(0)[level[-1]])
    first = int(np.argmax(level != level[0]))
    assert first == 0 or first * 60 >= bank.delay_s - 60


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"interval_min": 7}, "interval of 7 min; expected one of"),
        ({"days": 3}, "days 3; expected 10 to 400"),
        ({"substations": 0}, "substations 0; expected 1 to 200"),
        ({"seed": -1}, "seed -1; expected"),
    ],
)
def test_what_cannot_be_simulated_is_named(values: dict[str, int], sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        replace(RECIPE, **values)  # type: ignore[arg-type]
