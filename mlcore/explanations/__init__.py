"""Findings in words: from the code and the figures of a finding to a sentence in the reader's language.

>>> explain("temperature_sensor", {"oil_temperature_c": 150.0})
"Check the meter: the oil temperature jumps, stands still or is out of range (about 150 °C), which oil can't do. ..."

The diagnosis knows no sentence. ``cause_table`` holds what is the same for every episode of a cause; a page writes
numbers as the reader's language does (``PAGE``), an API, a CSV file and the command line as programs read them.
"""

from __future__ import annotations

from .cause_table import CAUSE_TABLE, checks_of, entry_of
from .evidence_texts import assumptions_in_words, evidence_in_words, speaks_against
from .sentences import english, explain, said_by
from .wording import PAGE, PLAIN, Wording

__all__ = [
    "CAUSE_TABLE", "PAGE", "PLAIN", "Wording", "assumptions_in_words", "checks_of", "english", "entry_of",
    "evidence_in_words", "explain", "said_by", "speaks_against",
]  # fmt: skip
