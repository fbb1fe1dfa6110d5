"""Ratios of current and voltage transformers: answered, or of a preamble that says the values are secondary."""

from __future__ import annotations

import re

from ingestion.exports import magnitudes
from ingestion.exports.magnitudes import typical
from ingestion.exports.measured import Composed
from ingestion.exports.station_rows import Context, mean_amps, mean_volts
from ingestion.exports.vocabulary import CURRENT_RATIO, MULTIPLIER, PRIMARY, SECONDARY, VOLTAGE_RATIO, folded
from ingestion.problems import FloatArray, printable

_RATIO = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k?V|A)?\s*[/:]\s*(\d+(?:[.,]\d+)?)\s*(k?V|A)?", re.IGNORECASE)


def _ratios(context: Context) -> tuple[float, float, bool]:
    """Ratios of current and voltage transformers: answered, else of a preamble that says the values are secondary."""
    given = context.answers
    if given.current_ratio or given.voltage_ratio:
        return given.current_ratio or 1.0, given.voltage_ratio or 1.0, True
    current = voltage = 1.0
    secondary = False
    for row in context.preamble:
        text = " ".join(row)
        ratio = _RATIO.search(text)
        number = (
            (float(ratio[1].replace(",", ".")) * (1000 if (ratio[2] or "").lower() == "kv" else 1))
            / float(ratio[3].replace(",", "."))
            / (1000 if (ratio[4] or "").lower() == "kv" else 1)
            if ratio and float(ratio[3].replace(",", "."))
            else 0.0
        )
        number = number or _last_number(text)
        plain_text = folded(text)
        if number and CURRENT_RATIO.search(plain_text):
            current = number
        elif number and VOLTAGE_RATIO.search(plain_text):
            voltage = number
        secondary |= bool(SECONDARY.search(plain_text))
    return current, voltage, secondary


def _last_number(text: str) -> float:
    plain = re.search(r"[:=\s,;x×](\d+(?:[.,]\d+)?)\s*$", text)
    return float(plain[1].replace(",", ".")) if plain else 0.0


def _ask_for_multiplier(context: Context) -> None:
    """Ask whether a factor above the table is in the values already: nothing else in the file tells."""
    texts = [" ".join(row) for row in context.preamble]
    named = [text for text in texts if MULTIPLIER.search(folded(text)) and _last_number(text) not in (0.0, 1.0)]
    if named and not any(PRIMARY.search(folded(text)) for text in texts):
        text = f"The file says “{printable(named[0])}”. Are the values multiplied with it already?"
        context.ask("scale", text)


def apply_ratios(
    powers: dict[str, Composed],
    values: FloatArray,
    volts: list[int],
    amps: list[int],
    context: Context,
    as_written: bool,
    checked: bool,
) -> None:
    """Multiply by the ratios that are known, or ask; ``checked`` says that powers, volts and amperes agree."""
    current, voltage, secondary = _ratios(context)
    suspicious = as_written or magnitudes.looks_secondary(typical(mean_volts(values)), typical(mean_amps(values)))
    answered = bool(context.answers.current_ratio or context.answers.voltage_ratio)
    if (current != 1.0 or voltage != 1.0) and (secondary or suspicious):
        values[:, volts] *= voltage
        values[:, amps] *= current
        for each in powers.values():
            each.values = each.values * current * voltage
    elif (suspicious or secondary) and not answered:
        context.ask(
            "scale",
            "The values look secondary. With which ratios of the instrument transformers are they to be multiplied?",
        )
    elif not answered and not checked:
        _ask_for_multiplier(context)
