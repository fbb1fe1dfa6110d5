"""Who is on call: a pure function of the members' order, the handovers, replacements and absences.

Handovers are counted in local days, so that they stay at their hour of the wall clock when clocks change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Replacement:
    """Somebody stands in from ``start`` up to ``end``."""

    person: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Roster:
    """A rotation as it is stored.

    people: ids in the order of their turns. first_day: the first member's first day, beginning at ``handover``.
    days: length of a turn. away: first and last day of each absence, by person. replacements: the last one counts.
    """

    people: Sequence[int]
    first_day: date
    handover: time
    days: int
    zone: tzinfo
    away: Mapping[int, Sequence[tuple[date, date]]] = field(default_factory=dict)
    replacements: Sequence[Replacement] = ()

    def on_call(self, at: datetime) -> int | None:
        """The person on call at a moment; None where there is no member who is not away."""
        standing_in = [each.person for each in self.replacements if each.start <= at < each.end]
        if standing_in:
            return standing_in[-1]
        day = self._day(at)
        turn = (day - self.first_day).days // self.days
        for step in range(len(self.people)):
            person = self.people[(turn + step) % len(self.people)]
            if not any(first <= day <= last for first, last in self.away.get(person, ())):
                return person
        return None

    def _day(self, at: datetime) -> date:
        """The day whose duty it is: before the handover still the day before."""
        local = at.astimezone(self.zone)
        return local.date() if local.time() >= self.handover else local.date() - timedelta(days=1)
