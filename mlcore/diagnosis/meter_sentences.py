"""What a finding about an instrument says, from its figures: what is not known is left out of the sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Figures = Mapping[str, float | None]

PHASES = ("A (L1)", "B (L2)", "C (L3)")
LINES = ("A-B (L1-L2)", "B-C (L2-L3)", "C-A (L3-L1)")
CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a")
VOLTAGES = ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v")
MIN_SHOWN = 1e-9
"""Smaller figures are what rounding leaves of nothing."""


def number(value: float, form: str = ".4g") -> str:
    """A figure of a sentence: never −0, and 0 for what rounding left of nothing."""
    text = format(value if abs(value) >= MIN_SHOWN else 0.0, form)
    return text if float(text) else text.replace("-", "")


def meter_sentence(flag: str, figures: Figures) -> str:
    """The sentence of a flag."""
    return f"Check the meter: {_SENTENCES[flag](figures)}"


def _triangle(figures: Figures) -> str:
    p, q, s = (figures[name] for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva"))
    ratio = figures["current_ratio"]
    fits = " S does fit voltage and current, so P and Q are wrong." if ratio and abs(ratio - 1) < 0.05 else ""
    apart = "P, Q and S do not belong to one load."
    if p is not None and q is not None and s is not None:
        given = number(float(np.hypot(p, q)))
        apart = f"P {number(p)} kW and Q {number(q)} kvar give {given} kVA, but S reads {number(s)} kVA."
    return f"{apart}{fits} Look for a reversed or swapped current transformer, or voltages on the wrong phases."


def _reversed(figures: Figures) -> str:
    p, s = figures["active_power_kw"], figures["apparent_power_kva"]
    shown = f"P {number(p)} kW against S {number(s)} kVA: " if p is not None and s is not None else ""
    return (
        f"{shown}about a third of the apparent power is left, as when one "
        "of three current transformers is reversed or sits on another phase's voltage."
    )


def _reactive(figures: Figures) -> str:
    reads, wanted = figures["reactive_power_kvar"], figures["reactive_from_apparent_kvar"]
    apart = "Q is not what S and P leave for it."
    if reads is not None and wanted is not None:
        apart = f"Q reads {number(reads)} kvar, but S and P leave {number(wanted)} kvar."
    return f"{apart} The reactive channel is off; it is taken from S and P meanwhile."


def _power_factor(figures: Figures) -> str:
    shown, p, s = (figures[name] for name in ("power_factor", "active_power_kw", "apparent_power_kva"))
    apart = "the power factor is not what P over S gives."
    if shown is not None and p is not None and s:
        true = number(abs(p) / s, ".3f")
        apart = f"the power factor reads {number(shown, '.3f')}, but P {number(p)} kW over S {number(s)} kVA is {true}."
    return f"{apart} The channel is not used meanwhile."


def _dead_phase(figures: Figures) -> str:
    phase, share = int(figures["dead_phase_number"] or 1) - 1, figures["dead_share_pct"] or 0.0
    shown = _listed(PHASES, [figures[name] for name in CURRENTS], "A")
    return (
        f"phase {PHASES[phase]} carries no current in {number(share, '.0f')} % of the rows "
        f"while others do{shown}. A dead current transformer, an open secondary or a blown fuse of that phase."
    )


def _current(figures: Figures) -> str:
    ratio = figures["current_ratio"]
    shown = "" if ratio is None else f"{number(ratio, '.3f')} of S, "
    return (
        f"√3·U·I is {shown}away from what this meter usually shows, or one phase current stands still. "
        "Look for a current transformer with a wrong ratio, a shorted secondary or a loose contact."
    )


def _voltage(figures: Figures) -> str:
    shown = _listed(LINES, [figures[name] for name in VOLTAGES], "V")
    return (
        f"the line voltages are too far apart{shown}. Look for a blown voltage-transformer fuse; "
        "power readings are not judged meanwhile."
    )


def _stuck(figures: Figures) -> str:
    p, s = figures["active_power_kw"], figures["apparent_power_kva"]
    still = "the power stands still"
    if p is not None:
        still = f"P stands still at {number(p)} kW" + ("" if s is None else f" (S {number(s)} kVA)")
    elif s is not None:
        still = f"S stands still at {number(s)} kVA"
    return f"{still}. Look for a frozen register or a lost connection behind the data logger."


def _distortion(figures: Figures) -> str:
    value = figures["thd_current_median"]
    shown = "" if value is None else f" (median of the phases {number(100 * value, '.3g')} %)"
    return f"one phase's current THD stands still while the others move{shown}."


def _impossible(figures: Figures) -> str:
    s, p, q = (figures[name] for name in ("apparent_power_kva", "active_power_kw", "reactive_power_kvar"))
    voltage, oil = figures["voltage_pu"], figures["oil_temperature_c"]
    parts = [f"S {number(s)} kVA"] if s is not None else []
    if s is None:
        parts = [f"P {number(p)} kW"] if p is not None else [f"Q {number(q)} kvar"] if q is not None else []
    parts += [f"voltage {number(100 * voltage)} % of nominal"] if voltage is not None else []
    parts += [f"oil {number(oil)} °C"] if oil is not None else []
    shown = f" ({', '.join(parts)})" if parts else ""
    return f"values that this transformer can't have{shown}. Look at scaling factors and wiring."


def _temperature(figures: Figures) -> str:
    value = figures["oil_temperature_c"]
    shown = "" if value is None else f" (about {number(value)} °C)"
    return (
        f"the oil temperature jumps, stands still or is out of range{shown}, which oil can't do. "
        "Look at the sensor and its cable."
    )


def _listed(names: tuple[str, ...], values: list[float | None], unit: str) -> str:
    known = [(name, value) for name, value in zip(names, values, strict=True) if value is not None]
    shown = ", ".join(f"{name} {number(value)} {unit}" for name, value in known)
    return f" ({shown})" if shown else ""


_SENTENCES: dict[str, Callable[[Figures], str]] = {
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
