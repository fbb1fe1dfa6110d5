"""The words of a header, and the features, letters and phases that they carry; by the table of the vocabulary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from ingestion.exports.unit_table import written_unit
from ingestion.exports.vocabulary import PAIRS, PHRASE_WORDS, PHRASES, UNSPACED, folded, pair_of

_CODE = re.compile(
    r"(?P<what>thd_?[ivu]|[ivu]thd|urms|vrms|irms|arms|p|q|s|pf|i|u|v|kw|kvar|kva|w|var|va|mw|mvar|mva|kwh|kvarh|kvah|amp|volt|vln|vll|uln|ull|current|curr|voltage|power)_?"
    r"(?P<pair>l1-?l2|l2-?l3|l3-?l1|l?12|l?23|l?31|ab|bc|ca|ry|yb|br|rs|st|tr|uv|vw|wu)?"
    r"(?P<phase>l?[123]|[abcrystuvw])?(?P<neutral>n)?(?P<stat>avg|tot|sum|total|ges|sys|3ph?)?"
)


_SINGLE_LETTERS = ("p", "q", "s", "i", "u", "v", "f", "w", "λ")


_PHASE_WORD = re.compile(r"(?!phases$)(?:ph|phase|l)?([123abcrystuvw])(n)?")


_MINUS_ENDS = ("A-", "R-")


_SUNSPEC = re.compile(r"(phv|ppv|a)ph([abc]{1,2})")


def header_words(body: str) -> tuple[list[str], list[bool]]:
    """The words of a header in lower case; ``glued`` where a word follows the one before without a blank or ``_``."""
    words, glued = [], []
    body = re.sub(r"(?<=\w\w)\.(?=[^\W\d]{2}|[^\W\d]\d?(?:[\s_-]|$))", " ", body)  # a historian's path
    for chunk in re.split(r"[\s_,;:/\\|]+", body):
        first = True
        for part in _tokens(chunk):
            for piece in _camel(part):
                words.append(folded(piece))
                glued.append(not first)
                first = False
    return words, glued


def _tokens(chunk: str) -> list[str]:
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in "°%φσ+Σ" else " " for c in chunk)
    if chunk.rstrip(")").endswith(_MINUS_ENDS):  # A− and R− of a meter's registers: what is fed in
        kept = kept.rstrip() + "-"
    return kept.split()


def _camel(part: str) -> list[str]:
    lower = folded(part)
    if (lower,) in PHRASES or written_unit(part) or _CODE.fullmatch(lower) or _SUNSPEC.fullmatch(lower):
        return [part]
    part = _unaccented(part)
    pieces = re.findall(r"[A-Z]?[a-z]{2,}\d*|[A-Z]+(?![a-z])\d*|\d+|[^\x00-\x7f]+|\w+", part)
    known = [p for p in pieces if (folded(p),) in PHRASES or written_unit(p) or _CODE.fullmatch(folded(p))]
    return pieces if len(pieces) > 1 and known and "".join(pieces) == part else [part]


def _unaccented(part: str) -> str:
    """A word with the plain letters of ``folded``, in the case as written: "Współ" has no boundary at its ó."""
    plain = "".join(folded(c) if len(folded(c)) == 1 else c for c in part)
    return "".join(p.upper() if c.isupper() and c.lower() != c else p for c, p in zip(part, plain, strict=True))


def read_words(words: Sequence[str], glued: Sequence[bool]) -> tuple[set[str], list[str], list[str], list[str]]:
    features: set[str] = set()
    kinds: list[str] = []
    phases: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        size = next((n for n in range(PHRASE_WORDS, 0, -1) if tuple(words[at : at + n]) in PHRASES), 0)
        word = words[at]
        if _goes_on(word, rest, words[at - 1], glued=glued[at]):
            rest[-1] += "-" + word  # the B of "SS-B" belongs to the name
        elif size and not (size == 1 and len(word) == 1 and (word.isascii() or word in _SINGLE_LETTERS)):
            carried = set(PHRASES[tuple(words[at : at + size])])
            features |= carried
            rest += words[at : at + size] if carried == {"station"} else []
            at += size - 1
        elif not _short(word, features, kinds, phases):
            inner = _inside(word)
            features |= inner
            rest += [] if inner else [word]
        at += 1
    return features, kinds, phases, rest


def _goes_on(word: str, rest: Sequence[str], before: str, *, glued: bool) -> bool:
    if not rest or rest[-1] != before or (len(word) > 1 and (written_unit(word) or _CODE.fullmatch(word))):
        return False
    follows_station = (before,) in PHRASES and (len(word) == 1 or word.isdigit())
    return (glued and (len(word) <= 2 or word.isdigit())) or follows_station


def _short(word: str, features: set[str], kinds: list[str], phases: list[str]) -> bool:
    """Take a short word or code apart: "q1", "l12", "v1n", "kwh", "amps", "ppvphab"; False if it is none."""
    if _sunspec_or_neutral(word, features, kinds, phases):
        return True
    if re.fullmatch(r"q[1-4]", word):
        features.add(word)
    elif pair := _pair(word):
        phases.append(pair)
    elif word in _SINGLE_LETTERS:
        kinds.append(word)
    elif plain := _PHASE_WORD.fullmatch(word):
        phases.append(plain[1])
        features |= {"ln"} if plain[2] else set()
    elif plural := _plural_unit(word):
        kinds.append({"EP": "kwh", "EQ": "kvarh", "ES": "kvah"}.get(plural, plural.lower()))
    else:
        return _code(word, features, kinds, phases)
    return True


def _pair(word: str) -> str | None:
    """The pair of "ab", "l23", "l1l2" and "l2l1"; a line with itself is none."""
    if re.fullmatch(r"l[123]l[123]|l(12|23|31)", word):
        return pair_of(re.sub("l", "", word))
    return PAIRS.get(word)


def _plural_unit(word: str) -> str:
    """The kind of "amps", "volts", "watts", "vars": their s is no phase."""
    unit = written_unit(word) if len(word) > len("vas") and word.endswith("s") else None
    return unit.kind if unit is not None else ""


def _code(word: str, features: set[str], kinds: list[str], phases: list[str]) -> bool:
    code = _CODE.fullmatch(word)
    if code is None:
        return False
    kinds.append(code["what"].replace("_", ""))
    phases += [PAIRS[re.sub("[l-]", "", code["pair"])]] if code["pair"] else []
    phases += [code["phase"].lstrip("l")] if code["phase"] else []
    features |= {"thd"} if "thd" in code["what"] else set()
    features |= {"ln"} if code["neutral"] or "ln" in code["what"] else set()
    features |= {"ll"} if "ll" in code["what"] else set()
    features |= {"avg"} if code["stat"] == "avg" else {"total"} if code["stat"] else set()
    return True


def _sunspec_or_neutral(word: str, features: set[str], kinds: list[str], phases: list[str]) -> bool:
    if word == "n":
        features.add("ln")
        return True
    sunspec = _SUNSPEC.fullmatch(word)
    if sunspec:  # PhVphA, PPVphAB, AphA
        kinds.append("i" if sunspec[1] == "a" else "u")
        phases.append(PAIRS.get(sunspec[2], sunspec[2]))
        features |= {"ln"} if sunspec[1] == "phv" else set()
        return True
    return False


def _inside(word: str) -> set[str]:
    """Features of a compound: words of six letters or more within a longer one, or of a script without blanks."""
    found: set[str] = set()
    unspaced = any(c > "\u2e80" for c in word)
    for phrase, features in _unspaced_parts() if unspaced else _compound_parts():
        if phrase in word and len(phrase) < len(word) + unspaced:
            found |= features
            word = word.replace(phrase, " ")
    return found


@cache
def _unspaced_parts() -> list[tuple[str, frozenset[str]]]:
    """Words of scripts without blanks and their features, the longest first."""
    return [(phrase, frozenset(UNSPACED[phrase])) for phrase in sorted(UNSPACED, key=len, reverse=True)]


@cache
def _compound_parts() -> list[tuple[str, frozenset[str]]]:
    """Single words of five letters or more that may stand in a longer one, the longest first."""
    single = {key[0]: features for key, features in PHRASES.items() if len(key) == 1 and len(key[0]) >= 5}
    parts = sorted(single.items(), key=lambda item: -len(item[0]))
    return [(word, frozenset(features)) for word, features in parts if features != ("station",)]
