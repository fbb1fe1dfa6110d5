"""The codes of stored evidence in words: what was assumed, and what would speak against the cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .cause_table import entry_of

ASSUMED: dict[str, str | Promise] = {
    "no_way_to_supply": gettext_lazy(
        "No way to the supply is known: only the transformer's loss is counted, a lower bound."
    ),
    "no_distortion": gettext_lazy("No harmonic distortion measured: taken as none."),
    "no_oil_temperature": gettext_lazy("No usable oil temperature: worked out from the load."),
    "few_neighbours": gettext_lazy(
        "Too few neighbours to tell a common cause (weather, supply voltage) from a local one."
    ),
}


def assumptions_in_words(stored: Mapping[str, Any]) -> list[str]:
    """What the figures rest on that nobody measured or entered; older evidence holds the sentences themselves."""
    if "assumed" not in stored:
        return [str(sentence) for sentence in stored.get("assumptions") or []]
    names = ", ".join(stored.get("typical_values") or [])
    typical = [_("Typical values for %(names)s: the loss is an interval.") % {"names": names}] if names else []
    return typical + [str(ASSUMED[code]) for code in stored["assumed"] if code in ASSUMED]


def speaks_against(stored: Mapping[str, Any], cause: str) -> str:
    """What would show that it is something else; of fixed limits and meters nothing is said."""
    if stored.get("falsified_by"):
        return str(stored["falsified_by"])
    return str(entry_of(cause).speaks_against) if stored.get("code") == cause else ""


def evidence_in_words(stored: Mapping[str, Any], cause: str) -> dict[str, Any]:
    """Evidence as the API gives it: with the texts that its codes stand for."""
    if "code" not in stored:
        return dict(stored)
    against = speaks_against(stored, cause)
    texts = {"falsified_by": against} if against else {}
    return {**stored, **texts, **({"assumptions": assumptions_in_words(stored)} if "assumed" in stored else {})}
