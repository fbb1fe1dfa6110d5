"""What the charges of a tariff document say, in a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Charge = dict[str, Any]
STEPS = {
    "whole": gettext_lazy("%(percent)s for each full 0.01 from %(start)s to %(end)s"),
    "started": gettext_lazy("%(percent)s for each 0.01 begun from %(start)s to %(end)s"),
    "proportional": gettext_lazy("%(percent)s a 0.01, without steps, from %(start)s to %(end)s"),
}
COUNTED = {
    "lag": gettext_lazy("lagging counts"),
    "lead": gettext_lazy("leading counts"),
    "lag_lead": gettext_lazy("lagging and leading are added up"),
    "absolute": gettext_lazy("lagging less leading counts"),
    "apparent": gettext_lazy("kVAh count as measured"),
}
DIRECTIONS = {
    "inductive": gettext_lazy("inductive kvarh"),
    "capacitive": gettext_lazy("capacitive kvarh"),
    "both": gettext_lazy("kvarh of both directions"),
}
OVER = {
    "hour": gettext_lazy("hour by hour"),
    "period": gettext_lazy("period by period"),
    "month": gettext_lazy("over the month"),
}


def charge_sentence(charge: Charge) -> str:
    """A charge as it is billed: unit, price and conditions; the document has every detail."""
    sentences = {
        "energy": _energy,
        "demand": _demand,
        "capacity": _capacity,
        "fixed": _fixed,
        "power_factor": _power_factor,
        "reactive_energy": _reactive_energy,
        "reference_power_factor": _reference,
    }[charge["kind"]]
    return "; ".join([*sentences(charge), *_conditions(charge)])


def _energy(charge: Charge) -> Iterator[str]:
    prices = charge["prices"]
    named = [f"{price:g}" if len(prices) == 1 else f"{name} {price:g}" for name, price in prices.items()]
    yield _("%(prices)s per %(unit)s") % {"prices": ", ".join(named), "unit": charge["unit"]}
    if "quantities" in charge:
        yield str(COUNTED[charge["quantities"]])


def _demand(charge: Charge) -> Iterator[str]:
    unit = {"kW": "kW", "kVA": "kVA", "max": _("kW or %(k)s kVA, the higher") % {"k": f"{charge.get('k', 1):g}"}}
    values = {"price": f"{charge['price']:g}", "unit": unit[charge["unit"]], "minutes": charge["window_min"]}
    yield _("%(price)s per %(unit)s of the highest %(minutes)s minutes") % values
    if ratchet := charge.get("ratchet"):
        values = {"share": _percent(100 * ratchet["share"]), "months": ratchet["months"]}
        yield _("at least %(share)s of the highest of the %(months)s months before") % values
    if share := charge.get("contract_share"):
        yield _("at least %(share)s of the contract") % {"share": _percent(100 * share)}
    if times := charge.get("above_contract"):
        yield _("beyond the contract × %(times)s") % {"times": f"{times:g}"}


def _capacity(charge: Charge) -> Iterator[str]:
    prices = {"price": f"{charge['price']:g}"}
    day = _("%(price)s per agreed kVA and day") % prices
    yield day if charge["per"] == "day" else _("%(price)s per agreed kVA and month") % prices
    if "excess_price" in charge:
        yield _("%(price)s for what goes beyond") % {"price": f"{charge['excess_price']:g}"}


def _fixed(charge: Charge) -> Iterator[str]:
    prices = {"price": f"{charge['price']:g}"}
    yield _("%(price)s a day") % prices if charge["per"] == "day" else _("%(price)s a month") % prices


def _power_factor(charge: Charge) -> Iterator[str]:
    yield _("of %(base)s") % {"base": ", ".join(charge["base"])}
    rule = charge["rule"]
    for slab in rule.get("slabs", []):
        ends = {"start": f"{slab['from']:g}", "end": f"{slab['to']:g}"}
        yield str(STEPS[rule["step"]]) % {"percent": _percent(slab["percent"]), **ends}
        if "at_once" in slab:
            yield _("%(percent)s at once beyond %(start)s") % {"percent": _percent(slab["at_once"]), **ends}
    for row in rule.get("rows", []):
        values = {"percent": _percent(row["percent"]), "limit": f"{row['at_least']:g}"}
        yield _("%(percent)s at %(limit)s or more") % values
    if rule["form"] == "factor":
        yield _("× (%(target)s / power factor − 1)") % {"target": f"{rule['target']:g}"}
    yield str(COUNTED[charge["quantities"]])


def _reactive_energy(charge: Charge) -> Iterator[str]:
    values = {"kvarh": str(DIRECTIONS[charge["direction"]]), "share": _percent(100 * charge["share"])}
    yield _("%(kvarh)s above %(share)s of the kWh") % values
    yield str(OVER[charge["per"]])
    if charge.get("charged") == "all":
        yield _("once it is passed, all of them")
    for row in charge["prices"]:
        prices = {"price": f"{row['price']:g}", "limit": f"{row['at_least']:g}"}
        at_limit = _("%(price)s a kvarh at a power factor of %(limit)s or more") % prices
        yield at_limit if row["at_least"] else _("else %(price)s a kvarh") % prices


def _reference(charge: Charge) -> Iterator[str]:
    values = {"reference": f"{charge['reference']:g}", "price": f"{charge['price']:g}"}
    yield _("kWh × (%(reference)s / power factor − 1) of each hour below it × %(price)s") % values
    yield str(DIRECTIONS[charge["direction"]])


def _conditions(charge: Charge) -> Iterator[str]:
    """Periods, caps, exemptions and months that are let off."""
    if "periods" in charge:
        yield _("in %(periods)s") % {"periods": ", ".join(charge["periods"])}
    if "min_percent" in charge:
        yield _("not below %(percent)s") % {"percent": _percent(charge["min_percent"])}
    if "max_percent" in charge:
        yield _("not above %(percent)s") % {"percent": _percent(charge["max_percent"])}
    exempt = charge.get("exempt", {})
    if "up_to_kw" in exempt:
        yield _("contracts up to %(size)s kW are exempt") % {"size": f"{exempt['up_to_kw']:g}"}
    if "below_kva" in exempt:
        yield _("sites below %(size)s kVA are exempt") % {"size": f"{exempt['below_kva']:g}"}
    if "from_kva" in exempt:
        yield _("sites from %(size)s kVA are exempt") % {"size": f"{exempt['from_kva']:g}"}
    if "months" in exempt:
        yield _("not in the months %(months)s") % {"months": ", ".join(map(str, exempt["months"]))}
    if charge.get("forgiven_months"):
        yield _("%(count)s months a year are let off") % {"count": charge["forgiven_months"]}


def _percent(value: float) -> str:
    return f"{value:g} %".replace("-", "−")
