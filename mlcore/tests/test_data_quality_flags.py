"""Which readings can't be judged, from when on, and for how long after the last hit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.data_quality_flags import (
    QualityFlags,
    flag_data_quality,
    learn_quality,
    usable_reactive,
)  # fmt: skip
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.learning import nothing_learned
from mlcore.diagnosis.signals import measure
from substations.channels import CHANNEL_INDEX

from .made_fleet import made_fleet, training

DAYS = 10
BAD, A_DAY = 1, 48
FIRST, LAST = 8 * A_DAY, 8 * A_DAY + 12  # six hours
SEEN = (
    "broken_triangle", "reversed_ct", "dead_phase", "ct_error", "vt_error", "stuck_value", "impossible_value",
    "reactive_meter", "temperature_sensor", "distortion_meter", "power_factor_meter",
)  # fmt: skip
Damage = Callable[[np.ndarray], None]


def flagged(damage: Damage | None = None, *, is_trained: bool = True) -> QualityFlags:
    """Flags of the made-up fleet whose second substation is damaged for six hours of the ninth day."""
    clean = made_fleet(substations=3, days=DAYS)
    values = clean.values.copy()
    if damage:
        damage(values[BAD, FIRST:LAST])
    fleet = replace(clean, values=values)
    trained = learn_quality(clean, measure(clean), np.broadcast_to(training(clean, 7), clean.values.shape[:2]))
    parameters = trained if is_trained else nothing_learned(clean).quality
    return flag_data_quality(fleet, measure(fleet), parameters, WHOLE_RECORD)


def times(*names: str, factor: float) -> Damage:
    def damage(part: np.ndarray) -> None:
        part[:, [CHANNEL_INDEX[name] for name in names]] *= factor

    return damage


def still(*names: str) -> Damage:
    def damage(part: np.ndarray) -> None:
        columns = [CHANNEL_INDEX[name] for name in names]
        part[:, columns] = part[0, columns]

    return damage


def steps_of(mask: np.ndarray) -> np.ndarray:
    return np.flatnonzero(mask[BAD])


POWERS = ("active_power_kw", "reactive_power_kvar", "apparent_power_kva")
LINES = ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v", "voltage_avg_v")


def test_hardly_a_reading_of_sound_meters_is_flagged() -> None:
    flags = flagged()
    assert all(getattr(flags, name).mean() < 0.002 for name in SEEN)
    assert not flags.absent.any()
    assert not flags.dead.any()


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (times("voltage_l12_v", factor=0.8), "vt_error"),
        (times("current_l1_a", factor=0.0), "dead_phase"),
        (times("current_l1_a", factor=0.85), "ct_error"),
        (times("active_power_kw", "reactive_power_kvar", factor=0.33), "reversed_ct"),
        (times("reactive_power_kvar", factor=2.0), "reactive_meter"),
        (times(*LINES, factor=2.2), "impossible_value"),
        (times("active_power_kw", factor=1000.0), "impossible_value"),
        (times("oil_temperature_c", factor=-2.0), "temperature_sensor"),
        (times("power_factor", factor=0.8), "power_factor_meter"),
        (still(*POWERS), "stuck_value"),
        (still("thd_current_l2_pct"), "distortion_meter"),
    ],
)
def test_a_broken_instrument_is_flagged_while_it_is_broken_and_where(damage: Damage, name: str) -> None:
    mask = getattr(flagged(damage), name)
    hit = steps_of(mask)
    assert len(hit) >= 4
    assert hit.min() >= FIRST
    assert hit.max() <= LAST, "what looks at the last hour may need a step more"
    assert mask[[0, 2]].mean() < 0.002


@pytest.mark.parametrize(("damage", "is_seen"), [
    (times("voltage_l12_v", factor=0.8), True), (times("current_l1_a", factor=0.85), False),
])  # fmt: skip
def test_where_nothing_was_learned_only_what_is_beyond_doubt_is_flagged(damage: Damage, is_seen: bool) -> None:
    flags = flagged(damage, is_trained=False)
    assert bool((flags.vt_error | flags.ct_error)[BAD, FIRST:LAST].any()) is is_seen


def test_power_is_not_believed_until_two_hours_after_the_last_hit() -> None:
    hit = steps_of(flagged(times("voltage_l12_v", factor=0.8)).power)
    assert set(range(FIRST, LAST + int(2 * tuning.POWER_HOLD_HOURS) - 1)) <= set(hit)
    assert LAST + int(2 * tuning.POWER_HOLD_HOURS) not in hit


def test_oil_is_not_believed_until_half_a_day_after_its_sensor_jumped() -> None:
    flags = flagged(times("oil_temperature_c", factor=2.0))
    assert flags.oil[BAD, FIRST : LAST + int(2 * tuning.OIL_HOLD_HOURS) - 2].all()
    assert not flags.power[BAD, FIRST:LAST].any()


def test_a_reading_beyond_physics_is_absent_and_nothing_is_held_after_it() -> None:
    flags = flagged(times("active_power_kw", factor=1000.0))
    assert list(steps_of(flags.absent)) == list(range(FIRST, LAST))
    assert list(steps_of(flags.power)) == list(range(FIRST, LAST))


def test_a_transformer_without_load_is_de_energised_and_no_instrument_is_blamed() -> None:
    currents = [name for name in CHANNEL_INDEX if name.startswith("current_")]
    flags = flagged(times(*POWERS, *currents, factor=0.001))
    assert flags.dead[BAD, FIRST:LAST].all()
    assert not any(
        getattr(flags, name)[BAD, FIRST:LAST].any() for name in ("stuck_value", "ct_error", "reactive_meter")
    )


def test_a_broken_reactive_channel_is_taken_from_s_and_p_meanwhile() -> None:
    clean = made_fleet(substations=3, days=DAYS)
    values = clean.values.copy()
    times("reactive_power_kvar", factor=2.0)(values[BAD, FIRST:LAST])
    signals = measure(replace(clean, values=values))
    kvar = usable_reactive(signals, flagged(times("reactive_power_kvar", factor=2.0)))
    inside = slice(FIRST + 2, LAST)
    np.testing.assert_allclose(kvar[BAD, inside], measure(clean).reactive[BAD, inside], atol=0.03)
