"""Prefixes by √3·U·I and the nameplate: found for the rows of one substation, and applied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.exports import magnitudes, plausible_units
from ingestion.exports.electrical_scales import MILLI_OR_MEGA, SCALES, SQRT3, Magnitudes, Scales
from ingestion.exports.magnitudes import typical
from ingestion.exports.measured import Composed, Measured
from ingestion.exports.powers import POWERS
from ingestion.exports.station_rows import Context, mean_amps, mean_volts
from ingestion.exports.transformer_ratios import apply_ratios
from ingestion.problems import FloatArray
from substations.channels import CHANNEL_INDEX


def scales_of(
    powers: dict[str, Composed], columns: Sequence[Measured], values: FloatArray, between: bool | None, context: Context
) -> Scales:
    power, apparent = _power_to_check(powers, len(values))
    volts, amps, one = mean_volts(values), mean_amps(values), False
    voltage, current = typical(volts), typical(amps)
    both = np.isfinite(power) & np.isfinite(volts) & np.isfinite(amps) & (power != 0) & (amps != 0)
    if both.sum() >= 3:
        voltage, current, typical_power = typical(volts[both]), typical(amps[both]), typical(power[both])
    else:
        typical_power = typical(power)
    used_i = [c for c in columns if c.kind == "I" and c.used_for]
    used_u = [c for c in columns if c.kind == "U" and c.used_for]
    one = len(used_i) == 1 and used_i[0].meaning.phase != ""
    main = [c for each in powers.values() for c in each.parts]
    found = Magnitudes(
        typical_power, apparent, all(c.known for c in main) if main else True, voltage, all(c.known for c in used_u),
        between, current, all(c.known for c in used_i), one,
        MILLI_OR_MEGA if any(c.has("unclear") for c in main) else SCALES, _in_thousandths(columns),
        bool(used_u) and all(c.meaning.phase in ("1", "2", "3") for c in used_u),
    )  # fmt: skip
    scales = plausible_units.settled(found, magnitudes.solved(found), context.record)
    if scales.question:
        header = next((c.meaning.header for c in main if not c.known), main[0].meaning.header if main else None)
        context.ask(scales.question, scales.text, header, ("W", "kW", "MW") if scales.question == "unit" else ())
    return scales


def _in_thousandths(columns: Sequence[Measured]) -> bool:
    """True if a frequency without a unit is in mHz: such a device writes all quantities in thousandths."""
    middle = [m for c in columns if c.kind == "F" and not c.known and (m := typical(c.values)) is not None]
    return any(40_000 <= m <= 70_000 for m in middle)


def _power_to_check(powers: dict[str, Composed], count: int) -> tuple[FloatArray, bool]:
    """Apparent power where it follows from the file, else active power."""
    if "S" in powers:
        return powers["S"].values, True
    if "P" in powers and "Q" in powers and powers["P"].known == powers["Q"].known:
        return np.hypot(powers["P"].values, powers["Q"].values), True
    if "P" in powers:
        return np.abs(powers["P"].values), False
    if "Q" in powers:
        return np.abs(powers["Q"].values), False
    return np.full(count, np.nan), False


def apply_scales(
    scales: Scales, powers: dict[str, Composed], columns: Sequence[Measured], values: FloatArray, context: Context
) -> None:
    lines = [CHANNEL_INDEX[f"voltage_l{p}_v"] for p in (12, 23, 31)]
    mean = CHANNEL_INDEX["voltage_avg_v"]
    as_written = typical(mean_volts(values)), typical(mean_amps(values))
    star = 1.0 if scales.between_lines else SQRT3
    if not scales.between_lines and np.isfinite(values[:, lines]).any():
        # Named as between lines, yet √3 lower than power and current say: kept out, their mean × √3 is stored.
        values[:, mean] = mean_volts(values)
        values[:, lines] = np.nan
    amps = [CHANNEL_INDEX[n] for n in ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a")]
    values[:, lines] *= scales.voltage
    values[:, mean] *= scales.voltage * star
    values[:, amps] *= scales.current
    for composed_power in powers.values():
        if not composed_power.known:
            composed_power.values = composed_power.values * scales.power
    for column in columns:
        factor = scales.power if column.kind in POWERS else scales.voltage if column.kind == "U" else scales.current
        if not column.known and column.kind in ("P", "Q", "S", "U", "I") and column.used_for:
            column.factor, column.sureness = factor, "unsure" if scales.question else "likely"
            column.settled = not scales.question and (scales.checked or context.record is not None)
            column.why = (column.why + "; " if column.why else "") + (
                "unit by √3·U·I" if scales.checked else "unit assumed"
            )
    secondary = magnitudes.looks_secondary(*as_written)
    apply_ratios(powers, values, [*lines, mean], amps, context, secondary, scales.checked)
