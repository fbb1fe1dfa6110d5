"""Reading and checking a tariff document: the schema, and then what a schema cannot say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losses.tariffs.currencies import CURRENCIES
from losses.tariffs.document_references import reference_problems
from losses.tariffs.time_of_use import calendar_problems

if TYPE_CHECKING:
    from jsonschema import ValidationError

Document = dict[str, Any]
SCHEMA_VERSION = 1
SCHEMA_PATH = Path(__file__).with_name("tariff_schema.json")


class TariffError(ValueError):
    """A document that cannot be used; ``problems`` are sentences: where, what was received, what was expected."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@cache
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(SCHEMA_PATH.read_text())
    return loaded


def read_document(content: str | bytes) -> Document:
    """The document in a JSON text, checked. Raises TariffError."""
    return checked_document(read_json(content))


def read_json(content: str | bytes) -> Any:
    """Whatever a JSON text holds. Raises TariffError where it is none."""
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise TariffError([f"line {error.lineno}, column {error.colno}: this is not JSON ({error.msg})."]) from error
    except UnicodeDecodeError as error:
        raise TariffError([f"byte {error.start}: this is not text in UTF-8, as JSON has to be."]) from error
    except RecursionError as error:
        raise TariffError(["document: received lists inside lists without end, expected a tariff."]) from error


def checked_document(document: Any) -> Document:
    """The document itself, if nothing is wrong with it. Raises TariffError with everything that is."""
    problems = document_problems(document)
    if problems:
        raise TariffError(problems)
    checked: Document = document
    return checked


def document_problems(document: Any) -> list[str]:
    """What is wrong, as sentences; what only makes sense in a document of the right form is asked of no other."""
    # Seldom needed; with the checkers of formats that it finds it would take up to two seconds of each start.
    from jsonschema import Draft202012Validator

    if problems := list(unknown_numbers(document)):
        return problems
    if problems := error_sentences(Draft202012Validator(schema()).iter_errors(document)):
        return problems
    if problems := list(_impossible_days(document)):
        return problems
    return [*_dates(document), *_currency(document), *calendar_problems(document), *reference_problems(document)]


def unknown_numbers(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """NaN and infinity, which Python reads from a JSON text though JSON has no such numbers: no bound refuses NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{_place(path)}: received {value}, expected a number."
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from unknown_numbers(part, (*path, name))


def error_sentences(errors: Iterable[ValidationError]) -> list[str]:
    """Errors of a schema as sentences, in the order of their places."""
    ordered = sorted(errors, key=lambda each: list(map(str, each.absolute_path)))
    return [sentence for error in ordered for sentence in _sentences(error)]


def _sentences(error: ValidationError) -> Iterator[str]:
    place = _place(error.absolute_path)
    match error.validator:
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            # One error comes for each missing name; the message tells which.
            name = next((each for each in missing if f"'{each}'" in error.message), missing[0])
            yield f"{place}: received nothing for “{name}”, expected a value: it is required."
        case "additionalProperties":
            known = sorted(error.schema.get("properties", {}))
            for name in sorted(set(error.instance) - set(known)):
                yield f"{place}: received “{name}”, expected only {', '.join(known)}."
        case _:
            yield f"{place}: received {_shown(error.instance)}, expected {_expected(error)}."


def _expected(error: ValidationError) -> str:
    value = error.validator_value
    texts = {
        "type": f"a value of the type {value}",
        "enum": f"one of {', '.join(map(str, value)) if isinstance(value, list) else value}",
        "const": f"{value}",
        "minimum": f"{value} or more",
        "maximum": f"{value} or less",
        "exclusiveMinimum": f"more than {value}",
        "minItems": f"at least {value} of them",
        "minProperties": f"at least {value} of them",
        "minLength": "a text that is not empty",
        "uniqueItems": "each of them once",
        "anyOf": "a date as YYYY-MM-DD, or what else may stand there",
    }
    if error.validator == "pattern":
        return PATTERNS.get(str(value), f"a text of the form {value}")
    return texts.get(str(error.validator), str(error.message))


PATTERNS = {
    "^(([01]\\d|2[0-3]):00|24:00)$": "a whole hour from 00:00 to 24:00, because energies are known by the hour",
    "^(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$": "month and day as MM-DD",
    "^(19|20|21)\\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$": "a date as YYYY-MM-DD, from 1900 to 2199",
    "^[A-Z]{3}$": "an ISO 4217 code such as INR",
}


def _place(path: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "document"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Chosen: enough to recognise it.
    return text if len(text) <= 80 else f"{text[:77]}…"


def _impossible_days(document: Document) -> Iterator[str]:
    """31 April and the like: of the right form, and in no calendar."""
    days: list[tuple[str, str]] = [("valid_from", document["valid_from"])]
    if document.get("valid_to"):
        days.append(("valid_to", document["valid_to"]))
    days += [(f"sources[{n}].date", each["date"]) for n, each in enumerate(document["sources"])]
    days += [(f"holidays[{n}]", each) for n, each in enumerate(document.get("holidays", []))]
    for n, each in enumerate(document.get("seasons", [])):
        days += [(f"seasons[{n}].{name}", each[name]) for name in ("from", "to")]
    for place, day in days:
        try:
            # Of every year, 29 February too: the days of a leap year.
            date.fromisoformat(day if len(day) > len("MM-DD") else f"2024-{day}")
        except ValueError:
            yield f"{place}: received {day}, expected a day of the calendar."


def _dates(document: Document) -> Iterator[str]:
    start, end = document["valid_from"], document.get("valid_to")
    if end is not None and end < start:
        yield f"valid_to: received {end}, expected a day on or after valid_from, {start}."


def _currency(document: Document) -> Iterator[str]:
    if document["currency"] not in CURRENCIES:
        yield f"currency: received “{document['currency']}”, expected an ISO 4217 code in use, such as INR or EUR."
