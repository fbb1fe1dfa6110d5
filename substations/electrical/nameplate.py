"""What the plate of a transformer says, and honest guesses for what it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from substations.electrical.power import FloatArray
from substations.electrical.thermal import OIL_TIME_CONSTANT_MIN

# What a nameplate says, by the names of the model and of the exports.
NAMEPLATE_FIELDS = ("rated_kva", "nominal_v", "hv_nominal_v", "no_load_loss_w", "load_loss_w", "impedance_pct")
# The preferred sizes of IEC 60076-1 and ISO 3 (R10), and some older ones.
STANDARD_SIZES_KVA = (
    5, 10, 16, 25, 40, 50, 63, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500,
    3150, 4000, 5000, 6300, 8000, 10_000, 12_500, 16_000, 20_000, 25_000, 31_500, 40_000, 50_000, 63_000,
    80_000, 100_000,
)  # fmt: skip
# 250 to 1600 kVA after EN 50464-1 (D0/Ck), the others in their line. chosen: what stands in the field, not new units.
TYPICAL_SIZE_KVA = (25, 50, 100, 160, 250, 400, 630, 1000, 1600, 2500, 6300, 20_000, 63_000)
TYPICAL_NO_LOAD_W = (110, 190, 320, 460, 530, 750, 1030, 1400, 2200, 3200, 6300, 15_000, 36_000)
TYPICAL_LOAD_W = (700, 1100, 1750, 2350, 3250, 4600, 6500, 10_500, 17_000, 26_500, 50_000, 110_000, 250_000)
"""Losses of ordinary oil-immersed units at 75 °C by size, in W; between the sizes they follow a power law."""

# IEC 60038 and ANSI C84.1: nominal voltages between lines.
COMMON_VOLTAGES_V = (
    208.0, 240.0, 380.0, 400.0, 415.0, 433.0, 480.0, 600.0, 690.0, 3300.0, 4160.0, 6600.0, 10_000.0,
    11_000.0, 20_000.0, 22_000.0, 33_000.0, 66_000.0, 110_000.0, 132_000.0,
)  # fmt: skip
# chosen: a guessed size is the next standard one above the 99.5th percentile of the load over 0.9.
TYPICAL_LOADING = 0.9
# chosen: the usual distribution voltage of the networks that this is made for.
DEFAULT_HV_V = 11_000.0
# EN 50464-1: 4 % up to 630 kVA, 6 % above; between the two.
DEFAULT_IMPEDANCE_PCT = 4.5
# chosen: where most tariffs begin to reward (0.95 lagging).
DEFAULT_TARGET = 0.95
# IEC 60076-1: total losses may be 10 % above the nameplate.
NAMEPLATE_TOLERANCE = 0.10
GUESS_FACTORS = (0.6, 1.5)
"""True over guessed losses: efficient units lose about 0.6 of the typical ones, old or overrated ones more."""


@dataclass(frozen=True, slots=True)
class Nameplate:
    """Rated values of one substation's transformer; ``assumed`` names the fields that were guessed.

    feeds_in: whether active power may flow towards the grid, None where nobody has said so.
    """

    code: str
    rated_kva: float
    nominal_v: float
    hv_nominal_v: float = DEFAULT_HV_V
    no_load_loss_w: float = float("nan")
    load_loss_w: float = float("nan")
    impedance_pct: float = DEFAULT_IMPEDANCE_PCT
    target_power_factor: float = DEFAULT_TARGET
    oil_time_constant_min: float = OIL_TIME_CONSTANT_MIN
    assumed: frozenset[str] = frozenset()
    feeds_in: bool | None = None

    def loss_interval(self) -> tuple[float, float]:
        """Factors (low, high) on a computed loss: what the plate's tolerance or the guesses leave open."""
        if self.assumed & {"rated_kva", "no_load_loss_w", "load_loss_w"}:
            return GUESS_FACTORS
        return 1.0 - NAMEPLATE_TOLERANCE, 1.0 + NAMEPLATE_TOLERANCE


def guess_rated_kva(apparent_kva: FloatArray) -> float:
    """Next standard size above the 99.5 % quantile of the measured apparent power at 90 % loading."""
    measured = apparent_kva[np.isfinite(apparent_kva)]
    if measured.size == 0:
        return float("nan")
    wanted = float(np.quantile(measured, 0.995)) / TYPICAL_LOADING
    larger = [size for size in STANDARD_SIZES_KVA if size >= wanted]
    return float(larger[0]) if larger else wanted


def guess_nominal_v(voltage_v: FloatArray) -> float:
    """Common system voltage nearest to the median of the measured line-to-line voltage."""
    measured = voltage_v[np.isfinite(voltage_v) & (voltage_v > 0)]
    if measured.size == 0:
        return float("nan")
    return min(COMMON_VOLTAGES_V, key=lambda nominal: abs(np.log(nominal / np.median(measured))))


def typical_losses_w(rated_kva: float) -> tuple[float, float]:
    """Typical no-load and load loss in W of an ordinary oil-immersed transformer of a size."""
    size = np.log(TYPICAL_SIZE_KVA)
    where = np.log(rated_kva)
    no_load = np.exp(np.interp(where, size, np.log(TYPICAL_NO_LOAD_W)))
    load = np.exp(np.interp(where, size, np.log(TYPICAL_LOAD_W)))
    beyond = max(rated_kva / TYPICAL_SIZE_KVA[-1], 1.0) * min(rated_kva / TYPICAL_SIZE_KVA[0], 1.0)
    return float(no_load * beyond**0.75), float(load * beyond**0.75)


def complete(
    code: str,
    *,
    rated_kva: float | None = None,
    nominal_v: float | None = None,
    hv_nominal_v: float | None = None,
    no_load_loss_w: float | None = None,
    load_loss_w: float | None = None,
    impedance_pct: float | None = None,
    target_power_factor: float | None = None,
    oil_time_constant_min: float | None = None,
    apparent_kva: FloatArray | None = None,
    voltage_v: FloatArray | None = None,
) -> Nameplate:
    """A nameplate without holes: known values as given, the others typical ones and named in ``assumed``.

    ``apparent_kva`` and ``voltage_v`` are measured series of any length that give the rating and the nominal
    voltage when the plate does not. Raises ValueError if neither is known, naming the field.
    """
    given = {
        "rated_kva": _positive(rated_kva),
        "nominal_v": _positive(nominal_v),
        "hv_nominal_v": _positive(hv_nominal_v),
        "no_load_loss_w": _positive(no_load_loss_w),
        "load_loss_w": _positive(load_loss_w),
        "impedance_pct": _positive(impedance_pct),
        "target_power_factor": _positive(target_power_factor),
        "oil_time_constant_min": _positive(oil_time_constant_min),
    }
    assumed = frozenset(name for name, value in given.items() if value is None)
    rating = given["rated_kva"] or _guessed(code, "rated_kva", guess_rated_kva, apparent_kva)
    nominal = given["nominal_v"] or _guessed(code, "nominal_v", guess_nominal_v, voltage_v, 400.0)
    no_load, load = typical_losses_w(rating)
    return Nameplate(
        code=code,
        rated_kva=rating,
        nominal_v=nominal,
        hv_nominal_v=given["hv_nominal_v"] or DEFAULT_HV_V,
        no_load_loss_w=given["no_load_loss_w"] or no_load,
        load_loss_w=given["load_loss_w"] or load,
        impedance_pct=given["impedance_pct"] or DEFAULT_IMPEDANCE_PCT,
        target_power_factor=min(given["target_power_factor"] or DEFAULT_TARGET, 1.0),
        oil_time_constant_min=given["oil_time_constant_min"] or OIL_TIME_CONSTANT_MIN,
        assumed=assumed,
    )


def _positive(value: float | None) -> float | None:
    """A usable rated value, or None where it is missing, zero, negative or not a number."""
    return float(value) if value is not None and np.isfinite(value) and value > 0 else None


def _guessed(
    code: str,
    field: str,
    guess: Callable[[FloatArray], float],
    measured: FloatArray | None,
    fallback: float | None = None,
) -> float:
    value = guess(measured) if measured is not None else float("nan")
    if np.isfinite(value) and value > 0:
        return value
    if fallback is not None:
        return fallback
    raise ValueError(
        f"Substation {code}: {field} is not known and there is no measured series to guess it from; "
        f"give {field} or at least one apparent power above 0."
    )
