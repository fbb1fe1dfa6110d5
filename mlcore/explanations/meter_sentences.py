"""What a finding about an instrument says; what is not known is left out of the sentence."""

from __future__ import annotations

import math
from collections.abc import Callable

from django.utils.translation import gettext as _

from .wording import Figures, Wording

PHASES = ("A (L1)", "B (L2)", "C (L3)")
LINES = ("A-B (L1-L2)", "B-C (L2-L3)", "C-A (L3-L1)")
CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a")
VOLTAGES = ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v")
FITS = 0.05
"""Chosen: √3·U·I fits S within this; two instruments of class 0.5 with their transformers differ by less."""
USUAL_VOLTAGE_PU, USUAL_OIL_C = (0.9, 1.1), (-20.0, 110.0)
"""Chosen: what a transformer may well have, and what therefore is no example of a value that it can't have."""


def meter_sentence(flag: str, figures: Figures, wording: Wording) -> str:
    """The sentence of a data-quality flag."""
    return _("Check the meter: %(finding)s") % {"finding": METER_SENTENCES[flag](figures, wording)}


def _triangle(figures: Figures, wording: Wording) -> str:
    p, q, s = (figures.get(name) for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva"))
    parts = [_("P, Q and S do not belong to one load.")]
    if p is not None and q is not None and s is not None:
        shown = _powers(figures, wording) | {"sum": wording.amount(math.hypot(p, q), "kVA")}
        parts = [_("P %(p)s and Q %(q)s give %(sum)s, but S reads %(s)s.") % shown]
    ratio = figures.get("current_ratio")
    if ratio is not None and abs(ratio - 1) < FITS:
        parts.append(_("S does fit voltage and current, so P and Q are wrong."))
    parts.append(_("Look for a reversed or swapped current transformer, or voltages on the wrong phases."))
    return " ".join(parts)


def _reversed(figures: Figures, wording: Wording) -> str:
    """One or two of three; which of them, where imbalance tells."""
    shown, number = _powers(figures, wording), figures.get("reversed_phase")
    two = (figures.get("active_power_kw") or 0.0) < 0
    third = _("about a third of √3·U·I is left, as when one of three current transformers is reversed.")
    if two:
        third = _(
            "about a third of √3·U·I is left with P below 0, as when two of three current transformers are reversed."
        )
    if "p" in shown and "s" in shown:
        third = _("P %(p)s against S %(s)s: %(third)s") % (shown | {"third": third})
    swap = _("Find the phase whose power has the other sign, and swap S1 and S2 of its current transformer.")
    if number is not None:
        phase = {"phase": PHASES[int(number) - 1]}
        swap = _("By the currents it is phase %(phase)s: swap S1 and S2 of its current transformer.") % phase
        if two:
            swap = _("By the currents phase %(phase)s is right: swap S1 and S2 of the two others.") % phase
    return f"{third} {swap} {_not_billable()}"


def _reversed_all(figures: Figures, wording: Wording) -> str:
    shown = _powers(figures, wording)
    turned = _("P and Q have the opposite sign of the load while the currents went on.")
    if "p" in shown and "q" in shown:
        turned = _("P %(p)s and Q %(q)s have the opposite sign of the load while the currents went on.") % shown
    swap = _("Swap S1 and S2 of all three current transformers, or turn the direction round in the meter's settings.")
    return f"{turned} {swap} {_not_billable()}"


def _swapped(figures: Figures, wording: Wording) -> str:
    share, one, other = (figures.get(n) for n in ("measured_share_pct", "exchanged_input", "exchanged_with"))
    cancel = _("P and Q cancel each other while current flows, as with two phases exchanged.")
    if share is not None:
        shown = {"share": wording.amount(share, "%", ".0f")}
        cancel = _("P and Q are only %(share)s of √3·U·I: they cancel, as with two phases exchanged.") % shown
    swap = _("Swap two current inputs, or two voltage inputs, until each current is on its own phase.")
    if one is not None and other is not None:
        inputs = {"one": PHASES[int(one) - 1], "other": PHASES[int(other) - 1]}
        swap = _("By the currents it is %(one)s and %(other)s: swap these two current inputs.") % inputs
    return f"{cancel} {swap} {_not_billable()}"


def _rotated(figures: Figures, wording: Wording) -> str:
    angle = figures.get("angle_deg")
    beside = _("P and Q are turned by 120° against the load: each current is measured on the voltage of another phase.")
    swap = _("Move all three current inputs, or all three voltage inputs, on by one phase.")
    if angle is not None:
        at = ("B (L2)", "C (L3)", "A (L1)") if angle > 0 else ("C (L3)", "A (L1)", "B (L2)")
        inputs = {"one": at[0], "two": at[1], "three": at[2]}
        swap = (
            _("Inputs A, B, C get the currents of %(one)s, %(two)s, %(three)s: put each on its own voltage.") % inputs
        )
    return f"{beside} {swap} {_not_billable()}"


def _reactive_sign(figures: Figures, wording: Wording) -> str:
    shown = _powers(figures, wording)
    sign = _("Q has the opposite sign: it is leading in the way in which this load is lagging.")
    if "q" in shown and "p" in shown:
        sign = _("Q reads %(q)s at P %(p)s: leading in the way in which this load is lagging.") % shown
    swap = _("Reverse the sign of Q in the logger or its sign convention in the meter; the wires may be right.")
    return f"{sign} {swap} {_not_billable()}"


def _power_factor_sign(figures: Figures, wording: Wording) -> str:
    reads = figures.get("power_factor")
    sign = _("the power factor is signed as leading while Q is lagging.")
    if reads is not None:
        shown = {"reads": wording.amount(reads, "", ".3f")}
        sign = _("the power factor reads %(reads)s, which is leading, while Q is lagging.") % shown
    return f"{sign} " + _("Set the sign convention of the channel; P and Q are judged without it.")


def _direction(figures: Figures, wording: Wording) -> str:
    shown = _powers(figures, wording)
    since = _("active power has been below 0 day and night since the first reading.")
    if "p" in shown:
        since = _("active power has been below 0 day and night since the first reading (now P %(p)s).") % shown
    return f"{since} " + _(
        "Either this substation feeds in, or its current transformers are reversed: say which. Until then nothing is "
        "judged and its energy is not billable."
    )


def _not_billable() -> str:
    return _("The energy of this time is not billable.")


def _reactive(figures: Figures, wording: Wording) -> str:
    reads, wanted = figures.get("reactive_power_kvar"), figures.get("reactive_from_apparent_kvar")
    apart = _("Q is not what S and P leave for it.")
    if reads is not None and wanted is not None:
        shown = {"reads": wording.amount(reads, "kvar"), "wanted": wording.amount(wanted, "kvar")}
        apart = _("Q reads %(reads)s, but S and P leave %(wanted)s.") % shown
    return f"{apart} " + _("The reactive channel is off; it is taken from S and P meanwhile.")


def _power_factor(figures: Figures, wording: Wording) -> str:
    reads, p, s = (figures.get(name) for name in ("power_factor", "active_power_kw", "apparent_power_kva"))
    apart = _("the power factor is not what P over S gives.")
    if reads is not None and p is not None and s:
        factors = {"reads": wording.amount(reads, "", ".3f"), "true": wording.amount(abs(p) / s, "", ".3f")}
        apart = _("the power factor reads %(reads)s, but P %(p)s over S %(s)s is %(true)s.") % (
            _powers(figures, wording) | factors
        )
    return f"{apart} " + _("The channel is not used meanwhile.")


def _dead_phase(figures: Figures, wording: Wording) -> str:
    shown = {
        "phase": PHASES[min(max(int(figures.get("dead_phase_number") or 1), 1), len(PHASES)) - 1],
        "share": wording.amount(figures.get("dead_share_pct") or 0.0, "%", ".0f"),
        "currents": _listed(PHASES, CURRENTS, "A", figures, wording),
    }
    dead = _("phase %(phase)s carries no current in %(share)s of the rows while others do%(currents)s.") % shown
    return f"{dead} " + _("A dead current transformer, an open secondary or a blown fuse of that phase.")


def _current(figures: Figures, wording: Wording) -> str:
    ratio = figures.get("current_ratio")
    apart = _("√3·U·I is away from what this meter usually shows, or one phase current stands still.")
    if ratio is not None:
        apart = _(
            "√3·U·I is %(ratio)s of S, away from what this meter usually shows, or one phase current stands still."
        ) % {"ratio": wording.amount(ratio, "", ".3f")}
    advice = _("Look for a current transformer with a wrong ratio, a shorted secondary or a loose contact.")
    return f"{apart} {advice}"


def _voltage(figures: Figures, wording: Wording) -> str:
    shown = {"voltages": _listed(LINES, VOLTAGES, "V", figures, wording)}
    return (
        _(
            "the line voltages are too far apart%(voltages)s. Look for a blown voltage-transformer fuse; "
            "power readings are not judged meanwhile."
        )
        % shown
    )


def _stuck(figures: Figures, wording: Wording) -> str:
    shown = _powers(figures, wording)
    still = _("the power stands still.")
    if "p" in shown and "s" in shown:
        still = _("P stands still at %(p)s (S %(s)s).") % shown
    elif "p" in shown:
        still = _("P stands still at %(p)s.") % shown
    elif "s" in shown:
        still = _("S stands still at %(s)s.") % shown
    return f"{still} " + _("Look for a frozen register or a lost connection behind the data logger.")


def _distortion(figures: Figures, wording: Wording) -> str:
    value = figures.get("thd_current_median")
    if value is None:
        return _("one phase's current THD stands still while the others move.")
    shown = {"thd": wording.amount(100 * value, "%", ".3g")}
    return _("one phase's current THD stands still while the others move (median of the phases %(thd)s).") % shown


def _impossible(figures: Figures, wording: Wording) -> str:
    powers, voltage, oil = _powers(figures, wording), figures.get("voltage_pu"), figures.get("oil_temperature_c")
    p, s = figures.get("active_power_kw"), figures.get("apparent_power_kva")
    # S says it, or P where it is more than S; P or Q alone only where there is no S.
    is_more = p is not None and s is not None and abs(p) > (1 + FITS) * s
    names = ("P", "S") if is_more else ("S", "P", "Q")
    parts = [f"{name} {powers[name.lower()]}" for name in names if name.lower() in powers][: 2 if is_more else 1]
    if voltage is not None and not USUAL_VOLTAGE_PU[0] <= voltage <= USUAL_VOLTAGE_PU[1]:
        parts.append(_("voltage %(share)s of nominal") % {"share": wording.amount(100 * voltage, "%")})
    if oil is not None and not USUAL_OIL_C[0] <= oil <= USUAL_OIL_C[1]:
        parts.append(_("oil %(temperature)s") % {"temperature": wording.amount(oil, "°C")})
    shown = {"values": f" ({', '.join(parts)})" if parts else ""}
    return _("values that this transformer can't have%(values)s. Look at scaling factors and wiring.") % shown


def _temperature(figures: Figures, wording: Wording) -> str:
    value = figures.get("oil_temperature_c")
    strange = _("the oil temperature jumps, stands still or is out of range, which oil can't do.")
    if value is not None:
        strange = _(
            "the oil temperature jumps, stands still or is out of range (about %(temperature)s), which oil can't do."
        ) % {"temperature": wording.amount(value, "°C")}
    return f"{strange} " + _("Look at the sensor and its cable.")


def _powers(figures: Figures, wording: Wording) -> dict[str, str]:
    """P, Q and S as far as they are known."""
    named = {"p": ("active_power_kw", "kW"), "q": ("reactive_power_kvar", "kvar"), "s": ("apparent_power_kva", "kVA")}
    known = {letter: (figures.get(name), unit) for letter, (name, unit) in named.items()}
    return {letter: wording.amount(value, unit) for letter, (value, unit) in known.items() if value is not None}


def _listed(shown: tuple[str, ...], names: tuple[str, ...], unit: str, figures: Figures, wording: Wording) -> str:
    known = [(label, figures.get(name)) for label, name in zip(shown, names, strict=True)]
    listed = ", ".join(f"{label} {wording.amount(value, unit)}" for label, value in known if value is not None)
    return f" ({listed})" if listed else ""


METER_SENTENCES: dict[str, Callable[[Figures, Wording], str]] = {
    "reversed_cts": _reversed_all,
    "swapped_phases": _swapped,
    "rotated_phases": _rotated,
    "reactive_sign": _reactive_sign,
    "power_factor_sign": _power_factor_sign,
    "power_direction": _direction,
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
