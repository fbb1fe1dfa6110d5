"""Findings about instruments: what the flags saw for long enough is a "check the meter", never a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode, alarm_states, episodes
from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.findings import Finding, finite
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History
from mlcore.diagnosis.presence import Spell, after, quiet_steps, spells_in_seconds, spells_of_marks
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.signals import Signals, as_reported
from substations.electrical import quality, wiring
from substations.electrical.power import BoolArray, FloatArray

CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a")
VOLTAGES = ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v")

CAUSES: dict[str, str] = {
    "reversed_cts": "reversed_cts",
    "swapped_phases": "swapped_phases",
    "rotated_phases": "rotated_phases",
    "power_direction": "power_direction",
    "reactive_sign": "reactive_sign",
    "power_factor_sign": "power_factor_sign",
    "reversed_ct": "reversed_ct",
    "broken_triangle": "broken_triangle",
    "reactive_meter": "broken_triangle",
    "power_factor_meter": "power_factor_meter",
    "dead_phase": "dead_phase",
    "ct_error": "ct_error",
    "vt_error": "vt_error",
    "stuck_value": "stuck_value",
    "distortion_meter": "stuck_value",
    "impossible_value": "impossible_value",
    "temperature_sensor": "temperature_sensor",
}
"""Gate → cause, the more specific flag first: a row that several flags hit is explained by the first of them."""


NOT_BILLABLE = {
    "reversed_cts", "swapped_phases", "rotated_phases", "power_direction", "reactive_sign", "reversed_ct",
    "broken_triangle", "dead_phase", "ct_error", "vt_error",
}  # fmt: skip
"""Causes under which the meter's energy is not that of the load."""


def meter_findings(fleet: Fleet, signals: Signals, states: BoolArray, scores: FloatArray) -> list[Finding]:
    """One finding per instrument fault of ``meter_alarm_masks``: more than half the rows of two hours."""
    return [
        _finding(fleet, signals, scores, list(CAUSES)[each.indicator], each)
        for each in _joined(episodes(states, scores))
    ]


def meter_alarm_masks(fleet: Fleet, flags: QualityFlags, history: History) -> tuple[BoolArray, FloatArray]:
    """[substation, time, flag] where the alarm of an instrument stands, and its score; flags in the order of CAUSES."""
    names = list(CAUSES)
    masks = np.stack([getattr(flags, name) for name in names], axis=1).astype(np.float64)
    seen = ~flags.absent[:, None, :] | (masks > 0)
    flagged = np.where(seen, _exclusive(names, masks), np.nan)
    share = window_mean(flagged, fleet.steps(tuning.METER_WINDOW_H), history.of("share"))
    score = share / tuning.METER_SHARE
    states = alarm_states(score, fleet.interval_s, history, tuning.METER_ON_DELAY_H, tuning.METER_OFF_DELAY_H)
    return np.moveaxis(states, 1, 2), np.moveaxis(score, 1, 2)


def _joined(found: list[AlarmEpisode]) -> list[AlarmEpisode]:
    """Episodes of one fault that stayed away for less time than it was there are one: it never was mended."""
    joined: list[AlarmEpisode] = []
    present = 0
    for episode in found:
        before = joined[-1] if joined else None
        same = before is not None and (before.substation, before.indicator) == (episode.substation, episode.indicator)
        if before is not None and same and episode.raised - before.last <= present:
            joined[-1] = replace(before, cleared=episode.cleared, last=episode.last)
        else:
            joined.append(episode)
            present = 0
        present += episode.last - episode.raised + 1
    return joined


_RATIOS = ("broken_triangle", "ct_error", "reactive_meter", "power_factor_meter")


def _exclusive(names: list[str], masks: FloatArray) -> FloatArray:
    """Leave out what a more specific flag already explains."""
    clean = masks.copy()
    for specific, general in (
        *(("swapped_phases", name) for name in ("reversed_ct", *_RATIOS)),
        *(("reversed_ct", name) for name in _RATIOS),
        ("rotated_phases", "power_direction"),
        ("reversed_cts", "power_direction"),
        ("broken_triangle", "reactive_meter"),
        ("dead_phase", "ct_error"),
        ("vt_error", "reactive_meter"),
        ("vt_error", "broken_triangle"),
        ("vt_error", "ct_error"),
        ("stuck_value", "ct_error"),
        ("stuck_value", "reactive_meter"),
        ("stuck_value", "power_factor_meter"),
        ("broken_triangle", "power_factor_meter"),
    ):
        clean[:, names.index(general)] *= 1.0 - masks[:, names.index(specific)]
    return clean


def _finding(fleet: Fleet, signals: Signals, scores: FloatArray, flag: str, episode: AlarmEpisode) -> Finding:
    substation, stop = episode.substation, episode.last + 1
    series = np.nan_to_num(scores[substation, episode.raised : stop, episode.indicator])
    window = slice(max(0, episode.raised - fleet.steps(tuning.METER_WINDOW_H) + 1), stop)
    figures = _figures(fleet, signals, flag, substation, window)
    seen = _spells(fleet, scores[substation, :, episode.indicator], episode)
    end_s = int(fleet.at_s[episode.last]) + fleet.interval_s if seen[-1].is_over else None
    return Finding(
        substation=fleet.codes[substation],
        kind="meter",
        cause=CAUSES[flag],
        start_s=int(fleet.at_s[episode.raised]),
        onset_s=int(fleet.at_s[window.start]),
        end_s=end_s,
        peak_s=int(fleet.at_s[episode.raised + int(series.argmax())]),
        severity="warning",
        loss_kwh=0.0,
        loss_low_kwh=0.0,
        loss_high_kwh=0.0,
        loss_pct=0.0,
        score=float(series.max()),
        confidence=float(min(1.0, series.max() / 2.0)),
        code=flag,
        figures=figures,
        evidence={
            "gate": flag,
            "measured": figures,
            "rows_judged": int(stop - window.start),
            "not_billable": CAUSES[flag] in NOT_BILLABLE,
        },
        spells=spells_in_seconds(fleet, seen),
    )


def _spells(fleet: Fleet, scores: FloatArray, episode: AlarmEpisode) -> tuple[Spell, ...]:
    """Where rows were flagged: the alarm stays on for a day, since a loose contact comes and goes."""
    series = scores[episode.raised : episode.cleared]
    known = np.isfinite(series)
    # A score of 0 says that for as long as its window no row was flagged.
    quiet = max(quiet_steps(fleet) - fleet.steps(tuning.METER_WINDOW_H) + 1, 1)
    found = spells_of_marks(known & (series > 0.0), known & (series >= 1.0), known, quiet)
    return after(found, episode)


def _figures(fleet: Fleet, signals: Signals, flag: str, substation: int, window: slice) -> dict[str, float | None]:
    """What the instrument showed, None where it showed nothing; what can't be, as the meter says it."""
    if flag == "impossible_value":
        alone = fleet.only([fleet.codes[substation]]).until(window.stop).since(int(fleet.at_s[window.start]))
        signals, substation, window = as_reported(alone), 0, slice(0, window.stop - window.start)
    found = _MEASURED[flag](signals, substation, window)
    return {name: finite(value) for name, value in found.items()}


def _median(values: FloatArray, substation: int, window: slice) -> float:
    part = values[substation, window]
    known = part[np.isfinite(part)]
    return float(np.median(known)) if known.size else float("nan")


def _powers(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    rows = signals.rows
    named = {
        "active_power_kw": rows.active_kw,
        "reactive_power_kvar": rows.reactive_kvar,
        "apparent_power_kva": rows.apparent_kva,
    }
    return {name: _median(values, substation, window) for name, values in named.items()}


def _triangle(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    return {
        **_powers(signals, substation, window),
        "triangle_ratio": _median(quality.triangle_ratio(signals.rows), substation, window),
        "current_ratio": _median(quality.current_ratio(signals.rows), substation, window),
    }


def _connection(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    """What tells how the inputs are connected: P + iQ against √3·U·I, and the currents."""
    rows = signals.rows
    carried, share = wiring.carried_kva(rows), wiring.measured_share(rows)
    share = np.where(np.isfinite(share), share, quality.triangle_ratio(rows))
    currents = [_median(rows.currents_a[..., k], substation, window) for k in range(3)]
    found = {**_powers(signals, substation, window), "carried_kva": _median(carried, substation, window)}
    of_carried = _median(share, substation, window)
    one, pair = wiring.reversed_phase(currents, of_carried), wiring.exchanged_inputs(currents, of_carried)
    found |= {"measured_share_pct": 100.0 * of_carried}
    found |= {} if one is None else {"reversed_phase": one + 1.0}
    found |= {} if pair is None else {"exchanged_input": pair[0] + 1.0, "exchanged_with": pair[1] + 1.0}
    turned = wiring.angle_deg(*(np.asarray(found[name]) for name in ("active_power_kw", "reactive_power_kvar")))
    return found | {"angle_deg": float(turned)}


def _reactive(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    wanted = _median(signals.reactive_from_apparent * signals.rated_kva, substation, window)
    return {**_powers(signals, substation, window), "reactive_from_apparent_kvar": wanted}


def _power_factor(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    shown = _median(signals.rows.power_factor, substation, window)
    return {**_powers(signals, substation, window), "power_factor": shown}


def _dead_phase(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    share = quality.dead_phase(signals.rows)[substation, window].mean(axis=0)
    currents = [_median(signals.rows.currents_a[..., k], substation, window) for k in range(3)]
    phase = int(share.argmax())
    figures = dict(zip(CURRENTS, currents, strict=True))
    return {**figures, "dead_phase_number": phase + 1.0, "dead_share_pct": float(100 * share[phase])}


def _current(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    return {"current_ratio": _median(quality.current_ratio(signals.rows), substation, window)}


def _voltage(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    lines = [_median(signals.rows.voltages_v[..., k], substation, window) for k in range(3)]
    return dict(zip(VOLTAGES, lines, strict=True))


def _distortion(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    return {"thd_current_median": _median(signals.distortion, substation, window)}


def _impossible(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    return {
        **_powers(signals, substation, window),
        "voltage_pu": _median(signals.voltage, substation, window),
        "oil_temperature_c": _median(signals.oil_c, substation, window),
    }


def _temperature(signals: Signals, substation: int, window: slice) -> dict[str, float]:
    return {"oil_temperature_c": _median(signals.oil_c, substation, window)}


_MEASURED: dict[str, Callable[[Signals, int, slice], dict[str, float]]] = {
    "reversed_cts": _connection,
    "swapped_phases": _connection,
    "rotated_phases": _connection,
    "power_direction": _powers,
    "reactive_sign": _powers,
    "power_factor_sign": _power_factor,
    "reversed_ct": _connection,
    "broken_triangle": _triangle,
    "reactive_meter": _reactive,
    "power_factor_meter": _power_factor,
    "dead_phase": _dead_phase,
    "ct_error": _current,
    "vt_error": _voltage,
    "stuck_value": _powers,
    "distortion_meter": _distortion,
    "impossible_value": _impossible,
    "temperature_sensor": _temperature,
}
