"""Tariffs in the Django admin: versions in parts with an example beside each, and who is billed by them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from core.read_only_admin import RecordMixin
from losses import compensation_admin as compensation_admin  # registered here, in a file of its own
from losses.billing_models import Tariff, TariffAssignment, TariffVersion
from losses.carbon_models import CarbonFactor
from losses.feeder_models import FeederSupply
from losses.forms import PARTS, TariffVersionForm
from losses.month_cost_models import MonthCost
from losses.outlook_models import MonthOutlook
from substations.admin import CsvAdmin, GuardedResource


class TariffAssignmentInline(admin.TabularInline[TariffAssignment, Tariff]):
    model = TariffAssignment
    extra = 0
    autocomplete_fields = ("substation",)


@admin.register(Tariff)
class TariffAdmin(admin.ModelAdmin[Tariff]):
    list_display = ("name", "version_count")
    search_fields = ("name",)
    inlines = (TariffAssignmentInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tariff]:
        return super().get_queryset(request).prefetch_related("versions")

    @admin.display(description=_("versions"))
    def version_count(self, tariff: Tariff) -> str:
        days = sorted(str(version.valid_from) for version in tariff.versions.all())
        return ", ".join(days)


@admin.register(TariffVersion)
class TariffVersionAdmin(admin.ModelAdmin[TariffVersion]):
    form = TariffVersionForm
    list_display = ("tariff", "valid_from", "valid_to", "currency", "status", "changed_at")
    list_filter = ("tariff",)
    list_select_related = ("tariff",)
    readonly_fields = ("valid_from", "valid_to")
    actions = ("export",)

    def get_fieldsets(self, request: HttpRequest, obj: TariffVersion | None = None) -> Any:
        return (
            (None, {"fields": ("tariff", ("valid_from", "valid_to"), "file", "head")}),
            (_("Parts"), {"fields": PARTS}),
            (_("Worked bills"), {"fields": ("worked",)}),
        )

    def has_delete_permission(self, request: HttpRequest, obj: TariffVersion | None = None) -> bool:
        """The first and the last may go; without one between them there would be a gap."""
        if obj is None:
            return False
        versions = list(TariffVersion.objects.filter(tariff=obj.tariff_id).order_by("valid_from"))
        return obj in (versions[0], versions[-1]) and super().has_delete_permission(request, obj)

    @admin.display(description=_("currency"))
    def currency(self, version: TariffVersion) -> str:
        return str(version.document["currency"])

    @admin.display(description=_("status"))
    def status(self, version: TariffVersion) -> str:
        return str(version.document["status"])

    @admin.action(description=_("Export as JSON"))
    def export(self, request: HttpRequest, versions: QuerySet[TariffVersion]) -> HttpResponse | None:
        chosen = list(versions[:2])
        if len(chosen) != 1:
            self.message_user(request, _("Received several versions; expected one to export."), messages.ERROR)
            return None
        text = json.dumps(chosen[0].document, ensure_ascii=False, indent=2)
        name = f"{slugify(str(chosen[0]))}.json"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(text, content_type="application/json", headers=disposition)


@admin.register(TariffAssignment)
class TariffAssignmentAdmin(admin.ModelAdmin[TariffAssignment]):
    list_display = ("point_name", "tariff", "since", "until", "contract_kva", "contract_kw", "installed_kva")
    list_filter = ("tariff",)
    search_fields = ("site", "substation__code")
    autocomplete_fields = ("substation",)
    list_select_related = ("tariff", "substation")


@admin.register(MonthOutlook)
class MonthOutlookAdmin(RecordMixin, admin.ModelAdmin[MonthOutlook]):
    """Where months end, as it was worked out: to be looked at, never edited."""

    list_display = (
        "assignment",
        "month",
        "until",
        "power_factor_now",
        "power_factor_middle",
        "amount_middle",
        "currency",
    )
    list_select_related = ("assignment__tariff", "assignment__substation")


@admin.register(MonthCost)
class MonthCostAdmin(RecordMixin, admin.ModelAdmin[MonthCost]):
    """The three lines of months, as they were worked out: to be looked at, never edited or added up."""

    list_display = ("substation", "month", "avoidable_kwh", "avoidable_amount", "penalty_amount", "released_kva")
    list_select_related = ("substation",)
    search_fields = ("substation__code",)


class CarbonFactorResource(GuardedResource):
    """One row per grid and first day."""

    class Meta:
        model = CarbonFactor
        fields = ("grid", "kg_per_kwh", "valid_from", "valid_to", "source", "source_date")
        import_id_fields = ("grid", "valid_from")
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


@admin.register(CarbonFactor)
class CarbonFactorAdmin(CsvAdmin):
    resource_classes = (CarbonFactorResource,)
    list_display = ("grid", "kg_per_kwh", "valid_from", "valid_to", "source", "source_date")
    list_filter = ("grid",)


@admin.register(FeederSupply)
class FeederSupplyAdmin(admin.ModelAdmin[FeederSupply]):
    list_display = ("link", "day", "supplied_kwh")
    list_select_related = ("link__source", "link__target")
    date_hierarchy = "day"
