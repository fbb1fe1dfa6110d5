"""Time zones that cells, headers and preambles name: offsets, abbreviations, names of places."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(?:(?:UTC|GMT)\s*)?([+-])(\d{1,2}):?(\d{2})?$")


# Abbreviations that mean one thing; minutes east of UTC. Those with several meanings (IST, CST, BST) need a zone.
_FIXED = {"Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120,
"EET": 120, "EEST": 180,
          "MSK": 180, "PKT": 300, "NPT": 345, "JST": 540, "KST": 540, "SGT": 480, "AEST": 600, "AEDT": 660,
          "ACST": 570, "AWST": 480,
          "NZST": 720, "NZDT": 780, "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
          "PDT": -420,
          "BRT": -180, "SAST": 120, "HKT": 480}  # fmt: skip


_SEVERAL = {"IST": 330, "CST": -360, "BST": 60}  # minutes east of UTC where India, North America or Britain is meant


@cache
def offset_of(text: str) -> timedelta | None:
    """The offset that a zone's text means; None for one that needs a place."""
    text = text.strip()
    if text.upper() in _FIXED:
        return timedelta(minutes=_FIXED[text.upper()])
    match = _OFFSET.match(text)
    if match:
        return (1 if match[1] == "+" else -1) * timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return None


def zone_in(text: str) -> str:
    """The zone that a header or a line of the preamble names: an offset, an abbreviation or a name; "" for none."""
    named = re.search(r"\b(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[A-Za-z_+\-0-9/]+", text)
    if named:
        return named[0]
    match = re.search(r"(?:\b|_)((?:UTC|GMT)\s*[+-]\s*\d{1,2}(?::?\d{2})?)", text, re.IGNORECASE)
    if match:
        return re.sub(r"\s", "", match[1]).upper()
    match = re.search(r"[(\[ ]([+-]\d{2}:\d{2})[)\]]?\s*$", text)
    if match:
        return match[1]
    if not text.isascii():
        return ""
    for word in re.findall(r"[A-Za-z]+", text):
        if (
            word.upper() in _FIXED and len(word) > 2 and word.upper() not in ("WET", "EST")
        ) or word.upper() in _SEVERAL:
            return str(word.upper())
    return ""


def is_zone(cell: str) -> bool:
    """True for a cell that holds a zone and nothing else, as below the header of a time."""
    text = cell.strip("[]() ")
    found = zone_in(text) if len(text.split()) == 1 else ""
    return bool(found) and found in (text, text.upper())


def zone_of(said: str, declared: str) -> tzinfo | None:
    """The clock of a zone's text; one with several meanings is taken from ``declared``, None if that does not fit."""
    fixed = offset_of(said)
    if fixed is not None:
        return timezone(fixed)
    if said in _SEVERAL:
        if not declared:
            return None
        zone = ZoneInfo(declared)
        fits = any(datetime(2025, month, 1, tzinfo=zone).tzname() == said for month in (1, 7))
        return timezone(timedelta(minutes=_SEVERAL[said])) if not fits and said == "IST" else zone
    try:
        return ZoneInfo(said)
    except (KeyError, ValueError, OSError):
        return None
