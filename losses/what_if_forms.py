"""The form of the replay: what to put in place, and what is refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from core.long_selects import LongSelect
from losses.billing_models import Tariff
from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation_models import BankRecommendation, CompensationInput
from substations.models import Substation

# Chosen: controllers have at most so many contacts.
MAX_STEPS = 24
BANK_FIELDS = ("fixed_kvar", "step_kvar", "step_count")


def _kvar(label: Any, help_text: Any = "") -> forms.FloatField:
    return forms.FloatField(label=label, required=False, min_value=0, help_text=help_text)


class WhatIfForm(forms.Form):
    """A bank, a target, an inverter's setting and a tariff for the last twelve months of a substation.

    Read from the URL, so that a replay can be sent to a colleague. Without a bank, a setting or a tariff nothing
    changes, which is a replay too.
    """

    substation = forms.ModelChoiceField(
        Substation.objects.order_by("code"),
        to_field_name="code",
        label=_("Substation"),
        empty_label=None,
        widget=LongSelect,
    )
    fixed_kvar = _kvar(_("Fixed (kvar)"))
    step_kvar = _kvar(_("Step (kvar)"))
    step_count = forms.IntegerField(label=_("Steps"), required=False, min_value=0, max_value=MAX_STEPS)
    target_power_factor = forms.FloatField(
        label=_("Target power factor"),
        required=False,
        min_value=0.5,
        max_value=1,
        help_text=_("Empty: that of the substation."),
    )
    inverter_kvar = _kvar(_("Inverter (kvar)"), _("What solar inverters are set to supply while they produce."))
    tariff = forms.ModelChoiceField(
        Tariff.objects.all(), label=_("Tariff"), required=False, empty_label=_("that of the substation")
    )
    cost = forms.DecimalField(
        label=_("Cost of the bank"), required=False, min_value=0, help_text=_("Empty: by the table of prices.")
    )
    last_month = forms.DateField(
        label=_("Last month"), required=False, input_formats=["%Y-%m"], help_text=_("As 2026-03; empty: the newest.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            each.widget.attrs["class"] = "select" if isinstance(each, forms.ModelChoiceField) else "input"
            if isinstance(each, forms.FloatField | forms.DecimalField):
                each.widget.attrs["step"] = "any"

    @classmethod
    def suggested(cls, substation: Substation) -> WhatIfForm:
        """Filled in with what is recommended, not yet replayed."""
        stored = BankRecommendation.objects.filter(substation=substation).first()
        initial: dict[str, Any] = {"substation": substation.code}
        if stored:
            initial |= {name: getattr(stored, name) for name in BANK_FIELDS}
            initial["inverter_kvar"] = stored.inverter_kvar
        return cls(initial=initial)

    @property
    def bank(self) -> CapacitorBank:
        values = self.cleaned_data
        return CapacitorBank(values["fixed_kvar"] or 0.0, values["step_kvar"] or 0.0, values["step_count"] or 0)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if self.errors:
            return values
        if bool(values["step_kvar"]) != bool(values["step_count"]):
            name = "step_kvar" if values["step_count"] else "step_count"
            raise ValidationError({name: _("Received steps without a size or a size without steps; expected both.")})
        self._check_size(values["substation"])
        self._check_inverter(values["substation"], values["inverter_kvar"] or 0.0)
        return values

    def _check_size(self, substation: Substation) -> None:
        """A bank beyond the rating would overload the transformer by itself, whatever the load."""
        stored = BankRecommendation.objects.filter(substation=substation).first()
        rated = substation.rated_kva or (stored.figures.get("rated_kva") if stored else None)
        total = self.bank.total_kvar
        if rated and total > rated:
            message = _(
                "Received a bank of %(total)g kvar, more than the transformer of %(rated)g kVA can carry: "
                "make it smaller, or correct the rating of %(code)s."
            )
            raise ValidationError(message % {"total": total, "rated": rated, "code": substation.code})

    def _check_inverter(self, substation: Substation, kvar: float) -> None:
        known = CompensationInput.objects.filter(substation=substation).first()
        if known and known.inverter_kva and kvar > known.inverter_kva:
            message = _("Received %(kvar)g kvar; the inverters have %(kva)g kVA: expected no more than that.")
            raise ValidationError({"inverter_kvar": message % {"kvar": kvar, "kva": known.inverter_kva}})


def recommended() -> QuerySet[BankRecommendation]:
    """What there is to do, the most money first, then the most energy."""
    stored = BankRecommendation.objects.exclude(
        outcome__in=(BankRecommendation.Advice.NOTHING, BankRecommendation.Advice.TOO_SHORT)
    )
    dearest = F("bill_saved").desc(nulls_last=True)
    return stored.select_related("substation").order_by(dearest, "-loss_saved_kwh", "substation__code")
