"""What the commands ask that read files into a scratch database: the files, their grid, what they don't say."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ingestion.exports.answers import AnswerError, read_profile
from ingestion.options import ImportOptions, OptionError
from smart_ems.scratch import DetectError, Intake, register, take_in
from substations.registry import RegistryError

UNITS_S = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "": 60}


def interval_s(text: str) -> int:
    """``15min``, ``900s``, ``1h`` or a bare number of minutes."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|sec|min|m|h|)", text.strip().lower())
    if not match:
        raise ArgumentTypeError(f"received “{text}”; expected an interval such as 15min, 900s or 1h")
    return round(float(match[1]) * UNITS_S[match[2]])


def add_file_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="SCADA export, CSV or CSV.gz")
    parser.add_argument("--substations", type=Path, help="CSV of nameplates")
    parser.add_argument("--links", type=Path, help="CSV of the network's links")
    parser.add_argument("--start", default="", help="time of the first row, for files without a time column")
    parser.add_argument("--interval", type=interval_s, default=0, help="distance of rows, for such files: 15min")
    parser.add_argument("--substation", default="", help="code, for files without a substation column")
    parser.add_argument("--time-zone", default="UTC", help="of the times in the files (default: UTC)")
    parser.add_argument("--profile", type=Path, help="JSON file with answers about the files, as inspect takes it")


def import_options(options: dict[str, Any]) -> ImportOptions:
    """What was said about the files.

    Raises:
        CommandError: a flag or the profile that cannot be used.
    """
    try:
        profile = read_profile(options["profile"]) if options["profile"] else {}
        return ImportOptions(
            start=options["start"],
            interval_s=options["interval"],
            substation=options["substation"],
            time_zone=options["time_zone"],
            unknown="create",
            allow_future=True,
        ).answered(profile)
    except (AnswerError, OptionError) as error:
        raise CommandError(str(error)) from error


def take_in_files(files: Sequence[Path], options: dict[str, Any], given: ImportOptions) -> list[Intake]:
    """Register the grid and load the files; inside ``scratch_database``.

    Raises:
        CommandError: a file that cannot be used, and what to add to the command.
    """
    try:
        register(options["substations"], options["links"])
        return [take_in(file, given) for file in files]
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {error.filename}.") from error
    except (DetectError, RegistryError, OSError) as error:
        raise CommandError(str(error)) from error
