"""Units where power, voltage and current are not all there: nominal voltages, the voltage that a current gives."""

from __future__ import annotations

from ingestion.exports.electrical_scales import (
    NOT_NOMINAL,
    OF_BOTH_V,
    SCALES,
    SQRT3,
    Magnitudes,
    Scales,
    near_nominal,
    voltage_cost,
)

_PHASE_V = (100.0, 300.0)  # 110 to 277 V are line to neutral of three-phase grids, and line to line of others


_LINE_V = (90.0, 42_000.0)  # IEC 60038, up to medium voltage


def unchecked(found: Magnitudes) -> Scales:
    """What can be said of each alone where power, voltage and current are not all there."""
    question, text = "", ""
    if found.power is not None and found.power != 0 and not found.power_known:
        question, text = "unit", "No unit is named for the power, and nothing in the file tells W from kW or MW."
    scale, between, doubt = _voltage_alone(found)
    current, doubt_of_current = _current_alone(found)
    doubt = doubt or doubt_of_current
    guess = 1.0
    if found.power and not found.power_known:
        guess = found.power_scales[0] if found.power > 20_000 or 1.0 not in found.power_scales else 1.0
    return Scales(guess, scale, current, between, question or ("unit" if doubt else ""), text or doubt)


def _voltage_alone(found: Magnitudes) -> tuple[float, bool, str]:
    """Scale of a voltage by the nominal ones, whether it is between lines, and what is in doubt."""
    if not found.voltage:
        return 1.0, found.between_lines is not False, ""
    sides = (found.between_lines,) if found.between_lines is not None else (True, False)
    options = [
        (voltage_cost(found.voltage, s, bool(b)), s, bool(b))
        for s in ((1.0,) if found.voltage_known else (1.0, 1e3, 1e-3))
        for b in sides
    ]
    cost, scale, between = min(options, key=lambda each: each[0])
    if cost >= NOT_NOMINAL and not found.voltage_known:
        return scale, between, f"A voltage of {found.voltage:g} without a unit is near no nominal voltage."
    volts = found.voltage * scale
    if found.between_lines is None and found.single_phases and near_nominal(volts * SQRT3):
        doubt = f"Is a voltage of {volts:.4g} V between lines, or from a line to neutral?"
        return scale, False, doubt if OF_BOTH_V[0] <= volts <= OF_BOTH_V[1] else ""
    if found.between_lines is None and _PHASE_V[0] <= volts <= _PHASE_V[1] and near_nominal(volts * SQRT3):
        return scale, False, f"Is a voltage of {volts:.4g} V between lines, or from a line to neutral?"
    return scale, between, ""


def _current_alone(found: Magnitudes) -> tuple[float, str]:
    """Scale of a current without a unit by the voltage that it gives with the power; doubt where that says nothing."""
    if not found.current or found.current_known:
        return 1.0, ""
    if found.power and found.power_known:
        line = found.power * 1000 / (SQRT3 * found.current)
        fits = [k for k in SCALES if found.current * k >= 1 and _LINE_V[0] <= line / k <= _LINE_V[1]]
        if fits == [1.0]:
            return 1.0, ""
    elif found.power:
        return 1.0, ""  # the unit of the power is asked already
    return 1.0, "No unit is named for the current, and nothing in the file tells A from mA or kA."
