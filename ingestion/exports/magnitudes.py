"""Units that no header names, by physics: S = √3·U·I, S² = P² + Q², nominal voltages; and units that it contradicts."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from ingestion.exports.electrical_scales import OF_BOTH_V, SCALES, SQRT3, Magnitudes, Scales, near_nominal, voltage_cost
from ingestion.exports.lone_magnitudes import unchecked
from ingestion.problems import FloatArray

# IEC 61869: 100, 110 or 120 V and 1 or 5 A rated, with a little more while a fault lasts.
_SECONDARY_V, _SECONDARY_A = (90.0, 126.0), 6.5


_FITS = (0.9, 1.1)  # class 1 meters, and means of phases that are not balanced


_FITS_P_ALONE = (0.25, 1.06)  # P ≤ S; a power factor below 0.25 is no load


_ONE_OF_THREE = 0.36  # a third, with class 1 meters and phases that differ


_FITS_ONE_PHASE = (0.5, 2.0)  # one current stands for three that differ

# chosen: less than a lamp's current is rather written in kA; the cost makes both a question
_IDLE_A, _IDLE_COST = 0.5, 2.5
_SECONDARY_STAR_V = 50.0  # IEC 61869: voltage transformers have 100 / √3 V and more on their secondary side
_LOW_V, _BUSBAR_A, _BUSBAR_COST = 1000.0, 8000.0, 3.0  # IEC 61439: low-voltage switchgear ends at 6300 A


def solved(found: Magnitudes) -> Scales:
    """The scales under which power, voltage and current agree."""
    if found.power is None or found.voltage is None or found.current is None or found.power == 0 or found.current == 0:
        return unchecked(found)
    low, high = _FITS_ONE_PHASE if found.one_phase else _FITS if found.power_is_apparent else _FITS_P_ALONE
    sides = (found.between_lines,) if found.between_lines is not None else (False, True)
    fits: list[tuple[float, Scales]] = []
    for kp, ku, ki, side in product(
        (1.0,) if found.power_known else found.power_scales, (1.0,) if found.voltage_known else SCALES,
        (1.0,) if found.current_known else SCALES, sides,
    ):  # fmt: skip
        line = found.voltage * ku * (1.0 if side else SQRT3)
        ratio = found.power * kp / (SQRT3 * line * found.current * ki / 1000)
        if low <= ratio <= high:
            cost = voltage_cost(found.voltage, ku, bool(side)) * (
                not found.voltage_known or found.between_lines is None
            )
            cost += (1.0 if ki == 1e-3 else 2.0 if ki == 1e3 else 0.0) - (2.5 if found.in_thousandths else 0.5) * (
                ki == ku == 1e-3
            )
            cost += _IDLE_COST * (not found.current_known and found.current * ki < _IDLE_A)
            cost += _BUSBAR_COST * (not found.current_known and line < _LOW_V and found.current * ki > _BUSBAR_A)
            fits.append((cost, Scales(kp, ku, ki, bool(side), checked=True)))
    if not fits:
        return _contradicted(found, sides)
    fits.sort(key=lambda each: each[0])
    best = _of_two_sides(fits, found)
    rivals = [
        s
        for cost, s in fits[1:]
        if cost - best[0] < 1.0 and (s.power, s.voltage, s.current) != (best[1].power, best[1].voltage, best[1].current)
    ]
    tiny = not found.voltage_known and found.voltage * best[1].voltage < _SECONDARY_STAR_V
    idle = best[1].current < 1.0 and found.current * best[1].current < _IDLE_A and not found.in_thousandths
    if not found.power_is_apparent and not found.one_phase and _of_one_phase(found, best[1]):
        text = "Active power is about a third of √3·U·I: is it of one phase, or is one of them multiplied?"
        return replace(best[1], question="scale", text=text)
    if (rivals or tiny or idle) and not (found.power_known and found.voltage_known and found.current_known):
        return Scales(
            best[1].power,
            best[1].voltage,
            best[1].current,
            best[1].between_lines,
            "unit",
            "The numbers fit several units; in which unit are powers, voltages and currents?",
            True,
        )
    return best[1]


def _of_one_phase(found: Magnitudes, scales: Scales) -> bool:
    """True where P is so far below √3·U·I as one phase of three is; no load has such a power factor throughout."""
    line = (found.voltage or 0.0) * scales.voltage * (1.0 if scales.between_lines else SQRT3)
    apparent = SQRT3 * line * (found.current or 0.0) * scales.current / 1000
    return bool(apparent) and (found.power or 0.0) * scales.power / apparent < _ONE_OF_THREE


def _of_two_sides(fits: list[tuple[float, Scales]], found: Magnitudes) -> tuple[float, Scales]:
    """The cheapest; of one that fits between lines and to neutral as well the side that a power factor is rarer for.

    To neutral P would be at most 0.61 S; voltages named by single phases are to neutral all the same, where both fit.
    """
    best = fits[0]
    same = [
        each
        for each in fits
        if each[0] - best[0] < 1.0
        and (each[1].power, each[1].voltage, each[1].current) == (best[1].power, best[1].voltage, best[1].current)
    ]
    if len(same) < 2 or found.power_is_apparent:
        return best
    named_single = found.single_phases and not OF_BOTH_V[0] <= (found.voltage or 0.0) * best[1].voltage <= OF_BOTH_V[1]
    return next(each for each in same if each[1].between_lines != named_single)


def _contradicted(found: Magnitudes, sides: tuple[bool | None, ...]) -> Scales:
    """No units make the numbers agree: a wrong prefix, a wrong reference or a ratio of instrument transformers."""
    power, voltage, current = found.power or 0.0, found.voltage or 0.0, found.current or 1.0
    side = bool(sides[0])
    line = voltage * (1.0 if side else SQRT3)
    ratio = power / (SQRT3 * line * current / 1000)
    if side and _FITS[0] <= ratio / SQRT3 <= _FITS[1] and found.power_is_apparent and near_nominal(voltage * SQRT3):
        return Scales(between_lines=False, checked=True)
    for factor in (1e-3, 1e3, 1e-6, 1e6):
        low, high = _FITS if found.power_is_apparent else _FITS_P_ALONE
        if low <= ratio * factor <= high:
            text = f"Power is {1 / factor:g} times √3·U·I: the unit of power, voltage or current is another than named."
            return Scales(1.0, 1.0, 1.0, side, "unit", text)
    text = f"Power is {ratio:.3g} times √3·U·I: do the values need the ratio of a current or voltage transformer?"
    return Scales(1.0, 1.0, 1.0, side, "scale", text)


def typical(values: FloatArray) -> float | None:
    """The median magnitude of what is known and not zero."""
    known = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(known)) if len(known) else None


def looks_secondary(line_to_line_v: float | None, current_a: float | None) -> bool:
    """True for volts and amperes of the secondary side: IEC 61869 rates 100, 110 or 120 V, and 1 or 5 A."""
    if line_to_line_v is None or current_a is None:
        return False
    return _SECONDARY_V[0] <= line_to_line_v <= _SECONDARY_V[1] and current_a <= _SECONDARY_A
