"""What a file would load and what still has to be asked, under the answers given and those remembered of its source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from ingestion import conversion, grid_records
from ingestion.conversion import FileReading
from ingestion.exports.answers import ExportQuestion
from ingestion.exports.outcome import Interpretation
from ingestion.exports.presentation import described
from ingestion.models import SourceProfile, Upload
from ingestion.options import ImportOptions

NAMED_IN_A_QUESTION = 12  # chosen: a line or two of codes


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file as read, and the questions that remain (none: it can be loaded).

    ``unknown`` are stations that do not exist yet; ``remembered`` is the profile of the source whose answers were used.
    """

    reading: FileReading
    options: ImportOptions
    questions: tuple[ExportQuestion, ...]
    unknown: tuple[str, ...] = ()
    remembered: SourceProfile | None = None

    @property
    def found(self) -> Interpretation:
        return self.reading.found

    def described(self) -> dict[str, Any]:
        """The objects that ``inspect --json`` prints, with the questions of an upload."""
        shown = [{**described_question(q), "choices": list(q.choices)} for q in self.questions]
        said: dict[str, Any] = described(self.found) | {"questions": shown}
        if self.remembered is not None:
            said["remembered"] = self.remembered.origin
        return said


def described_question(question: ExportQuestion) -> dict[str, Any]:
    """A question as a plain dict."""
    return {"about": question.about, "column": question.column, "text": question.text}


def inspect(upload: Upload) -> Inspection:
    """What is known about an upload and what must be asked; raises Unreadable if it holds no readings."""
    return look(Path(upload.file.path), upload, upload.parsed_options)


def look_with(upload: Upload, options: ImportOptions) -> Inspection:
    """The same under other answers, for a look before they are given."""
    return look(Path(upload.file.path), upload, options.updated(review=False))


def look(path: Path, upload: Upload, options: ImportOptions) -> Inspection:
    """Inspect a stored file under the answers given so far, else under those remembered of its source.

    What is remembered is an answer like any other: where the values contradict it, it is asked again.
    """
    known = grid_records.known_of_grid()
    reading = conversion.read(path, upload.original_name, options, known)
    remembered = None if options.profile else SourceProfile.objects.of_source(upload, _headers(reading))
    if remembered is not None:
        options = options.answered({**remembered.profile, **options.as_profile})
        reading = conversion.read(path, upload.original_name, options, known)
    unknown = tuple(n for n in reading.found.named if n and known(n) is None)
    questions = [*reading.found.questions, *_about_stations(unknown, options)]
    if options.review:
        questions.append(ExportQuestion("mapping", "Check the columns before loading."))
    return Inspection(reading, options, tuple(questions), unknown, remembered)


def _headers(reading: FileReading) -> list[str]:
    return [column.header for column in reading.found.columns]


def _about_stations(unknown: tuple[str, ...], options: ImportOptions) -> list[ExportQuestion]:
    if not unknown or options.unknown != "ask":
        return []
    named = ", ".join(unknown[:NAMED_IN_A_QUESTION]) + (", …" if len(unknown) > NAMED_IN_A_QUESTION else "")
    return [unknown_question(named)]


def unknown_question(named: str) -> ExportQuestion:
    """What to do with substations that do not exist yet."""
    return ExportQuestion("substation", f"These substations do not exist yet: {named}.", None, ("create", "reject"))


def new_zone(options: ImportOptions, found_zone: str) -> str:
    """The time zone of substations that a file brings along."""
    return options.time_zone or (found_zone if "/" in found_zone else "") or settings.TIME_ZONE
