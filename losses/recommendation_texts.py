"""What a recommendation did not know, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy

ASSUMPTIONS = {
    "rating_assumed": gettext_lazy("The rating is not known: the likely size is taken."),
    "losses_assumed": gettext_lazy(
        "The losses on the nameplate are not known: those of a typical transformer are taken."
    ),
    "scaled_to_a_year": gettext_lazy("Less than a year is known: figures of a year are scaled up from it."),
    "beside_the_bank_there": gettext_lazy("The bank that stands there is in the readings: this one comes beside it."),
    "mend_first": gettext_lazy(
        "The bank that stands there failed in this time: mend it first. Those hours count for savings alone."
    ),
    "inverter_rating_unknown": gettext_lazy(
        "Solar feeds in behind this meter: its setting comes before a bank. Enter the rating of its inverters."
    ),
    "impedance_unknown": gettext_lazy("The impedance is not on the nameplate: 4 to 6 % are taken."),
    "supply_unknown": gettext_lazy(
        "The short-circuit power of the supply is not known: 50 MVA to any amount are taken."
    ),
    "distortion_unknown": gettext_lazy(
        "Harmonics are not metered: detuned is the safe choice. Measure before ordering."
    ),
    "lines_unknown": gettext_lazy("No way to the supply is known: what the lines would save is left out."),
    "no_tariff": gettext_lazy("No tariff is assigned: what it saves in money is not known."),
    "saves_no_money": gettext_lazy("By this tariff it saves no money: what it loses itself outweighs what it spares."),
    "price_unknown": gettext_lazy("The table of prices has no such bank in this currency: add one for a payback."),
    "example_price": gettext_lazy("The table of prices holds examples: replace them by quotations."),
}


def assumption_texts(codes: Iterable[str]) -> list[str]:
    """The sentence of each code; one that is not known any more is left out."""
    return [str(ASSUMPTIONS[code]) for code in codes if code in ASSUMPTIONS]
