"""Look at the beginning of a file and find out what still has to be asked before it can be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from django.conf import settings

from core.spreadsheets import unguarded
from ingestion import conversion, mapping, sniffing, timestamps
from ingestion.mapping import DATE, SUBSTATION, SURE, TIMESTAMP, ColumnChoice, ColumnGuess
from ingestion.models import ColumnMapping, Upload
from ingestion.numbers import to_numbers
from ingestion.options import ImportOptions
from ingestion.plan import ImportPlan, KnownSubstations
from ingestion.problems import Unreadable, printable
from ingestion.sniffing import FileFormat
from substations.channels import BY_NAME
from substations.models import Substation

# What a person can be asked; the names are those of the form's sections.
ASK_MAPPING, ASK_TIME, ASK_SUBSTATION, ASK_UNKNOWN, ASK_REVIEW = (
    "mapping",
    "time",
    "substation",
    "unknown",
    "review",
)
_IGNORED: ColumnChoice = {"target": "", "unit": "", "negate": False}
_POWERS = (("apparent_power_kva", "VA"), ("active_power_kw", "W"), ("reactive_power_kvar", "var"))


@dataclass(frozen=True, slots=True)
class Inspection:
    """The first rows, what the columns seem to be, and the questions that remain (empty: the file can be loaded).

    ``recognised`` names the file for which a person confirmed these columns, where that is used, with the zone and the
    distance of rows that were said then.
    """

    form: FileFormat
    choices: dict[str, ColumnChoice]
    guesses: dict[str, ColumnGuess]
    day_first: bool
    unknown: tuple[str, ...]
    questions: tuple[str, ...]
    problem: str = ""
    recognised: str = ""
    time_zone: str = ""
    interval_s: int = 0

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The first rows, for a preview."""
        return self.form.sample[:8]

    @property
    def has_time(self) -> bool:
        return any(choice["target"] in (TIMESTAMP, DATE) for choice in self.choices.values())

    @property
    def has_substation(self) -> bool:
        return any(choice["target"] == SUBSTATION for choice in self.choices.values())


def inspect(upload: Upload) -> Inspection:
    """What is known about an upload and what must be asked; raises Unreadable if it is no table at all."""
    return look(Path(upload.file.path), upload.parsed_options)


def look(path: Path, options: ImportOptions) -> Inspection:
    """Inspect a file under the answers given so far.

    The mapping is the one answered, else the saved one for these columns, else a guess; a guess that is not sure is a
    question. Substations are those of the first rows: others may come up while the file is checked.
    """
    form = sniffing.sniff(conversion.readable(path, options, refined))
    saved = ColumnMapping.objects.filter(signature=mapping.signature(form.columns)).first()
    guesses = mapping.guess(form.columns)
    questions: list[str] = []
    problem = ""
    _refuse_hopeless(form, guesses, has_mapping=bool(options.mapping or saved))
    if options.mapping or saved:
        chosen: Mapping[str, ColumnChoice] = options.mapping or (saved.mapping if saved else {})
    else:
        chosen = refined(mapping.choices_of(guesses), form)
        if any(guess.target and guess.confidence < SURE for guess in guesses.values()):
            questions.append(ASK_MAPPING)
    try:
        choices = mapping.checked(form.columns, chosen)
    except mapping.MappingError as error:
        questions.append(ASK_MAPPING)
        problem = str(error)
        choices = {
            header: {"target": "", "unit": "", "negate": False, **chosen.get(header, {})} for header in form.columns
        }
    questions += _gaps(choices, options)
    unknown = _unknown(form, choices, options)
    if unknown and options.unknown == "ask":
        questions.append(ASK_UNKNOWN)
    if options.review:
        questions.append(ASK_REVIEW)
    day_first = options.day_first if options.day_first is not None else (saved.day_first if saved else None)
    if day_first is None:
        day_first = _day_first(form, choices)
    found = Inspection(form, choices, guesses, day_first, unknown, tuple(dict.fromkeys(questions)), problem)
    if saved is None or options.mapping:
        return found
    return replace(found, recognised=saved.name, time_zone=saved.time_zone, interval_s=saved.interval_s)


def _refuse_hopeless(form: FileFormat, guesses: Mapping[str, ColumnGuess], *, has_mapping: bool) -> None:
    """Raise Unreadable for a table that no answer could turn into readings."""
    width = len(form.columns)
    if not form.sample:
        raise Unreadable(f"The file has a header of {width} columns but no row that fits it.")
    if has_mapping or any(guess.target in BY_NAME for guess in guesses.values()):
        return
    cells = pd.Series([cell or None for row in form.sample[:200] for cell in row], dtype=object)
    if not np.isfinite(to_numbers(cells, "", form.decimal).values).any():
        named = printable(", ".join(form.columns))
        raise Unreadable(f"No column holds numbers; expected at least one measured quantity. The columns are: {named}.")


def refined(choices: dict[str, ColumnChoice], form: FileFormat) -> dict[str, ColumnChoice]:
    """Correct units by the first values: a power factor of 85 is in %, and √3·U·I tells W from kW."""
    by_target = {choice["target"]: header for header, choice in choices.items() if choice.get("target")}
    median = {target: _median(form, header) for target, header in by_target.items() if target in BY_NAME}
    factor = by_target.get("power_factor")
    if factor and 1.5 < abs(median["power_factor"]) <= 100:
        choices[factor] = {**choices[factor], "unit": "%"}
    volts, amps = median.get("voltage_avg_v"), median.get("current_avg_a")
    apparent = by_target.get("apparent_power_kva")
    if apparent and volts and amps and choices[apparent]["unit"] == "kVA":
        expected = 3**0.5 * volts * amps / 1000
        ratio = median["apparent_power_kva"] / expected if expected else np.nan
        if 500 < ratio < 2000:  # all three powers of one meter come in the same prefix
            for target, unit in (
                ("apparent_power_kva", "VA"),
                ("active_power_kw", "W"),
                ("reactive_power_kvar", "var"),
            ):
                if target in by_target and not _unit_in(by_target[target]):
                    choices[by_target[target]] = {**choices[by_target[target]], "unit": unit}
    return choices


def _unit_in(header: str) -> bool:
    return "k" in mapping.guess_one(header).unit and any(u in header.lower() for u in ("kw", "kva", "kvar"))


def _median(form: FileFormat, header: str) -> float:

    position = form.columns.index(header)
    values = to_numbers(
        pd.Series([row[position] or None for row in form.sample], dtype=object), "", form.decimal
    ).values
    known = values[np.isfinite(values) & (values != 0)]
    return float(np.median(known)) if len(known) else 0.0


def _gaps(choices: Mapping[str, ColumnChoice], options: ImportOptions) -> list[str]:
    targets = {choice["target"] for choice in choices.values()}
    questions = []
    if not targets & {TIMESTAMP, DATE} and not (options.start and options.interval_s):
        questions.append(ASK_TIME)
    if SUBSTATION not in targets and not options.substation:
        questions.append(ASK_SUBSTATION)
    return questions


def _unknown(form: FileFormat, choices: Mapping[str, ColumnChoice], options: ImportOptions) -> tuple[str, ...]:
    header = next((header for header, choice in choices.items() if choice["target"] == SUBSTATION), None)
    if header is None:
        named = [options.substation] if options.substation else []
    else:
        position = form.columns.index(header)
        named = list(dict.fromkeys(unguarded(row[position]) for row in form.sample if row[position]))
    ids = grid().ids
    return tuple(name for name in named if name.casefold() not in ids)


def _day_first(form: FileFormat, choices: Mapping[str, ColumnChoice]) -> bool:
    header = next((h for h, choice in choices.items() if choice["target"] in (TIMESTAMP, DATE)), None)
    if header is None:
        return True
    position = form.columns.index(header)
    return timestamps.looks_day_first(np.array([row[position] for row in form.sample], dtype=object))


def grid() -> KnownSubstations:
    """The substations as validation needs them: found by code, else by name."""
    rows = list(Substation.objects.values_list("pk", "code", "name", "time_zone"))
    ids = {name.casefold(): pk for pk, _code, name, _zone in rows if name}
    ids |= {code.casefold(): pk for pk, code, _name, _zone in rows}
    return KnownSubstations(ids, {pk: zone for pk, _code, _name, zone in rows})


def plan_of(inspection: Inspection, options: ImportOptions) -> ImportPlan:
    """The answers as the plan that validation follows."""
    start = None
    if not inspection.has_time and options.start:
        start = np.datetime64(datetime.fromisoformat(options.start), "us")
    return ImportPlan(
        choices=inspection.choices,
        substation=options.substation,
        time_zone=options.time_zone,
        day_first=inspection.day_first,
        decimal=inspection.form.decimal,
        start=start,
        interval_s=options.interval_s,
        allow_future=options.allow_future,
    )


def new_zone(options: ImportOptions) -> str:
    """The time zone of substations that a file brings along."""
    return options.time_zone or settings.TIME_ZONE
