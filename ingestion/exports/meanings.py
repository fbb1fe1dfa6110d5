"""A header's words → what it measures, in which statistic, phase and direction; by the table of the vocabulary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingestion.exports.header_units import without_unit
from ingestion.exports.unit_table import WrittenUnit, written_unit
from ingestion.exports.vocabulary import LETTERS, OBIS, PAIRS, PHASES, PHRASE_WORDS, PHRASES, UNSPACED, folded
from substations.channels import BY_NAME

ROLES = ("timestamp", "date", "clock", "start", "end", "block", "station", "quality", "tag", "value", "unitname",
         "year", "month_part", "day_part", "month_day", "hour_minute", "hour_part", "minute_part",
         "utcoffset")  # fmt: skip
_CODE = re.compile(
    r"(?P<what>thd_?[ivu]|[ivu]thd|urms|vrms|irms|arms|p|q|s|pf|i|u|v|kw|kvar|kva|w|var|va|mw|mvar|mva|kwh|kvarh|kvah|amp|volt|vln|vll|uln|ull|current|curr|voltage|power)_?"
    r"(?P<pair>l1-?l2|l2-?l3|l3-?l1|l?12|l?23|l?31|ab|bc|ca|ry|yb|br|rs|st|tr|uv|vw|wu)?"
    r"(?P<phase>l?[123]|[abcrystuvw])?(?P<neutral>n)?(?P<stat>avg|tot|sum|total|ges|sys)?"
)
_SINGLE_LETTERS = ("p", "q", "s", "i", "u", "v", "f", "w")
_PHASE_WORD = re.compile(r"(?!phases$)(?:ph|phase|l)?([123abcrystuvw])(n)?")
_CHINESE_PHASE = re.compile("([ABC])相")
# IEC 62056-61: A-B:C.D.E, of which meters print C.D.E or all of it.
_OBIS_CODE = re.compile(r"(?<![\d.])(?:\d{1,3}-\d{1,3}:)?(\d{1,2})\.(\d{1,2})(?:\.\d{1,3})?(?:\*\d+)?(?![\d.])")
_MINUS_ENDS = ("A-", "R-")
_SUNSPEC = re.compile(r"(phv|ppv|a)ph([abc]{1,2})")
_ENERGY_OF = {"P": "EP", "Q": "EQ", "S": "ES"}
_KIND_UNITS = {"P", "Q", "S", "EP", "EQ", "ES", "I", "U", "F", "T"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a header says: ``kind`` P Q S PF I U F T EP EQ ES, "" if nothing; ``role`` of a column that is no quantity.

    ``phase`` is 1, 2, 3 or a pair such as l12; ``rest`` are the words without a meaning, such as a station's name.
    """

    header: str
    kind: str = ""
    role: str = ""
    unit: WrittenUnit | None = None
    phase: str = ""
    features: frozenset[str] = frozenset()
    rest: tuple[str, ...] = ()
    by_unit_only: bool = False
    conflict: str = ""

    def has(self, *names: str) -> bool:
        """True if the header carries one of these features."""
        return not self.features.isdisjoint(names)


def meaning_of(header: str, unit_text: str = "") -> Meaning:
    """What one header means; ``unit_text`` is what a row of units, or a column of units, says of it."""
    own = re.split(r"[/.\\]", header)[-1].strip().lower()  # of a historian's path the last part
    if own in BY_NAME:
        return replace(_canonical(own), header=header)
    coded = by_obis(header, unit_text)
    if coded is not None:
        return coded
    body, unit = without_unit(_CHINESE_PHASE.sub(lambda found: f" L{'ABC'.index(found[1]) + 1} ", header))
    unit = written_unit(unit_text) or unit
    words, glued = _words(body)
    if re.fullmatch(r"(?i)a[\s_]*l?[123]", body.strip()):
        words, glued = ["current", "l" + words[-1][-1]], [False, False]
    features, kinds, phases, rest = _read(words, glued)
    if unit is None:
        unit, rest = _unit_word(rest)
    if unit is None:
        unit = _unit_in_code(words)
    features |= set(unit.hints) if unit else set()
    found = _decide(Meaning(header, unit=unit, features=frozenset(features), rest=tuple(rest)), kinds)
    if found.kind in ("", "F", "T") and not found.has("thd"):
        return found
    return replace(found, phase=_phase(phases, found))


def by_obis(header: str, unit_text: str) -> Meaning | None:
    """What an OBIS code in a header means; None if it holds none."""
    match = _OBIS_CODE.search(header)
    said = OBIS.get(match[1]) if match else None
    if match is None or said is None:
        return None
    kind, _, feature = said.partition(" ")
    place, way = int(match[1]), match[2]
    unit = written_unit(unit_text) or without_unit(header)[1]
    energy = way in ("8", "9", "29") or (unit is not None and unit.kind.startswith("E"))
    phase = str((place - 1) // 20) if 20 < place < 80 else ""
    features = {feature} - {""} | ({"md"} if way in ("2", "6") else set()) | ({"avg"} if way in ("4", "5") else set())
    return Meaning(header, _ENERGY_OF.get(kind, kind) if energy else kind, "", unit, phase, frozenset(features))


def _canonical(header: str) -> Meaning:
    """A channel by its own name, as this program writes it."""
    channel = BY_NAME[header.lower()]
    kind = next((kind for start, kind in _CHANNEL_KINDS if channel.name.startswith(start)), "")
    phase = re.search(r"_l(\d\d?)_", channel.name)
    features = {"avg"} if "_avg_" in channel.name else {"ll"} if kind == "U" else {"oil"} if kind == "T" else {"thd"}
    place = (phase[1] if len(phase[1]) == 1 else "l" + phase[1]) if phase else ""
    features |= {"ll"} if kind == "U" else set()
    return Meaning(header, kind, "", written_unit(channel.unit), place, frozenset(features))


_CHANNEL_KINDS = (("active", "P"), ("reactive", "Q"), ("apparent", "S"), ("power_factor", "PF"), ("current", "I"),
                  ("voltage", "U"), ("frequency", "F"), ("thd_current", "THDI"), ("thd_voltage", "THDU"),
                  ("oil", "T"))  # fmt: skip


def _words(body: str) -> tuple[list[str], list[bool]]:
    """The words of a header in lower case; ``glued`` where a word follows the one before without a blank or ``_``."""
    words, glued = [], []
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
    pieces = re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]{2,}\d*|[A-Z]+(?![a-z])\d*|\d+|[^\x00-\x7f]+|\w+", part)
    known = [p for p in pieces if (folded(p),) in PHRASES or written_unit(p) or _CODE.fullmatch(folded(p))]
    return pieces if len(pieces) > 1 and known and "".join(pieces) == part else [part]


def _read(words: Sequence[str], glued: Sequence[bool]) -> tuple[set[str], list[str], list[str], list[str]]:
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
        elif size and not (size == 1 and len(word) == 1):
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
    elif word in PAIRS or re.fullmatch(r"l[123]l[123]|l(12|23|31)", word):
        phases.append(PAIRS.get(word) or PAIRS[re.sub("l", "", word)])
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
    if any(c > "\u2e80" for c in word):
        for phrase in sorted(UNSPACED, key=len, reverse=True):
            if phrase in word:
                found |= set(UNSPACED[phrase])
                word = word.replace(phrase, " ")
        return found
    for key, features in sorted(PHRASES.items(), key=lambda item: -len(item[0][0])):
        if (
            features != ("station",)
            and len(key) == 1
            and len(key[0]) >= 5
            and len(word) > len(key[0])
            and key[0] in word
        ):
            found |= set(features)
            word = word.replace(key[0], " ")
    return found


def _unit_word(rest: list[str]) -> tuple[WrittenUnit | None, list[str]]:
    for word in rest:
        unit = written_unit(word)
        if unit and (len(word) > 1 or word in "%"):
            return unit, [each for each in rest if each != word]
    return None, rest


def _unit_in_code(words: Sequence[str]) -> WrittenUnit | None:
    """kW in "kW tot", kWh in "kWh del", kvar in "kvar1": the unit that stands as a word."""
    for word in words:
        match = re.fullmatch(r"([kmg]?(?:wh?|varh?|vah?|v|hz)|kvar[lc])(?:l?[123abc]|tot|sum|avg)?", word)
        if match and len(match[1]) > 1 and word not in ("va", "vah", "mv"):
            return written_unit(match[1].upper())
    return None


def _decide(found: Meaning, kinds: Sequence[str]) -> Meaning:
    """The kind: a unit that names one counts most, then words, then single letters."""
    unit_kind = found.unit.kind if found.unit else ""
    letters = next((LETTERS[k] for k in kinds if k in LETTERS), "Q" if found.has("q1", "q2", "q3", "q4") else "")
    word_kind = _kind_of_words(found) or letters
    role = next((role for role in ROLES if role in found.features), "")
    if "utcoffset" in found.features:
        role = "utcoffset"
    if role == "timestamp" and found.has("date") != found.has("clock"):
        role = "date" if found.has("date") else "clock"  # "RTC Date" beside "RTC Time"
    if found.has("thd") and (word_kind in ("I", "U") or unit_kind in ("%", "")):
        return replace(found, kind="THD" + (word_kind if word_kind in "IU" else ""))
    if found.has("quality") and not found.has("pf"):
        return replace(found, role="quality")
    if found.has("angle") and not found.has("pf"):
        return replace(found, kind="", role="ignored")
    if unit_kind == "%" and word_kind not in ("PF", ""):
        return replace(found, kind="", role="ignored")  # an unbalance or a loading in per cent is not the quantity
    if unit_kind in _KIND_UNITS:
        clash = word_kind and word_kind != unit_kind and not _same_family(word_kind, unit_kind, found)
        return replace(found, kind=unit_kind, by_unit_only=not word_kind, conflict=word_kind if clash else "")
    if word_kind == "PF" or (word_kind and not role and unit_kind != "OTHER"):
        return replace(found, kind=word_kind)
    if role and not (word_kind and word_kind not in ("EP",) and role in ("value", "tag", "station", "start", "end")):
        return replace(found, role=role)
    return (
        replace(found, kind=word_kind)
        if word_kind and unit_kind != "OTHER" and role not in ROLES[:5]
        else replace(found, role="ignored" if found.has("other") else "")
    )


def _same_family(word_kind: str, unit_kind: str, found: Meaning) -> bool:
    if unit_kind.startswith("E"):
        return word_kind in ("EP", "I", _power_of(unit_kind)) or (unit_kind == word_kind)
    return word_kind.startswith("E") or (word_kind == "P" and not found.has("active"))


def _power_of(energy: str) -> str:
    return energy[1:]


def _kind_of_words(found: Meaning) -> str:
    """The kind that the words name; "" if they name none."""
    if found.has("pf"):
        return "PF"
    energy = found.has("energy", "active_energy", "reactive_energy") and not found.has("power")
    if found.has("reactive_energy") or (found.has("reactive") and energy):
        return "EQ"
    if found.has("active_energy"):
        return "EP"
    base = next((k for k, f in (("Q", "reactive"), ("S", "apparent"), ("P", "active")) if found.has(f)), "")
    if base:
        return _ENERGY_OF[base] if energy else base
    if found.has("voltage"):
        return "U"
    if found.has("frequency"):
        return "F"
    if found.has("temperature", "oil", "winding"):
        return "T"
    if found.has("power") and not found.has("current"):
        return "P"
    return "I" if found.has("current") else "EP" if found.has("energy") and not found.has("block") else ""


def _phase(phases: Sequence[str], found: Meaning) -> str:
    if not phases:
        return ""
    if len(phases) >= 2 and phases[0] + phases[1] in PAIRS and found.kind in ("U", "THDU"):
        return PAIRS[phases[0] + phases[1]]
    return phases[0] if phases[0] in PAIRS.values() else PHASES.get(phases[0], "")
