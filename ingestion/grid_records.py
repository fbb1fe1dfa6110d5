"""What the grid knows of the substations that a file names: nameplates, zones, and their latest readings when asked."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import numpy as np

from ingestion.exports.stations import Known, StationRecord
from ingestion.plan import KnownSubstations
from substations.models import Reading, Substation

_LATEST = 200  # chosen: two days of quarter hours, a median of which is no exception
_FIELDS = ("pk", "code", "name", "time_zone", "rated_kva", "nominal_v")


def grid() -> KnownSubstations:
    """The substations as validation needs them: found by code, else by name."""
    rows = list(Substation.objects.values_list("pk", "code", "name", "time_zone", "readings_kept_from"))
    ids = {name.casefold(): pk for pk, _code, name, *_rest in rows if name}
    ids |= {code.casefold(): pk for pk, code, *_rest in rows}
    kept_from = {pk: np.datetime64(at.replace(tzinfo=None), "us") for pk, *_rest, at in rows if at}
    return KnownSubstations(ids, {pk: zone for pk, _code, _name, zone, _at in rows}, kept_from)


class GridRecord:
    """One substation of the grid; its readings are looked at only where a file leaves something open."""

    def __init__(self, pk: int, zone: str, rated_kva: float | None, nominal_v: float | None) -> None:
        self._pk = pk
        self.zone, self.rated_kva, self.nominal_v = zone, rated_kva, nominal_v

    @cached_property
    def _readings(self) -> list[tuple[object, ...]]:
        latest = Reading.objects.filter(substation_id=self._pk).order_by("-at")
        return list(latest.values_list("at", "apparent_power_kva", "voltage_avg_v")[:_LATEST])

    @property
    def usual_kva(self) -> float | None:
        """The median of the latest apparent powers."""
        return self._median(1)

    @property
    def usual_v(self) -> float | None:
        """The median of the latest voltages, line to line."""
        return self._median(2)

    @property
    def newest(self) -> np.datetime64 | None:
        """When the newest reading was measured, UTC."""
        at = self._readings[0][0] if self._readings else None
        return np.datetime64(at.replace(tzinfo=None), "us") if isinstance(at, datetime) else None

    def _median(self, position: int) -> float | None:
        values = [float(row[position]) for row in self._readings if row[position]]  # type: ignore[arg-type]  # a number
        return float(np.median(np.abs(values))) if values else None


def known_of_grid() -> Known:
    """Looks up a substation by code, else by name; one query for all of them."""
    rows = list(Substation.objects.values_list(*_FIELDS))
    records = {name.casefold(): GridRecord(pk, *plate) for pk, _code, name, *plate in rows if name}
    records |= {code.casefold(): GridRecord(pk, *plate) for pk, code, _name, *plate in rows}

    def known(name: str) -> StationRecord | None:
        return records.get(name.casefold())

    return known
