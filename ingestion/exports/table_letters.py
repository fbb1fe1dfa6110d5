"""Letters with two meanings, and what the headers of a table together tell of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ingestion.exports.vocabulary import folded

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

# True of any table: the first three phases together, Fluke's "THD A L1N", Hioki's "AveP", Carlo Gavazzi's "A L1".
_ALWAYS: tuple[Rule, ...] = (
    (re.compile(r"(?i)\bL1\s*(?:-|–|\.\.+|…|\+|bis|to)\s*L?3\b|\bL123\b"), "total"),
    (re.compile(r"(?i)\bTHD\s+A\s+(?=(?:[ABCN]{1,2}|L[123N])\b)"), "THD current "),
    (re.compile(r"(?i)\bTHD\s+V\s+(?=(?:[ABCN]{1,2}|L[123N])\b)"), "THD voltage "),
    (re.compile(r"(?<![A-Za-z])(Ave|Avg|Max|Min|Inst)(?=[A-Z])"), r"\1 "),
    (re.compile(r"(?<![A-Za-z0-9])A (L[123])\b"), r"I \1 [A]"),
    (re.compile(r"(?i)\b(?:line|phase)\s+([123abc])\s+to\s+(?:line|phase)\s+([123abc])\b"), r"\1\2"),
)
_LAST_A: Rule = (re.compile(r"(?<=[\w.])[\s_]+A$"), " [A]")
_LAST_W: Rule = (re.compile(r"(?<=\w)[\s_]+W$"), " [W]")
_LAST_U = re.compile(r"[\s_]U$")
_LAST_B = re.compile(r"(?<=[\w.])[\s_]+[Bb](?:\s*[\[(].*)?$")
_TOTAL_T: Rule = (re.compile(r"(?<![A-Za-z])(P|Q|S|PF)[Tt](?![A-Za-z])"), r"\1 total")
_CURRENT_A: Rule = (re.compile(r"(?<![A-Za-z0-9])A([123])(?![A-Za-z0-9])"), r"I\1")
_VA_WORD: Rule = (re.compile(r"(?<=\w\s)VA(?=\s*[(\[/,]|\s+k?VA$)"), "apparent")
_DELIVERED: Rule = (re.compile(r"(?i)\bdelivered\b"), "export")
_LONE_UNIT: Rule = (re.compile(r"(?i)((?:current|strom|courant|corriente|corrente|avg|mean|l[123]))_(a)$"), r"\1 [\2]")
_PHASE_B = re.compile(
    r"(?i)(?:current|strom|courant|corriente|corrente|voltage|power)[\s_-]?b(?![a-z])"
    r"|(?<![a-z])b[\s_-]?(?:current|strom|courant|corriente)"
)
_PLUS: Rule = (re.compile(r"(?:(?<=\s)|(?<=\w\w)|(?<=\())\+(?=\s*[\[(),/]|\s+[\w%]+$|\s*$)"), " import")
_MINUS: Rule = (
    re.compile(r"(?:(?<=\s)|(?<=\w\w)|(?<=\())[-\u2212\u2013](?=\s*[\[(),/]|\s+[\w%]+$|\s*$)"),
    " export",
)
_REACTIVE_C: Rule = (re.compile(r"(?i)(?<![a-z])qc(?![a-z])"), "Q 3")
_CAPACITIVE_C: Rule = (re.compile(r"(?i)(kvar)c(?![a-z])"), r"\1 lead")
_SECOND_S: Rule = (re.compile(r"(?<![A-Za-z])S(?![A-Za-z])"), "L2")
_YELLOW = {"y", "iy", "vy", "uy", "yn", "vyn", "ry", "vry", "yb", "vyb", "yph", "yellow"}


def _third(found: re.Match[str]) -> str:
    """The phase that B stands for: "IB" is I3, and "B Phase" L3; "3 Phase" would be all of them."""
    return f"{found[1]}3{found[2] or ''}" if found[1] else f"L3{found[2] or ''}"


_BLUE: tuple[Rule, ...] = (
    (re.compile(r"(?<![A-Za-z])([IiVvUuPpQq]_?)?[Bb](N|n)?(?![A-Za-z])"), _third),
    (re.compile(r"(?<=[a-z])B(?![A-Za-z])|(?i:\bblue\b)"), " L3"),
)


def rules_of(headers: Sequence[str]) -> list[Rule]:
    """What is to be written out in each header, in this order."""
    words = {word for header in headers for word in re.findall(r"[a-z]+", folded(header))}
    all_of_a = all(
        any(re.search(rf"(?<![A-Za-z0-9])A{n}(?![A-Za-z0-9])", header) for header in headers) for n in (1, 2, 3)
    )
    consumed = bool(words & {"consumed", "imported", "import"}) and "delivered" in words and "received" not in words
    when: list[tuple[bool, Sequence[Rule]]] = [
        (True, _ALWAYS),
        ("vb" not in words, (_VA_WORD,)),  # VA without VB is no voltage
        (consumed, (_DELIVERED,)),  # by the plant, beside what it consumed
        (not any(_LAST_B.search(header) for header in headers), (_LAST_A,)),  # no "… B" beside it: amperes
        (not any(_LAST_U.search(header) for header in headers), (_LAST_W,)),  # no phases U, V, W
        (bool(words & {"pt", "qt", "st"}) and not words & {"pr", "ps", "qr", "qs"}, (_TOTAL_T,)),
        (all_of_a, (_CURRENT_A,)),
        # "current_a" without a "current_b" is in amperes, as "power_w" is in watts
        (not any(_PHASE_B.search(header) for header in headers), (_LONE_UNIT,)),
        (any(_PLUS[0].search(header) for header in headers), (_MINUS, _PLUS)),  # "Wirkleistung +" beside "… -"
        (bool(words & {"qa", "qb"}), (_REACTIVE_C,)),  # beside Qa and Qb, Qc is no quality code
        (bool(words & _YELLOW), _BLUE),  # red, yellow, blue: B is the third phase and not the second
        (all(_stands_alone(headers, letter) for letter in "RST"), (_SECOND_S,)),  # S is no apparent power
        (any("kvarl" in folded(header) for header in headers), (_CAPACITIVE_C,)),  # inductive and capacitive
    ]
    return [rule for holds, rules in when if holds for rule in rules]


def _stands_alone(headers: Sequence[str], letter: str) -> bool:
    """True if a letter stands alone in a header beside other words."""
    return any(re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", header) and len(header) > 1 for header in headers)
