"""Findings about instruments: what the flags saw for long enough is a "check the meter", never a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mlcore.diagnosis.alarm_episodes import AlarmEpisode, alarm_states, episodes
from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.signals import Signals
from substations.electrical import quality
from substations.electrical.power import BoolArray, FloatArray

WINDOW_H, ON_DELAY_H = 2.0, 1.5
SHARE_FOR_ALARM = 0.5
OFF_DELAY_H = 24.0
"""A loose contact comes and goes: what returns within a day is one fault."""

PHASES = ("A (L1)", "B (L2)", "C (L3)")
LINES = ("A-B (L1-L2)", "B-C (L2-L3)", "C-A (L3-L1)")

CAUSES: dict[str, str] = {
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
    share = window_mean(flagged, fleet.steps(WINDOW_H), history.of("share"))
    states = alarm_states(share / SHARE_FOR_ALARM, fleet.interval_s, history, ON_DELAY_H, OFF_DELAY_H)
    return np.moveaxis(states, 1, 2), np.moveaxis(share / SHARE_FOR_ALARM, 1, 2)


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


def _exclusive(names: list[str], masks: FloatArray) -> FloatArray:
    """Leave out what a more specific flag already explains."""
    clean = masks.copy()
    for specific, general in (
        ("reversed_ct", "broken_triangle"),
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
    window = slice(max(0, episode.raised - fleet.steps(WINDOW_H) + 1), stop)
    values, sentence = _DESCRIBE[flag](signals, substation, window)
    end_s = None if episode.cleared is None else int(fleet.at_s[episode.last]) + fleet.interval_s
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
        reason=f"Check the meter: {sentence}",
        evidence={"gate": flag, "measured": values, "rows_judged": int(stop - window.start)},
    )


Described = tuple[dict[str, float], str]


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


def _triangle(signals: Signals, substation: int, window: slice) -> Described:
    values = _powers(signals, substation, window)
    values["triangle_ratio"] = _median(quality.triangle_ratio(signals.rows), substation, window)
    values["current_ratio"] = _median(quality.current_ratio(signals.rows), substation, window)
    p, q, s = (values[name] for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva"))
    fits = " S does fit voltage and current, so P and Q are wrong." if abs(values["current_ratio"] - 1) < 0.05 else ""
    return values, (
        f"P {p:.4g} kW and Q {q:.4g} kvar give {np.hypot(p, q):.4g} kVA, but S reads {s:.4g} kVA.{fits} "
        "Look for a reversed or swapped current transformer, or voltages on the wrong phases."
    )


def _reversed(signals: Signals, substation: int, window: slice) -> Described:
    values, _ = _triangle(signals, substation, window)
    p, s = values["active_power_kw"], values["apparent_power_kva"]
    return values, (
        f"P {p:.4g} kW against S {s:.4g} kVA: about a third of the apparent power is left, as when one "
        "of three current transformers is reversed or sits on another phase's voltage."
    )


def _reactive(signals: Signals, substation: int, window: slice) -> Described:
    values = _powers(signals, substation, window)
    wanted = _median(signals.reactive_from_apparent * signals.rated_kva, substation, window)
    values["reactive_from_apparent_kvar"] = wanted
    return values, (
        f"Q reads {values['reactive_power_kvar']:.4g} kvar, but S and P leave {wanted:.4g} kvar. "
        "The reactive channel is off; it is taken from S and P meanwhile."
    )


def _power_factor(signals: Signals, substation: int, window: slice) -> Described:
    values = _powers(signals, substation, window)
    shown = _median(signals.rows.power_factor, substation, window)
    values["power_factor"] = shown
    p, s = values["active_power_kw"], values["apparent_power_kva"]
    return values, (
        f"the power factor reads {shown:.3f}, but P {p:.4g} kW over S {s:.4g} kVA is {abs(p) / s:.3f}. "
        "The channel is not used meanwhile."
    )


def _dead_phase(signals: Signals, substation: int, window: slice) -> Described:
    share = quality.dead_phase(signals.rows)[substation, window].mean(axis=0)
    phase = int(share.argmax())
    currents = [_median(signals.rows.currents_a[..., k], substation, window) for k in range(3)]
    values = {f"current_l{k + 1}_a": current for k, current in enumerate(currents)}
    shown = ", ".join(f"{name} {current:.4g} A" for name, current in zip(PHASES, currents, strict=True))
    return values, (
        f"phase {PHASES[phase]} carries no current in {100 * share[phase]:.0f} % of the rows "
        f"while others do ({shown}). "
        "A dead current transformer, an open secondary or a blown fuse of that phase."
    )


def _current(signals: Signals, substation: int, window: slice) -> Described:
    ratio = _median(quality.current_ratio(signals.rows), substation, window)
    return {"current_ratio": ratio}, (
        f"√3·U·I is {ratio:.3f} of S, away from what this meter usually shows, or one phase current stands still. "
        "Look for a current transformer with a wrong ratio, a shorted secondary or a loose contact."
    )


def _voltage(signals: Signals, substation: int, window: slice) -> Described:
    lines = [_median(signals.rows.voltages_v[..., k], substation, window) for k in range(3)]
    shown = ", ".join(f"{name} {voltage:.4g} V" for name, voltage in zip(LINES, lines, strict=True))
    values = {"voltage_l12_v": lines[0], "voltage_l23_v": lines[1], "voltage_l31_v": lines[2]}
    return values, (
        f"the line voltages are too far apart ({shown}). Look for a blown voltage-transformer fuse; "
        "power readings are not judged meanwhile."
    )


def _stuck(signals: Signals, substation: int, window: slice) -> Described:
    values = _powers(signals, substation, window)
    s = values["apparent_power_kva"]
    return values, (
        f"P stands still at {values['active_power_kw']:.4g} kW{f' (S {s:.4g} kVA)' if np.isfinite(s) else ''}. "
        "Look for a frozen register or a lost connection behind the data logger."
    )


def _distortion(signals: Signals, substation: int, window: slice) -> Described:
    value = _median(signals.distortion, substation, window)
    return {"thd_current_median": value}, (
        f"one phase's current THD stands still while the others move (median of the phases {100 * value:.3g} %)."
    )


def _impossible(signals: Signals, substation: int, window: slice) -> Described:
    values = _powers(signals, substation, window)
    values["voltage_pu"] = _median(signals.voltage, substation, window)
    values["oil_temperature_c"] = _median(signals.oil_c, substation, window)
    return values, (
        "values that this transformer can't have "
        f"(S {values['apparent_power_kva']:.4g} kVA, voltage {100 * values['voltage_pu']:.4g} % of nominal, "
        f"oil {values['oil_temperature_c']:.4g} °C). Look at scaling factors and wiring."
    )


def _temperature(signals: Signals, substation: int, window: slice) -> Described:
    value = _median(signals.oil_c, substation, window)
    return {"oil_temperature_c": value}, (
        f"the oil temperature jumps, stands still or is out of range (about {value:.4g} °C), which oil can't do. "
        "Look at the sensor and its cable."
    )


_DESCRIBE: dict[str, Callable[[Signals, int, slice], Described]] = {
    "reversed_ct": _reversed,
    "broken_triangle": _triangle,
    "reactive_meter": _reactive,
    "power_factor_meter": _power_factor,
    "dead_phase": _dead_phase,
    "ct_error": _current,
    "vt_error": _voltage,
    "stuck_value": _stuck,
    "distortion_meter": _distortion,
    "impossible_value": _impossible,
    "temperature_sensor": _temperature,
}
