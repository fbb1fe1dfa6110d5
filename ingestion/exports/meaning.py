"""What a header says: the kind of quantity, the role of a column, its phase and its features."""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.exports.unit_table import WrittenUnit

ROLES = ("timestamp", "date", "clock", "start", "end", "block", "station", "quality", "tag", "value", "unitname",
         "year", "month_part", "day_part", "month_day", "hour_minute", "hour_part", "minute_part",
         "utcoffset")  # fmt: skip


ENERGY_OF = {"P": "EP", "Q": "EQ", "S": "ES"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a header says: ``kind`` P Q S PF I U F T EP EQ ES, "" if nothing; ``role`` of a column that is no quantity.

    ``phase`` is 1, 2, 3 or a pair such as l12; ``rest`` are the words without a meaning, such as a station's name.
    """

    header: str
    kind: str = ""
    role: str = ""
    unit: WrittenUnit | None = None
    phase: str = ""
    features: frozenset[str] = frozenset()
    rest: tuple[str, ...] = ()
    by_unit_only: bool = False
    conflict: str = ""

    def has(self, *names: str) -> bool:
        """True if the header carries one of these features."""
        return not self.features.isdisjoint(names)
