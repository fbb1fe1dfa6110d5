"""Inputs, prices and changes of compensation in the Django admin; recommendations and proofs to look at."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from import_export import fields, widgets

from core.read_only_admin import RecordMixin
from losses.compensation_models import (
    BankPrice,
    BankRecommendation,
    CompensationChange,
    CompensationInput,
    CompensationProof,
)
from losses.recommendations import refresh_recommendations
from substations.admin import CsvAdmin, GuardedResource
from substations.models import Substation


class BankPriceResource(GuardedResource):
    """One row per kind, currency and size."""

    class Meta:
        model = BankPrice
        fields = ("kind", "currency", "up_to_kvar", "low", "high", "source", "source_date", "is_example")
        import_id_fields = ("kind", "currency", "up_to_kvar")
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


@admin.register(BankPrice)
class BankPriceAdmin(CsvAdmin):
    resource_classes = (BankPriceResource,)
    list_display = ("kind", "currency", "up_to_kvar", "low", "high", "source", "source_date", "is_example")
    list_filter = ("currency", "kind", "is_example")


class CompensationInputResource(GuardedResource):
    """One row per substation, by its code."""

    substation = fields.Field("substation", "substation", widgets.ForeignKeyWidget(Substation, "code"))

    class Meta:
        model = CompensationInput
        fields = ("substation", "supply_mva", "inverter_kva", "note")
        import_id_fields = ("substation",)
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


@admin.register(CompensationInput)
class CompensationInputAdmin(CsvAdmin):
    resource_classes = (CompensationInputResource,)
    list_display = ("substation", "supply_mva", "inverter_kva", "note")
    search_fields = ("substation__code",)
    autocomplete_fields = ("substation",)
    list_select_related = ("substation",)


@admin.register(BankRecommendation)
class BankRecommendationAdmin(RecordMixin, admin.ModelAdmin[BankRecommendation]):
    """As it was worked out: to be looked at, or worked out again."""

    list_display = ("substation", "outcome", "fixed_kvar", "step_kvar", "step_count", "guard", "bill_saved", "rank")
    list_filter = ("outcome", "guard")
    list_select_related = ("substation",)
    search_fields = ("substation__code",)
    actions = ("work_out_again",)

    @admin.action(description=_("Work out again, with their networks"))
    def work_out_again(self, request: HttpRequest, chosen: QuerySet[BankRecommendation]) -> None:
        codes = list(chosen.values_list("substation__code", flat=True))
        count = refresh_recommendations(codes, anyway=True)
        text = ngettext("%(count)d substation was worked out.", "%(count)d substations were worked out.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


@admin.register(CompensationChange)
class CompensationChangeAdmin(admin.ModelAdmin[CompensationChange]):
    list_display = ("substation", "fitted_on", "kind", "kvar", "note")
    list_filter = ("kind",)
    search_fields = ("substation__code",)
    autocomplete_fields = ("substation",)
    list_select_related = ("substation",)


@admin.register(CompensationProof)
class CompensationProofAdmin(RecordMixin, admin.ModelAdmin[CompensationProof]):
    """What a change did, as it was worked out."""

    list_display = (
        "change", "saved_kvar", "saved_kwh_a_day", "power_factor_before", "power_factor_after", "saved_amount_a_day",
        "currency",
    )  # fmt: skip
    list_select_related = ("change__substation",)
