"""Putting substations and links into the database from plain values: files, demo, benchmark folders."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from .models import Link, Substation

SUBSTATION_FIELDS = (
    "code", "name", "site", "latitude", "longitude", "rated_kva", "nominal_v", "hv_nominal_v", "no_load_loss_w",
    "load_loss_w", "impedance_pct", "capacitor_bank_kvar", "capacitor_steps", "target_power_factor",
    "reading_interval_s", "time_zone", "grace_s", "exports_power",
)  # fmt: skip
TEXT_FIELDS = ("code", "name", "site", "time_zone", "exports_power")
WHOLE_FIELDS = ("capacitor_steps", "reading_interval_s", "grace_s")
# How other systems name these columns.
ALIASES = {"lat": "latitude", "lon": "longitude", "lng": "longitude", "feeder": "site"}
SUPPLY_NAMES = ("", "source", "grid", "supply")


class RegistryError(ValueError):
    """A file of substations or links that cannot be used; the text names what was received and what was expected."""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One line of a links file by codes; source None is the grid supply."""

    source: str | None
    target: str
    r_ohm: float | None = None
    x_ohm: float | None = None
    length_km: float | None = None
    conductor: str = ""
    status: str = "closed"


@transaction.atomic
def register(substations: Sequence[Mapping[str, Any]], links: Iterable[LinkRow] = ()) -> dict[str, Substation]:
    """Create or update substations by code, then links by their two ends; all or nothing.

    Raises:
        RegistryError: a value is out of its range, or a link names a substation that is not known.
    """
    for values in substations:
        found = Substation.objects.filter(code=values["code"]).first() or Substation(code=values["code"])
        _save(found, values)
    known = {substation.code: substation for substation in Substation.objects.all()}
    for link in links:
        for code in (link.source, link.target):
            if code is not None and code not in known:
                raise RegistryError(f"A link names the substation “{code}”, which is not known. Add it first.")
        ends: dict[str, Any] = {"source": known[link.source] if link.source else None, "target": known[link.target]}
        values = {name: getattr(link, name) for name in ("r_ohm", "x_ohm", "length_km", "conductor", "status")}
        _save(Link.objects.filter(**ends).first() or Link(**ends), values)
    return known


def _save(row: Substation | Link, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.full_clean()
    except ValidationError as error:
        reasons = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        raise RegistryError(f"{row} cannot be registered: {reasons}") from error
    row.save()


def read_substations(path: Path) -> list[dict[str, Any]]:
    """A CSV of nameplates: one row per substation, columns named as the model's fields (``code`` or ``name`` first).

    Raises:
        RegistryError: a column is missing or a number cannot be read; line and value are named.
    """
    rows = []
    for line, raw in _rows(path, {"code"}, {"name": "code"}):
        named = {ALIASES.get(name, name): value for name, value in raw.items()}
        if not named["code"]:
            raise RegistryError(f"{path.name} line {line}: the code is empty; expected one such as SS-01.")
        rows.append(
            {name: _value(path, line, name, named[name]) for name in SUBSTATION_FIELDS if named.get(name, "") != ""}
        )
    return rows


def read_links(path: Path) -> list[LinkRow]:
    """A CSV of links with ``from_node``, ``to_node`` and what is known of the line."""
    found = []
    for line, raw in _rows(path, {"from_node", "to_node"}, {"source": "from_node", "target": "to_node"}):
        source = raw["from_node"].strip()
        numbers = {
            name: _value(path, line, name, raw[name]) for name in ("r_ohm", "x_ohm", "length_km") if raw.get(name)
        }
        status = "open" if raw.get("status", "").strip().lower() == "open" else "closed"
        named = None if source.lower() in SUPPLY_NAMES else source
        found.append(
            LinkRow(named, raw["to_node"].strip(), conductor=raw.get("conductor", ""), status=status, **numbers)
        )
    return found


def _rows(path: Path, needed: set[str], instead: Mapping[str, str]) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = [name.strip().lower() for name in reader.fieldnames or []]
            for old, new in instead.items():
                if new not in header and old in header:
                    header[header.index(old)] = new
            if missing := needed - set(header):
                raise RegistryError(
                    f"{path.name} lacks the column {', '.join(sorted(missing))}; it has {', '.join(header)}."
                )
            reader.fieldnames = header
            for line, row in enumerate(reader, start=2):
                yield line, {name: (value or "").strip() for name, value in row.items() if name}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegistryError(f"{path.name} cannot be read as CSV in UTF-8: {error}") from error


def _value(path: Path, line: int, name: str, text: str) -> Any:
    if name in TEXT_FIELDS:
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RegistryError(f"{path.name} line {line}: received “{text}” for {name}; expected a number.")
    return int(number) if name in WHOLE_FIELDS else number
