"""Names of quantities as data: words of vendors and languages and what they mean, in ``vocabulary.txt``."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")


# Letters of their own in Unicode, which no decomposition brings to a plain one.
_WHOLE_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae"})


def folded(text: str) -> str:
    """Lower case, compatibility forms resolved, accents of Latin letters removed (ä → a, ł → l), others kept."""
    text = unicodedata.normalize("NFKC", text).lower().translate(_WHOLE_LETTERS)
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(c for n, c in enumerate(parts) if not (unicodedata.combining(c) and n and parts[n - 1] < "\u0250"))
    return unicodedata.normalize("NFC", kept)


def _lines() -> list[tuple[str, list[str]]]:
    """Name and words of each line of the table."""
    kept = (line.partition(" = ") for line in _TABLE.splitlines() if line and not line.startswith("#"))
    return [(name, words.split(", ")) for name, _, words in kept]


def _phrases() -> dict[tuple[str, ...], tuple[str, ...]]:
    table: dict[tuple[str, ...], tuple[str, ...]] = {}
    for feature, words in _lines():
        for phrase in words if not feature.startswith(".") else ():
            key = tuple(re.sub(r"/|(?<=\w)-(?=\w)", " ", folded(phrase)).split())
            table[key] = (*table.get(key, ()), feature)
    return table


def _list(name: str) -> tuple[str, ...]:
    return tuple(next(words for each, words in _lines() if each == "." + name))


def _by_word(name: str) -> dict[str, str]:
    """Word → what it stands for, of the lists ``.name VALUE``."""
    found = [(each.split(" ", 1)[1], words) for each, words in _lines() if each.startswith(f".{name} ")]
    return {word: value for value, words in found for word in words}


def any_of(words: tuple[str, ...], *, whole: bool = True) -> re.Pattern[str]:
    """A pattern that finds one of the words; as a whole word, or as its beginning."""
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + (r")(?!\w)" if whole else ")"))


PHRASES = _phrases()
PHRASE_WORDS = max(len(key) for key in PHRASES)
UNSPACED = {"".join(key): features for key, features in PHRASES.items() if any(c > "\u2e80" for c in "".join(key))}
COMMA_WORDS = frozenset(_list("comma_words"))
COMMA_STEMS = _list("comma_stems")
ZONE_WORDS = any_of(_list("zone_words"))
CURRENT_RATIO, VOLTAGE_RATIO = any_of(_list("current_ratio")), any_of(_list("voltage_ratio"))
SECONDARY, PRIMARY = any_of(_list("secondary"), whole=False), any_of(_list("primary"), whole=False)
MULTIPLIER = any_of(_list("multiplier"))
QUALITY_GOOD, QUALITY_BAD = frozenset(_list("quality_good")), frozenset(_list("quality_bad"))
QUALITY_ESTIMATED = frozenset(_list("quality_estimated"))
OBIS = _by_word("obis")
LETTERS, PHASES, PAIRS = _by_word("letter"), _by_word("phase"), _by_word("pair")


def pair_of(lines: str) -> str | None:
    """The pair of "12", "ab", "21": between two lines a voltage is as large either way."""
    return PAIRS.get(lines) or PAIRS.get(lines[::-1])
