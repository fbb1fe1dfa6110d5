"""The columns of one substation → its channels, row by row: composed, scaled by physics, signs resolved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingestion.exports import conventions, magnitudes, plausible_units
from ingestion.exports.answers import ExportAnswers
from ingestion.exports.composition import (
    Ask,
    Composed,
    Measured,
    composed,
    is_register,
    power_of_energy,
    usable,
)
from ingestion.exports.contradictions import ask_for_contradictions
from ingestion.exports.magnitudes import MILLI_OR_MEGA, Magnitudes, Scales, typical
from ingestion.exports.stations import StationRecord
from ingestion.exports.vocabulary import CURRENT_RATIO, SECONDARY, VOLTAGE_RATIO, folded
from ingestion.problems import FloatArray
from ingestion.timestamps import TimeArray
from substations.channels import CHANNEL_INDEX, CHANNELS

_POWERS = {"P": "active_power_kw", "Q": "reactive_power_kvar", "S": "apparent_power_kva"}
_ENERGIES = {"P": "EP", "Q": "EQ", "S": "ES"}
_SAME_SHARE = 0.005  # the last digit of a class 0.5 meter
_BELOW_S = (0.002, 1.05)  # cos φ from an idle transformer to 1, and class 1 meters
_ALIKE = (0.04, 25.0)  # chosen: tan φ of all loads; another prefix is a thousand
_RATIO = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k?V|A)?\s*[/:]\s*(\d+(?:[.,]\d+)?)\s*(k?V|A)?", re.IGNORECASE)


@dataclass(slots=True)
class Context:
    """What else is known of one substation's rows: times in ascending order, answers, preamble, the way to ask."""

    at: TimeArray
    answers: ExportAnswers
    preamble: Sequence[Sequence[str]]
    energy: str
    interval_s: int
    ask: Ask
    record: StationRecord | None = None


def quantities(columns: list[Measured], context: Context) -> FloatArray:
    """Values [row, channel] of one substation; NaN where nothing is known. Columns learn what they are used for."""
    values = np.full((len(context.at), len(CHANNELS)), np.nan)
    context.interval_s = context.answers.interval_s or context.interval_s or _interval_s(context.at)
    kept = usable([c for c in columns if c.kind])
    _quadrants_or_phases(kept)
    powers = _powers(kept, context)
    _settle_by_powers(powers)
    _put_currents(kept, values, context)
    between = _put_voltages(kept, values, context)
    scales = _scales(powers, kept, values, between, context)
    _apply(scales, powers, kept, values, context)
    _put_powers(powers, kept, values, context)
    _put_others(kept, values, context)
    ask_for_contradictions(values, context.ask)
    return values


def _interval_s(at: TimeArray) -> int:
    steps = np.diff(np.unique(at)).astype(np.int64)
    return round(float(np.median(steps)) / 1e6) if len(steps) else 0


def _quadrants_or_phases(columns: Sequence[Measured]) -> None:
    """Q1, Q2, Q3 are phases where there is no fourth and powers or currents come by phase; else quadrants."""
    marked = [c for c in columns if c.has("q1", "q2", "q3", "q4") and c.kind in ("Q", "EQ")]
    names = {q for c in marked for q in ("q1", "q2", "q3", "q4") if c.has(q)}
    phased = any(c.meaning.phase in ("1", "2", "3") for c in columns if c.kind in ("P", "I", "EP"))
    if names != {"q1", "q2", "q3"} or not phased:
        return
    for column in marked:
        number = next(q[1] for q in ("q1", "q2", "q3") if column.has(q))
        features = column.meaning.features - {"q1", "q2", "q3"}
        column.meaning = replace(column.meaning, phase=number, features=features)


def _powers(columns: Sequence[Measured], context: Context) -> dict[str, Composed]:
    """P, Q and S: measured, else the mean power of their energies."""
    found = {}
    for kind, energy in _ENERGIES.items():
        measured = composed(columns, kind, context.ask)
        energies = [c for c in columns if c.kind == energy]
        if measured is None and energies:
            measured = composed(_as_powers(energies, kind, context), kind, context.ask)
        elif energies:
            for column in energies:
                column.why = "the power beside it counts"
        if measured is not None:
            found[kind] = measured
            for part in measured.parts:
                part.used_for = _POWERS[kind]
    return found


def _settle_by_powers(powers: dict[str, Composed]) -> None:
    """The prefix of a power without a unit, by those that have one: P and Q are below S, and P and Q alike in size."""
    known = {kind: each for kind, each in powers.items() if each.known}
    for kind, each in powers.items():
        of_all = known.get("S") or known.get("P") or known.get("Q")
        if each.known or of_all is None:
            continue
        low, high = _BELOW_S if "S" in known and kind != "S" else _ALIKE
        size, other = typical(each.values), typical(of_all.values)
        fits = [k for k in magnitudes.SCALES if size and other and low <= size * k / other <= high]
        if len(fits) == 1:
            each.values = each.values * fits[0]
            for part in each.parts:
                part.known, part.factor, part.sureness, part.settled = True, fits[0], "likely", True
                part.why = (part.why + "; " if part.why else "") + "unit by the other powers"


def _as_powers(energies: Sequence[Measured], kind: str, context: Context) -> list[Measured]:
    seconds = context.at.astype(np.int64) / 1e6
    out = []
    for column in energies:
        said = context.answers.energy or context.energy
        register = {"register": True, "per_interval": False}.get(said, _of_all(column))
        if register is None and np.any(np.nan_to_num(column.values) != 0):
            context.ask(
                "energy",
                f"Is “{column.meaning.header}” the energy of each interval, or a register that grows?",
                column.meaning.header,
                ("per_interval", "register"),
            )
        if context.interval_s <= 0:
            context.ask("interval", f"How long is an interval of “{column.meaning.header}”?", column.meaning.header)
            continue
        power = power_of_energy(column.values, seconds, context.interval_s, register=bool(register))
        column.meaning, column.values, column.from_energy = replace(column.meaning, kind=kind), power, True
        origin = "difference of a register" if register else "energy of an interval"
        column.why = f"the {origin} as mean power over {context.interval_s} s"
        column.sureness = "likely"
        out.append(column)
    return out


def _of_all(column: Measured) -> bool | None:
    return column.register if column.register is not None else is_register(column.values)


def _put(values: FloatArray, channel: str, column: Measured, numbers: FloatArray | None = None) -> None:
    position = CHANNEL_INDEX[channel]
    given = column.values if numbers is None else numbers
    values[:, position] = np.where(np.isnan(values[:, position]), given, values[:, position])
    column.used_for = channel


def _put_currents(columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    mine = _not_zero([c for c in columns if c.kind == "I"])
    for column in mine:
        if column.said:
            _put(values, column.said, column)
    mine = [c for c in mine if not c.said]
    for column in sorted(mine, key=lambda c: not c.has("avg")):
        if column.meaning.phase in ("1", "2", "3"):
            _put_once(values, f"current_l{column.meaning.phase}_a", column, context)
        elif column.meaning.phase == "":
            if _is_sum(column, mine):
                column.why = "a sum of the phases"
            else:
                _put_once(values, "current_avg_a", column, context)


def _is_sum(column: Measured, currents: Sequence[Measured]) -> bool:
    """True for a total of the phases' currents, by its name or by its numbers: SunSpec's A is one without a name."""
    phases = [c.values for c in currents if c.meaning.phase in ("1", "2", "3")]
    if not phases or column.has("avg"):
        return False
    if column.has("total"):
        return True
    total = np.sum(phases, axis=0)
    both = np.isfinite(total) & np.isfinite(column.values) & (total != 0)
    return len(phases) == 3 and bool(both.any()) and np.allclose(column.values[both], total[both], rtol=0.02)


def _put_once(values: FloatArray, channel: str, column: Measured, context: Context) -> None:
    """Take the first column of a channel; a later one that says something else is a question."""
    taken = values[:, CHANNEL_INDEX[channel]]
    if not np.isfinite(taken).any():
        _put(values, channel, column)
        return
    both = np.isfinite(taken) & np.isfinite(column.values)
    if both.any() and not np.allclose(taken[both], column.values[both], rtol=_SAME_SHARE):
        text = f"“{column.meaning.header}” and another column seem to be the same quantity. Which one counts?"
        context.ask("mapping", text, column.meaning.header)
    column.why = column.why or "another column is taken for this"


def _not_zero(columns: Sequence[Measured]) -> list[Measured]:
    """Without columns of zeros that name no unit: a count of events, or a channel that is not wired."""
    kept = []
    for column in columns:
        if column.known or column.said or typical(column.values) is not None:
            kept.append(column)
        else:
            column.why = "no unit and only zeros"
    return kept


def _put_voltages(columns: Sequence[Measured], values: FloatArray, context: Context) -> bool | None:
    """Voltages as they stand; True if they are between lines, False to neutral, None if that is not said."""
    mine = _not_zero([c for c in columns if c.kind == "U"])
    for column in mine:
        if column.said:
            _put(values, column.said, column)
    pairs = [c for c in mine if c.meaning.phase.startswith("l") and not c.said]
    for column in pairs:
        _put_once(values, f"voltage_{column.meaning.phase}_v", column, context)
    named = [c for c in mine if c.said]
    mean = [c for c in mine if c.meaning.phase == "" and not c.said and not c.has("ln", "neutral")]
    single = [c for c in mine if c.meaning.phase in ("1", "2", "3")]
    neutral = [c for c in mine if c.has("ln") and c.meaning.phase == ""]
    if pairs or named:
        for column in mean[:1]:
            _put_once(values, "voltage_avg_v", column, context)
        for column in (*single, *neutral):
            column.why = column.why or "the voltages between lines count"
        return True
    if mean and not (single and not any(c.has("ll") for c in mean)):
        _put_once(values, "voltage_avg_v", mean[0], context)
        return True if mean[0].has("ll") else None
    phases = {c.meaning.phase: c for c in reversed(single)}
    if phases or neutral:
        used = list(phases.values()) or neutral[:1]
        numbers = np.mean([c.values for c in used], axis=0)
        for column in used:
            _put(values, "voltage_avg_v", column, numbers)
            column.sureness, column.why = "likely", "the mean of the phase voltages × √3"
        return False if any(c.has("ln") for c in used) or neutral else None
    return None


def _scales(
    powers: dict[str, Composed], columns: Sequence[Measured], values: FloatArray, between: bool | None, context: Context
) -> Scales:
    power, apparent = _power_to_check(powers, len(values))
    volts, amps, one = _volts(values), _amps(values), False
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
        MILLI_OR_MEGA if any(c.has("unclear") for c in main) else magnitudes.SCALES, _in_thousandths(columns),
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


def _volts(values: FloatArray) -> FloatArray:
    mean: FloatArray = values[:, CHANNEL_INDEX["voltage_avg_v"]]
    lines = values[:, [CHANNEL_INDEX[f"voltage_l{p}_v"] for p in (12, 23, 31)]]
    count = np.isfinite(lines).sum(axis=1)
    of_lines = np.where(count > 0, np.nansum(lines, axis=1) / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(mean), of_lines, mean)


def _amps(values: FloatArray) -> FloatArray:
    mean: FloatArray = values[:, CHANNEL_INDEX["current_avg_a"]]
    phases = values[:, [CHANNEL_INDEX[f"current_l{n}_a"] for n in (1, 2, 3)]]
    count = np.isfinite(phases).sum(axis=1)
    of_phases = np.where(count > 0, np.nansum(phases, axis=1) / np.maximum(count, 1), np.nan)
    return np.where(np.isnan(mean), of_phases, mean)


def _ratios(context: Context) -> tuple[float, float, bool]:
    """Ratios of current and voltage transformers: answered, else of a preamble that says the values are secondary."""
    given = context.answers
    if given.current_ratio or given.voltage_ratio:
        return given.current_ratio or 1.0, given.voltage_ratio or 1.0, True
    current = voltage = 1.0
    secondary = False
    for row in context.preamble:
        text = " ".join(row)
        ratio = _RATIO.search(text)
        number = (
            (float(ratio[1].replace(",", ".")) * (1000 if (ratio[2] or "").lower() == "kv" else 1))
            / float(ratio[3].replace(",", "."))
            / (1000 if (ratio[4] or "").lower() == "kv" else 1)
            if ratio and float(ratio[3].replace(",", "."))
            else 0.0
        )
        plain = re.search(r"[:=\s,;](\d+(?:\.\d+)?)\s*$", text)
        number = number or (float(plain[1]) if plain else 0.0)
        plain_text = folded(text)
        if number and CURRENT_RATIO.search(plain_text):
            current = number
        elif number and VOLTAGE_RATIO.search(plain_text):
            voltage = number
        secondary |= bool(SECONDARY.search(plain_text))
    return current, voltage, secondary


def _apply(
    scales: Scales, powers: dict[str, Composed], columns: Sequence[Measured], values: FloatArray, context: Context
) -> None:
    lines = [CHANNEL_INDEX[f"voltage_l{p}_v"] for p in (12, 23, 31)]
    mean = CHANNEL_INDEX["voltage_avg_v"]
    as_written = typical(_volts(values)), typical(_amps(values))
    star = 1.0 if scales.between_lines else magnitudes.SQRT3
    if not scales.between_lines and np.isfinite(values[:, lines]).any():
        # Named as between lines, yet √3 lower than power and current say: kept out, their mean × √3 is stored.
        values[:, mean] = _volts(values)
        values[:, lines] = np.nan
    amps = [CHANNEL_INDEX[n] for n in ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a")]
    values[:, lines] *= scales.voltage
    values[:, mean] *= scales.voltage * star
    values[:, amps] *= scales.current
    for composed_power in powers.values():
        if not composed_power.known:
            composed_power.values = composed_power.values * scales.power
    for column in columns:
        factor = scales.power if column.kind in _POWERS else scales.voltage if column.kind == "U" else scales.current
        if not column.known and column.kind in ("P", "Q", "S", "U", "I") and column.used_for:
            column.factor, column.sureness = factor, "unsure" if scales.question else "likely"
            column.settled = not scales.question and (scales.checked or context.record is not None)
            column.why = (column.why + "; " if column.why else "") + (
                "unit by √3·U·I" if scales.checked else "unit assumed"
            )
    _apply_ratios(powers, values, [*lines, mean], amps, context, magnitudes.looks_secondary(*as_written))


def _apply_ratios(
    powers: dict[str, Composed],
    values: FloatArray,
    volts: list[int],
    amps: list[int],
    context: Context,
    as_written: bool,
) -> None:
    current, voltage, secondary = _ratios(context)
    suspicious = as_written or magnitudes.looks_secondary(typical(_volts(values)), typical(_amps(values)))
    answered = bool(context.answers.current_ratio or context.answers.voltage_ratio)
    if (current != 1.0 or voltage != 1.0) and (secondary or suspicious):
        values[:, volts] *= voltage
        values[:, amps] *= current
        for each in powers.values():
            each.values = each.values * current * voltage
    elif (suspicious or secondary) and not answered:
        context.ask(
            "scale",
            "The values look secondary. With which ratios of the instrument transformers are they to be multiplied?",
        )


def _put_powers(powers: dict[str, Composed], columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    active = powers["P"].values if "P" in powers else None
    reactive = powers["Q"].values if "Q" in powers else None
    lead = _put_factor(columns, values, active, reactive, context)
    if reactive is not None:
        parts = powers["Q"].parts
        sided = any(p.has("lag", "lead", "q1", "q4", "import", "export") or p.sign_said for p in parts)
        if not sided or (lead is not None and np.any(lead != 0)):
            reactive, question = conventions.reactive_sign(
                reactive, active, lead if lead is not None and np.any(lead != 0) else None
            )
            if question and not sided:
                context.ask(
                    question,
                    f"“{parts[0].meaning.header}” is negative while power is drawn: leading, or turned round?",
                    parts[0].meaning.header,
                    ("lagging_positive", "leading_positive"),
                )
    elif active is not None and lead is not None and np.any(lead != 0):
        factor = values[:, CHANNEL_INDEX["power_factor"]]
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.abs(active) * np.sqrt(np.maximum(1 / factor**2 - 1, 0))
        reactive = np.where((lead != 0) & np.isfinite(size), lead * size, np.nan)
    for kind, numbers in (("P", active), ("Q", reactive)):
        if numbers is not None:
            values[:, CHANNEL_INDEX[_POWERS[kind]]] = numbers
    if "S" in powers:
        values[:, CHANNEL_INDEX["apparent_power_kva"]] = np.abs(powers["S"].values)


def _put_factor(
    columns: Sequence[Measured],
    values: FloatArray,
    active: FloatArray | None,
    reactive: FloatArray | None,
    context: Context,
) -> FloatArray | None:
    mine = [c for c in columns if c.kind == "PF" and (c.said or c.meaning.phase == "")]
    sided = [c for c in mine if c.has("lag", "lead") and not c.said]
    for column in sided:
        column.why = "one of two directions; it follows from active and reactive power"
    mine = sorted((c for c in mine if c not in sided), key=lambda c: (not c.said, not c.has("total")))
    if not mine:
        return None
    column = mine[0]
    scale = 1.0 if column.said else column.fraction
    words: FloatArray = np.zeros(len(column.values)) if column.lead is None else column.lead
    read = conventions.factor_reading(column.values * scale, words, active, reactive, context.answers.convention)
    if read.question:
        context.ask(read.question, read.why, column.meaning.header, ("iec", "ieee", "leading_over_one"))
    reverse = np.zeros(len(values), bool) if active is None else active < 0
    _put(values, "power_factor", column, np.where(reverse, -read.magnitude, read.magnitude))
    column.factor = scale
    return read.lead


def _put_others(columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    for column in columns:
        if column.kind == "F":
            _put_once(values, "frequency_hz", column, context)
            values[:, CHANNEL_INDEX["frequency_hz"]] *= _frequency_scale(values[:, CHANNEL_INDEX["frequency_hz"]])
    _put_temperature([c for c in columns if c.kind == "T"], values, context)
    distortions = [c for c in columns if c.kind.startswith("THD") and (c.said or c.meaning.phase)]
    largest = max((float(np.nanmax(c.values)) for c in distortions if np.isfinite(c.values).any()), default=0.0)
    for column in distortions:
        side = "current" if column.kind == "THDI" else "voltage"
        channel = column.said or f"thd_{side}_{'l' if side == 'current' else ''}{column.meaning.phase}_pct"
        if channel not in CHANNEL_INDEX:
            column.why = "of a phase to neutral; the channels are between lines"
            continue
        scale = 1.0
        if not column.known and largest <= 1.5:
            scale = 100.0
            column.sureness, column.why = "likely", "a ratio: a distortion below 1.5 % in every row is not credible"
            if largest > 0.6:
                context.ask(
                    "unit",
                    f"Is “{column.meaning.header}” a ratio or in per cent?",
                    column.meaning.header,
                    ("%", "per unit"),
                )
        column.factor = scale
        _put_once(values, channel, replace(column, values=column.values * scale), context)
        column.used_for = channel


def _frequency_scale(values: FloatArray) -> float:
    """Hundredths and thousandths of hertz are told by 50 and 60."""
    middle = typical(values)
    if middle is None or 40 <= middle <= 70:
        return 1.0
    return next((scale for scale in (0.1, 0.01, 0.001) if 40 <= middle * scale <= 70), 1.0)


def _put_temperature(columns: Sequence[Measured], values: FloatArray, context: Context) -> None:
    for column in columns:
        if column.said:
            _put(values, column.said, column)
        elif column.has("ambient", "winding"):
            column.why = "an ambient or winding temperature is not the oil's"
        elif column.has("oil") or (column.has("station") and len(columns) == 1):
            _put_once(values, "oil_temperature_c", column, context)
            if not column.known and (typical(column.values) or 0) > 130:
                context.ask(
                    "unit", f"Is “{column.meaning.header}” in °C or in °F?", column.meaning.header, ("°C", "°F")
                )
        elif len(columns) == 1:
            context.ask(
                "mapping",
                f"Is “{column.meaning.header}” the temperature of the transformer's oil?",
                column.meaning.header,
                ("oil_temperature_c", ""),
            )
        else:
            column.why = "it is not said to be the oil's"
