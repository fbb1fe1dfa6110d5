"""Units by what is known of the substation: its nameplate and its latest readings."""

from __future__ import annotations

from dataclasses import replace

from ingestion.exports.electrical_scales import SCALES, SQRT3, Magnitudes, Scales
from ingestion.exports.stations import StationRecord

_OF_USUAL = (0.05, 20.0)  # chosen: day and night differ less; a wrong prefix is a thousand
_OF_RATED = (0.002, 2.0)  # chosen: from a transformer that idles to one that is overloaded for an hour
_OF_VOLTAGE = (0.85, 1.15)  # EN 50160 allows 10 %
_BEYOND_RATED = 5.0  # chosen: no transformer carries that for an interval


def settled(found: Magnitudes, scales: Scales, record: StationRecord | None) -> Scales:
    """The scales with what the record settles or contradicts; as they are where it says nothing."""
    if record is None:
        return scales
    power = found.power
    if scales.question == "unit" and power and not found.power_known:
        fits = [k for k in SCALES if _plausible(power * k, record)]
        if len(fits) == 1:
            scales = replace(scales, power=fits[0], question="", text="")
    if scales.question == "unit" and found.power_known and found.voltage and not found.voltage_known:
        scales = _voltage(found, scales, record)
    if power and found.power_known and record.rated_kva and power > _BEYOND_RATED * record.rated_kva:
        text = f"{power:g} kW is {power / record.rated_kva:.0f} times the rated power. Is the unit right?"
        return replace(scales, question="unit", text=text)
    return scales


def _plausible(power_kva: float, record: StationRecord) -> bool:
    if record.usual_kva:
        return _OF_USUAL[0] <= power_kva / record.usual_kva <= _OF_USUAL[1]
    if record.rated_kva:
        return _OF_RATED[0] <= power_kva / record.rated_kva <= _OF_RATED[1]
    return False


def _voltage(found: Magnitudes, scales: Scales, record: StationRecord) -> Scales:
    nominal = record.usual_v or record.nominal_v
    if not nominal or not found.voltage:
        return scales
    sides = (found.between_lines,) if found.between_lines is not None else (True, False)
    fits = [
        (k, side)
        for k in SCALES
        for side in sides
        if _OF_VOLTAGE[0] <= found.voltage * k * (1.0 if side else SQRT3) / nominal <= _OF_VOLTAGE[1]
    ]
    if len(fits) != 1:
        return scales
    return replace(scales, voltage=fits[0][0], between_lines=bool(fits[0][1]), question="", text="")
