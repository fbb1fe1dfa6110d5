"""Supplied, metered, technical, and the rest: what becomes of the energy that is sent into each feeder.

The method of loss audits by feeder: what the head meter says, less what the substations' meters say, is the loss of the
feeder. Part of it is technical, and worked out here; the rest is unmetered, mismetered or taken.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from losses.feeder_models import FeederSupply, behind
from losses.models import DailyRollup
from losses.report_period import ReportPeriod
from substations.models import Link

ENERGIES = (
    "energy_import_kwh",
    "energy_export_kwh",
    "no_load_loss_kwh",
    "load_loss_kwh",
    "feeder_loss_kwh",
    "covered_h",
)
ENOUGH = 0.98
"""Chosen: below this share of known hours a rest says more of missing readings than of the feeder."""


@dataclass(frozen=True, slots=True)
class FeederBalance:
    """One feeder over the days whose supply is known.

    metered_kwh: drawn less fed in, of all its substations. technical_kwh: their transformers and the lines; None where
    the loss of a line is not known. rest_kwh: what is left; None then, too. coverage: known share of the hours.
    """

    link: Link
    members: int
    days: int
    supplied_kwh: float
    metered_kwh: float
    technical_kwh: float | None
    coverage: float

    @property
    def name(self) -> str:
        return self.link.target.code

    @property
    def loss_kwh(self) -> float:
        return self.supplied_kwh - self.metered_kwh

    @property
    def rest_kwh(self) -> float | None:
        return None if self.technical_kwh is None else self.loss_kwh - self.technical_kwh

    @property
    def is_covered(self) -> bool:
        return self.coverage >= ENOUGH

    def share(self, kwh: float | None) -> float | None:
        return kwh / self.supplied_kwh if kwh is not None and self.supplied_kwh > 0 else None

    @property
    def loss_share(self) -> float | None:
        return self.share(self.loss_kwh)

    @property
    def technical_share(self) -> float | None:
        return self.share(self.technical_kwh)

    @property
    def rest_share(self) -> float | None:
        return self.share(self.rest_kwh)


def feeder_balances(period: ReportPeriod, *, worst_first: bool = True) -> list[FeederBalance]:
    """Of each feeder with a known supply in the period, by the share of the rest; what is not known comes last."""
    supplies: dict[int, dict[date, float]] = defaultdict(dict)
    for row in FeederSupply.objects.filter(day__gte=period.first, day__lte=period.last):
        supplies[row.link_id][row.day] = row.supplied_kwh
    links = list(Link.objects.select_related("target"))
    members = {link.pk: behind(link, links) for link in links if link.pk in supplies}
    figures = _figures({pk for each in members.values() for pk in each}, period)
    found = [_balance(link, members[link.pk], supplies[link.pk], figures) for link in links if link.pk in supplies]
    known = [each for each in found if each.rest_share is not None and each.is_covered]
    known.sort(key=lambda each: each.rest_share or 0.0, reverse=worst_first)
    return known + [each for each in found if each not in known]


Figures = dict[tuple[int, date], dict[str, float | None]]


def _figures(members: set[int], period: ReportPeriod) -> Figures:
    rows = DailyRollup.objects.filter(substation__in=members, day__gte=period.first, day__lte=period.last)
    return {(row["substation"], row["day"]): row for row in rows.values("substation", "day", *ENERGIES)}


def _balance(link: Link, members: set[int], supplied: dict[date, float], figures: Figures) -> FeederBalance:
    rows = [figures[pk, day] for day in supplied for pk in members if (pk, day) in figures]
    lines_known = bool(rows) and all(row["feeder_loss_kwh"] is not None for row in rows)
    sums = {name: sum(row[name] or 0.0 for row in rows) for name in ENERGIES}
    technical = sums["no_load_loss_kwh"] + sums["load_loss_kwh"] + sums["feeder_loss_kwh"]
    return FeederBalance(
        link,
        len(members),
        len(supplied),
        sum(supplied.values()),
        sums["energy_import_kwh"] - sums["energy_export_kwh"],
        technical if lines_known else None,
        # A day with a change of clocks counts as any other.
        min(sums["covered_h"] / (24.0 * len(members) * len(supplied)), 1.0),
    )
