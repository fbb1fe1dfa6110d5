"""One column as numbers, and a quantity composed of several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ingestion.exports.meaning import Meaning
from ingestion.problems import FloatArray


@dataclass(slots=True)
class Measured:
    """One column as numbers; in the stored unit where ``known``, as written otherwise."""

    meaning: Meaning
    values: FloatArray
    known: bool
    factor: float = 1.0
    lead: FloatArray | None = None
    why: str = ""
    used_for: str = ""
    sureness: str = "sure"
    sign_said: bool = False
    said: str = ""
    from_energy: bool = False
    settled: bool = False  # its unit was not named and is told by physics or the nameplate
    register: bool | None = None  # of an energy; None where that has to be told by the rows of one station
    unread: tuple[int, str] = (0, "")  # how many cells look like numbers and are none, and one of them
    fraction: float = 1.0  # what makes a power factor of the column a fraction; told by all rows of the file

    @property
    def kind(self) -> str:
        return self.meaning.kind

    def has(self, *names: str) -> bool:
        """True if its header carries one of these features."""
        return self.meaning.has(*names)


@dataclass(slots=True)
class Composed:
    """A quantity of one substation and the columns it is made of."""

    values: FloatArray
    parts: list[Measured] = field(default_factory=list)

    @property
    def known(self) -> bool:
        return all(part.known for part in self.parts)


class Ask(Protocol):
    """Adds a question: what it is about, its text, the column, the choices."""

    def __call__(self, about: str, text: str, column: str | None = None, choices: tuple[str, ...] = ()) -> None: ...


def unheard(about: str, text: str, column: str | None = None, choices: tuple[str, ...] = ()) -> None:
    """An ``Ask`` for a first look, whose questions are put again when it is decided."""
