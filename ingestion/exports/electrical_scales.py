"""Sizes of power, voltage and current as written, the factors to stored units, and the nominal voltages."""

from __future__ import annotations

from dataclasses import dataclass

SQRT3 = 3**0.5  # line to line over line to neutral


# IEC 60038 and the customary low voltages, line to line.
NOMINAL_V = (190, 200, 208, 220, 230, 240, 380, 400, 415, 440, 460, 480, 600, 690, 3300, 4160, 6000, 6300, 6600,
10_000, 10_500, 11_000, 12_470,
             13_200, 13_800, 15_000, 20_000, 22_000, 23_000, 25_000, 30_000, 33_000, 34_500, 35_000, 45_000, 63_000,
             66_000, 69_000, 110_000, 115_000, 132_000,
             138_000, 150_000, 220_000, 380_000, 400_000)  # fmt: skip


_OFF_NOMINAL = 0.12  # EN 50160 allows 10 %; a little more while a fault lasts


NOT_NOMINAL = 5.0  # chosen: more than all other costs of a voltage together


OF_BOTH_V = (370.0, 450.0)  # IEC 60038: 380 to 440 V between lines, and the 400 V to neutral of 690 V


SCALES = (1e-3, 1.0, 1e3)  # SI: milli, none, kilo


MILLI_OR_MEGA = (1e-6, 1e3)  # of "mW", in kW


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


def voltage_cost(volts: float, scale: float, between: bool) -> float:
    line = volts * scale * (1.0 if between else SQRT3)
    if not near_nominal(line):
        return NOT_NOMINAL
    high = 3.0 if line > 100_000 else 0.0
    return high + (1.0 if scale == 1e-3 else 1.0 if scale == 1e3 and volts >= 190 else 0.0)
