"""P, Q and S of one substation: measured, or the mean power of energies; prefixes that the powers tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingestion.exports.composition import composed
from ingestion.exports.electrical_scales import SCALES
from ingestion.exports.energy_registers import is_register, power_of_energy
from ingestion.exports.magnitudes import typical
from ingestion.exports.measured import Composed, Measured
from ingestion.exports.station_rows import Context

POWERS = {"P": "active_power_kw", "Q": "reactive_power_kvar", "S": "apparent_power_kva"}


_ENERGIES = {"P": "EP", "Q": "EQ", "S": "ES"}


_BELOW_S = (0.002, 1.05)  # cos φ from an idle transformer to 1, and class 1 meters


_ALIKE = (0.04, 25.0)  # chosen: tan φ of all loads; another prefix is a thousand


def quadrants_or_phases(columns: Sequence[Measured]) -> None:
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


def measured_powers(columns: Sequence[Measured], context: Context) -> dict[str, Composed]:
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
                part.used_for = POWERS[kind]
    return found


def settle_by_powers(powers: dict[str, Composed]) -> None:
    """The prefix of a power without a unit, by those that have one: P and Q are below S, and P and Q alike in size."""
    known = {kind: each for kind, each in powers.items() if each.known}
    for kind, each in powers.items():
        of_all = known.get("S") or known.get("P") or known.get("Q")
        if each.known or of_all is None:
            continue
        low, high = _BELOW_S if "S" in known and kind != "S" else _ALIKE
        size, other = typical(each.values), typical(of_all.values)
        fits = [k for k in SCALES if size and other and low <= size * k / other <= high]
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
