"""A utility's bill against our figures: the gap of each figure and its likely reason. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Bill, Document, SupplyContract
from losses.tariffs.metered_hours import MeteredHours, month_bounds_s
from losses.tariffs.tariff_bill import bill

AGREES = 0.01
"""Chosen: a class 1 meter's error (IEC 62053-21), which two meters may well differ by."""

LIKE_LOSS = (0.5, 1.5)
"""Chosen: a gap of half to one and a half of the transformers' loss is like it: nameplates are ± 30 % and worse."""

MATCHES = 0.003
"""Chosen: another stretch of time explains a gap where it leaves three tenths of a per cent of it."""

READING_DAYS = 3
"""Chosen: meters are read up to so many days before or after the month's end."""

FIGURES = ("kwh", "kvarh", "kvah", "demand", "power_factor", "total")


@dataclass(frozen=True)
class FigureGap:
    """bill, ours: in the figure's unit. gap: bill less ours; share: of ours. reason: a code, "agrees" if it is small.

    figures: what the reason is told by.
    """

    figure: str
    bill: float
    ours: float | None
    reason: str
    figures: Mapping[str, float]

    @property
    def gap(self) -> float | None:
        return None if self.ours is None else self.bill - self.ours

    @property
    def share(self) -> float | None:
        return None if not self.ours else (self.bill - self.ours) / self.ours


def check_bill(
    document: Document,
    around: MeteredHours,
    month: date,
    contract: SupplyContract | None,
    entered: Mapping[str, float],
    *,
    transformer_loss_kwh: float,
) -> list[FigureGap]:
    """Each entered figure (``FIGURES``) beside ours. around: hours of the month and of some days on either side.

    transformer_loss_kwh: of the month, of all transformers of the point.
    """
    ours = bill(document, around.in_month(month), month, contract)
    mine = _figures(ours)
    given = _Evidence(ours, around, month, entered, mine, transformer_loss_kwh)
    return [_compared(name, given) for name in FIGURES if name in entered]


@dataclass(frozen=True)
class _Evidence:
    ours: Bill
    around: MeteredHours
    month: date
    entered: Mapping[str, float]
    mine: Mapping[str, float | None]
    transformer_loss_kwh: float

    def gap(self, name: str) -> float:
        return self.entered[name] - (self.mine[name] or 0.0)

    def agrees(self, name: str) -> bool:
        mine = self.mine.get(name)
        if name not in self.entered or mine is None:
            return False
        return abs(self.entered[name] - mine) <= AGREES * max(abs(mine), 1e-9)


def _figures(ours: Bill) -> dict[str, float | None]:
    energies = {name: float(value) for name, value in ours.energies.items()}
    demands = [line.inputs for line in ours.lines if line.kind == "demand"]
    billed = [value for inputs in demands for name, value in inputs.items() if name.startswith("billed")]
    return {
        "kwh": energies["energy_import_kwh"],
        "kvarh": energies["reactive_lagging_kvarh"],
        "kvah": energies["apparent_kvah"],
        "demand": float(max(value for value in billed if isinstance(value, Decimal))) if billed else None,
        "power_factor": None if ours.power_factor is None else float(ours.power_factor),
        "total": float(ours.total),
    }


def _compared(name: str, given: _Evidence) -> FigureGap:
    mine = given.mine[name]
    if mine is None:
        return FigureGap(name, given.entered[name], None, "not_known", {})
    if given.agrees(name):
        return FigureGap(name, given.entered[name], mine, "agrees", {})
    reason, figures = _reason(name, given)
    return FigureGap(name, given.entered[name], mine, reason, figures)


def _reason(name: str, given: _Evidence) -> tuple[str, dict[str, float]]:
    """The first reason that fits, from the most certain to the least."""
    tests: dict[str, tuple[Callable[[str, _Evidence], tuple[str, dict[str, float]] | None], ...]] = {
        "kwh": (_coverage, _stretch, _transformer),
        "kvarh": (_coverage, _capacitors, _transformer_kvarh),
        "kvah": (_coverage, _follows),
        "demand": (_window, _coverage),
        "power_factor": (_follows,),
        "total": (_follows, _coverage),
    }
    return next((found for test in tests[name] if (found := test(name, given))), ("unexplained", {}))


def _coverage(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """Hours that we do not know: the bill is higher by no more than twice what they would be like the known ones."""
    missing = 1 - given.ours.coverage
    mine = given.mine[name] or 0.0
    is_like = 0 < given.gap(name) <= 2 * missing * mine / max(given.ours.coverage, 1e-9)
    return (
        ("missing_coverage", {"missing_h": round(missing * given.ours.month_h)})
        if missing > AGREES and is_like
        else None
    )


def _stretch(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """Another clock, or a meter that was read on another day."""
    offset_h = _utc_offset_h(given)
    shifts = [("clock", offset_h)] if offset_h else []
    shifts += [("reading_day", 24.0 * day) for day in range(-READING_DAYS, READING_DAYS + 1) if day]
    for reason, hours in shifts:
        energy = _energy(given, hours if reason == "clock" else 0.0, hours)
        if energy and abs(given.entered["kwh"] - energy) <= MATCHES * energy:
            return reason, {"shift_h": hours}
    return None


def _transformer(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """The utility meters before the transformers, and we behind them; or the other way round."""
    loss = given.transformer_loss_kwh
    low, high = (share * loss for share in LIKE_LOSS)
    if loss > 0 and low <= abs(given.gap("kwh")) <= high:
        return ("before_transformer" if given.gap("kwh") > 0 else "behind_transformer"), {"loss_kwh": loss}
    return None


def _capacitors(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """Energies agree and the utility sees less kvarh: a bank between its meter and ours."""
    return (
        ("capacitors_outside", {"kvarh": -given.gap("kvarh")})
        if given.agrees("kwh") and given.gap("kvarh") < 0
        else None
    )


def _transformer_kvarh(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """More kvarh than we see: the transformers' own, which a meter before them counts."""
    return ("before_transformer", {"kvarh": given.gap("kvarh")}) if given.gap("kvarh") > 0 else None


def _window(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """Ours is of another window, of several meters, or less than ratchet and contract would ask for."""
    remarks = {each.code: each.figures for line in given.ours.lines if line.kind == "demand" for each in line.remarks}
    for code in ("demand_window", "demand_summed", "ratchet_short", "contract_unknown"):
        if code in remarks:
            figures = {key: float(value) for key, value in remarks[code].items() if not isinstance(value, str)}
            return code, figures
    return None


def _follows(name: str, given: _Evidence) -> tuple[str, dict[str, float]] | None:
    """A figure that is made of others: it differs because one of them does."""
    parts = ("kwh", "kvarh") if name != "total" else ("kwh", "kvarh", "kvah", "demand", "power_factor")
    differ = [part for part in parts if part in given.entered and not given.agrees(part)]
    return (f"follows_{differ[0]}", {}) if differ else None


def _energy(given: _Evidence, start_shift_h: float, end_shift_h: float) -> float | None:
    start_s, end_s = month_bounds_s(given.month, given.around.zone)
    start_s, end_s = start_s + int(3600 * start_shift_h), end_s + int(3600 * end_shift_h)
    at_s = given.around.at_s
    if not len(at_s) or at_s[0] > start_s or at_s[-1] < end_s - 2 * 3600:
        return None
    chosen = (at_s >= start_s) & (at_s < end_s)
    return float(np.sum(given.around.energy_import_kwh[chosen]))


def _utc_offset_h(given: _Evidence) -> float:
    """By how much a month of the UTC clock begins later than one of the local clock, in hours."""
    start_s, _ = month_bounds_s(given.month, given.around.zone)
    utc_s = int((given.month.replace(day=1) - date(1970, 1, 1)) / timedelta(seconds=1))
    return (utc_s - start_s) / 3600
