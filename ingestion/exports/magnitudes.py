"""Units that no header names, by physics: S = √3·U·I, S² = P² + Q², nominal voltages; and units that it contradicts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ingestion.problems import FloatArray

# IEC 61869: 100, 110 or 120 V and 1 or 5 A rated, with a little more while a fault lasts.
_SECONDARY_V, _SECONDARY_A = (90.0, 126.0), 6.5
SQRT3 = 3**0.5  # line to line over line to neutral
# IEC 60038 and the customary low voltages, line to line.
NOMINAL_V = (190, 200, 208, 220, 230, 240, 380, 400, 415, 440, 460, 480, 600, 690, 3300, 4160, 6000, 6300, 6600,
10_000, 10_500, 11_000, 12_470,
             13_200, 13_800, 15_000, 20_000, 22_000, 23_000, 25_000, 30_000, 33_000, 34_500, 35_000, 45_000, 63_000,
             66_000, 69_000, 110_000, 115_000, 132_000,
             138_000, 150_000, 220_000, 380_000, 400_000)  # fmt: skip
_OFF_NOMINAL = 0.12  # EN 50160 allows 10 %; a little more while a fault lasts
_NOT_NOMINAL = 5.0  # chosen: more than all other costs of a voltage together
_PHASE_V = (100.0, 300.0)  # 110 to 277 V are line to neutral of three-phase grids, and line to line of others
_LINE_V = (90.0, 42_000.0)  # IEC 60038, up to medium voltage
SCALES = (1e-3, 1.0, 1e3)
MILLI_OR_MEGA = (1e-6, 1e3)
_FITS = (0.9, 1.1)  # class 1 meters, and means of phases that are not balanced
_FITS_P_ALONE = (0.25, 1.06)  # P ≤ S; a power factor below 0.25 is no load
_FITS_ONE_PHASE = (0.5, 2.0)  # one current stands for three that differ


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """Typical values as written, None where not in the file, and whether their unit is known."""

    power: float | None
    power_is_apparent: bool
    power_known: bool
    voltage: float | None
    voltage_known: bool
    between_lines: bool | None
    current: float | None
    current_known: bool
    one_phase: bool = False
    power_scales: tuple[float, ...] = SCALES
    in_thousandths: bool = False  # another quantity of the file, such as 50 000 mHz, is written so
    single_phases: bool = False  # the voltages are named by single phases


@dataclass(frozen=True, slots=True)
class Scales:
    """Factors for powers, voltages (to line to line) and currents; ``question`` where a person has to say."""

    power: float = 1.0
    voltage: float = 1.0
    current: float = 1.0
    between_lines: bool = True
    question: str = ""
    text: str = ""
    checked: bool = False


def near_nominal(line_to_line_v: float) -> bool:
    """True within 12 % of a nominal voltage."""
    return any(abs(line_to_line_v / nominal - 1) <= _OFF_NOMINAL for nominal in NOMINAL_V)


def _voltage_cost(volts: float, scale: float, between: bool) -> float:
    line = volts * scale * (1.0 if between else SQRT3)
    if not near_nominal(line):
        return _NOT_NOMINAL
    high = 3.0 if line > 100_000 else 0.0
    return high + (1.0 if scale == 1e-3 else 1.0 if scale == 1e3 and volts >= 190 else 0.0)


def solved(found: Magnitudes) -> Scales:
    """The scales under which power, voltage and current agree."""
    if found.power is None or found.voltage is None or found.current is None or found.power == 0 or found.current == 0:
        return _unchecked(found)
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
            cost = _voltage_cost(found.voltage, ku, bool(side)) * (
                not found.voltage_known or found.between_lines is None
            )
            cost += (1.0 if ki == 1e-3 else 2.0 if ki == 1e3 else 0.0) - (2.5 if found.in_thousandths else 0.5) * (
                ki == ku == 1e-3
            )
            fits.append((cost, Scales(kp, ku, ki, bool(side), checked=True)))
    if not fits:
        return _contradicted(found, sides)
    fits.sort(key=lambda each: each[0])
    best = fits[0]
    rivals = [
        s
        for cost, s in fits[1:]
        if cost - best[0] < 1.0 and (s.power, s.voltage, s.current) != (best[1].power, best[1].voltage, best[1].current)
    ]
    if rivals and not (found.power_known and found.voltage_known and found.current_known):
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


def _unchecked(found: Magnitudes) -> Scales:
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
        (_voltage_cost(found.voltage, s, bool(b)), s, bool(b))
        for s in ((1.0,) if found.voltage_known else (1.0, 1e3, 1e-3))
        for b in sides
    ]
    cost, scale, between = min(options, key=lambda each: each[0])
    if cost >= _NOT_NOMINAL and not found.voltage_known:
        return scale, between, f"A voltage of {found.voltage:g} without a unit is near no nominal voltage."
    volts = found.voltage * scale
    if found.between_lines is None and _PHASE_V[0] <= volts <= _PHASE_V[1] and near_nominal(volts * SQRT3):
        if found.single_phases:
            return scale, False, ""
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
