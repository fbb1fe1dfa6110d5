"""What a person, an API client or a command says about a file; kept as JSON beside the upload."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from ingestion.exports.answers import AnswerError, ExportAnswers, answers_from

# Answers of a profile that stand beside it, because a form or a command asks for them alone.
_IN_PROFILE = ("substation", "time_zone", "start", "interval_s")
UNKNOWN_SUBSTATIONS = ("ask", "create", "reject")
# chosen: from the fastest meter to one row a day.
MIN_ROW_DISTANCE_S, MAX_ROW_DISTANCE_S = 1, 86_400


class OptionError(ValueError):
    """An option cannot be used; ``field`` names it and the message says what was received and expected."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Answers to what the file itself does not say; an empty one is not answered yet.

    ``profile`` holds the answers about columns, dates, energies and conventions, as ``inspect --profile`` takes them;
    ``start`` is ISO text, local without an offset; ``unknown`` says what happens to rows of substations that do not
    exist; ``allow_future`` is for a simulated clock.
    """

    profile: dict[str, Any] = field(default_factory=dict)
    substation: str = ""
    time_zone: str = ""
    start: str = ""
    interval_s: int = 0
    unknown: str = "ask"
    allow_future: bool = False
    review: bool = False
    again: str = ""

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImportOptions:
        """Stored options; keys of earlier versions are left out."""
        return cls(**{name: value for name, value in data.items() if name in cls.__dataclass_fields__})

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the default, so that equal options give equal JSON for ever."""
        default = asdict(_DEFAULT)
        return {name: value for name, value in asdict(self).items() if value != default[name]}

    def updated(self, **changes: Any) -> ImportOptions:
        return replace(self, **changes)

    def answered(self, profile: Mapping[str, Any]) -> ImportOptions:
        """These options with the answers of a profile, which count more than those given before."""
        own = {name: profile[name] for name in _IN_PROFILE if profile.get(name)}
        rest = {name: value for name, value in profile.items() if name not in _IN_PROFILE}
        return self.updated(profile={**self.profile, **rest}, **own)

    @property
    def as_profile(self) -> dict[str, Any]:
        """All answers as one profile."""
        own = {name: getattr(self, name) for name in _IN_PROFILE if getattr(self, name)}
        return {**self.profile, **own}

    @property
    def answers(self) -> ExportAnswers:
        """What the reading of the file is told."""
        return answers_from(self.as_profile)


def _check(options: ImportOptions) -> None:
    if options.unknown not in UNKNOWN_SUBSTATIONS:
        expected = ", ".join(UNKNOWN_SUBSTATIONS)
        raise OptionError(
            "unknown", f"Received “{options.unknown}” for unknown substations; expected one of {expected}."
        )
    if options.time_zone:
        try:
            zoneinfo.ZoneInfo(options.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise OptionError(
                "time_zone",
                f"Received the time zone “{options.time_zone}”; expected a name such as Asia/Kolkata or UTC.",
            ) from error
    if options.interval_s and not MIN_ROW_DISTANCE_S <= options.interval_s <= MAX_ROW_DISTANCE_S:
        raise OptionError(
            "interval_s",
            f"Received an interval of {options.interval_s} s; expected {MIN_ROW_DISTANCE_S} to {MAX_ROW_DISTANCE_S} s.",
        )
    if options.start:
        try:
            start = datetime.fromisoformat(options.start)
        except ValueError as error:
            raise OptionError(
                "start", f"Received the start “{options.start}”; expected a time such as 2025-01-01T00:00."
            ) from error
        if not 1990 <= start.year < 2200:
            raise OptionError("start", f"Received the start “{options.start}”; expected a time after 1990.")
    if not options.substation.isprintable():
        raise OptionError("substation", "Received a code with control characters; expected letters, digits and -.")
    try:
        answers_from(options.as_profile)
    except AnswerError as error:
        raise OptionError("profile", str(error)) from error


_DEFAULT = ImportOptions()
