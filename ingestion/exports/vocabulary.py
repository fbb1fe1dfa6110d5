"""Names of quantities as data: features, and the words of vendors and languages that carry them, in ``vocabulary.txt``.

One line of the table per feature; phrases are parted by commas, in lower case and without accents. Longer ones are
tried first. Sources: manuals of Schneider ION and PM, Siemens PAC, Janitza, Fluke, Hioki, Eastron, Carlo Gavazzi,
Circutor, Accuenergy, IAMMETER, Shelly, SunSpec, OpenEMS, ThingsBoard, and the exports of PI, Ignition, WinCC,
Wonderware and InfluxDB.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
# Languages whose numbers use a decimal comma and whose dates begin with the day; told by words of the header.
_DAY_FIRST_COMMA = [
    "datum",
    "zeit",
    "uhrzeit",
    "zeitstempel",
    "wirkleistung",
    "blindleistung",
    "scheinleistung",
    "strom",
    "spannung",
    "leistungsfaktor",
    "heure",
    "puissance",
    "tension",
    "courant",
    "horodatage",
    "facteur",
    "horodate",
    "fecha",
    "hora",
    "potencia",
    "corriente",
    "tension",
    "factor",
    "voltaje",
    "potenza",
    "corrente",
    "tensione",
    "fattore",
    "tensao",
    "fator",
    "cas",
    "vykon",
    "prud",
    "napatie",
    "prad",
    "moc",
    "napiecie",
    "tarih",
    "guc",
    "wert",
    "zeitpunkt",
    "stroom",
    "spanning",
    "tijd",
    "verbrauch",
    "einheit",
]


def folded(text: str) -> str:
    """Lower case, compatibility forms resolved, accents of Latin letters removed (ä → a), others kept."""
    text = unicodedata.normalize("NFKC", text).lower().replace("ß", "ss")
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(c for n, c in enumerate(parts) if not (unicodedata.combining(c) and n and parts[n - 1] < "\u0250"))
    return unicodedata.normalize("NFC", kept)


def _phrases() -> dict[tuple[str, ...], tuple[str, ...]]:
    table: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in _TABLE.strip().splitlines():
        feature, _, words = line.partition(" = ")
        for phrase in words.split(", "):
            key = tuple(folded(phrase).replace("/", " ").split())
            table[key] = (*table.get(key, ()), feature)
    return table


PHRASES = _phrases()
PHRASE_WORDS = max(len(key) for key in PHRASES)
UNSPACED = {"".join(key): features for key, features in PHRASES.items() if any(c > "\u2e80" for c in "".join(key))}
COMMA_WORDS = frozenset(_DAY_FIRST_COMMA)
