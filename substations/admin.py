"""The grid in the Django admin: search, filters, and import and export as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db import router
from django.db.models import ProtectedError, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources, widgets
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV

from core.read_only_admin import RecordMixin
from core.spreadsheets import guarded, unguarded

from .models import Link, PendingRange, PlannedWork, Substation
from .registry import SUBSTATION_FIELDS

# chosen: enough to see what stands in the way, short enough for one message.
MAX_PROTECTED = 20


class GuardedResource(resources.ModelResource):  # type: ignore[misc]  # the library has no types
    """Text that a spreadsheet would run as a formula is exported with a quote before it, and read back without."""

    def export_field(self, field: fields.Field, instance: Any, **kwargs: Any) -> Any:
        value = super().export_field(field, instance, **kwargs)
        is_text = isinstance(field.widget, (widgets.CharWidget, widgets.ForeignKeyWidget))
        return guarded(value) if is_text else value

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        row.update({name: unguarded(value) for name, value in row.items()})


class SubstationResource(GuardedResource):
    """One row per substation, found again by its code."""

    class Meta:
        model = Substation
        fields = SUBSTATION_FIELDS
        import_id_fields = ("code",)
        export_order = SUBSTATION_FIELDS
        clean_model_instances = True
        skip_unchanged = True


class LinkResource(GuardedResource):
    """One row per link, found again by its two ends; an empty source is the grid supply."""

    source = fields.Field("source", "source", widgets.ForeignKeyWidget(Substation, "code"))
    target = fields.Field("target", "target", widgets.ForeignKeyWidget(Substation, "code"))

    class Meta:
        model = Link
        fields = ("source", "target", "r_ohm", "x_ohm", "length_km", "conductor", "status")
        import_id_fields = ("source", "target")
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


class LinkInline(admin.TabularInline[Link, Substation]):
    model = Link
    fk_name = "target"
    extra = 0
    autocomplete_fields = ("source",)


class CsvAdmin(ImportExportModelAdmin):  # type: ignore[misc]  # the library has no types
    """Import and export as CSV. An import adds and changes rows, so it asks for both permissions."""

    formats = (CSV,)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))


class NamedValues(admin.AllValuesFieldListFilter):
    """A link without a text cannot be followed: the empty value is shown as a dash."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or self.empty_value_display}


@admin.register(Substation)
class SubstationAdmin(CsvAdmin):
    resource_classes = (SubstationResource,)
    list_display = (
        "code",
        "name",
        "site",
        "rated_kva",
        "nominal_v",
        "target_power_factor",
        "interval",
        "received_at",
        "page",
    )
    list_filter = (("site", NamedValues), "time_zone", "rated_kva")
    search_fields = ("code", "name", "site")
    readonly_fields = ("created_at", "received_at", "learn_from")
    inlines = (LinkInline,)
    fieldsets = (
        (None, {"fields": ("code", "name", "site", ("latitude", "longitude"))}),
        (
            _("Nameplate"),
            {
                "fields": (
                    ("rated_kva", "nominal_v", "hv_nominal_v"),
                    ("no_load_loss_w", "load_loss_w", "impedance_pct"),
                    ("capacitor_bank_kvar", "capacitor_steps"),
                ),
                "description": _("Leave unknown values empty: losses are then given as a range."),
            },
        ),
        (
            _("Metering"),
            {"fields": ("target_power_factor", "reading_interval_s", "time_zone", "exports_power", "learn_from")},
        ),
        (_("Record"), {"fields": ("created_at", "received_at")}),
    )

    def get_deleted_objects(self, objs: Iterable[Substation], request: HttpRequest) -> Any:
        """Counted, not listed: a substation may own millions of readings."""
        collector = Collector(using=router.db_for_write(Substation))
        protected: list[str] = []
        try:
            collector.collect(list(objs))
        except ProtectedError as error:
            protected = [str(each) for each in list(error.protected_objects)[:MAX_PROTECTED]]
        counts = {model._meta.verbose_name_plural: len(rows) for model, rows in collector.data.items()}
        counts |= {each.model._meta.verbose_name_plural: each.count() for each in collector.fast_deletes}
        return [str(each) for each in objs], {name: count for name, count in counts.items() if count}, set(), protected

    @admin.display(description=_("interval"), ordering="reading_interval_s")
    def interval(self, substation: Substation) -> str:
        return f"{substation.reading_interval_s / 60:g} min"

    @admin.display(description=_("readings"))
    def page(self, substation: Substation) -> SafeString:
        """Readings are looked at on the substation's page: a list of millions of rows has no place here."""
        return format_html('<a href="{}">{}</a>', reverse("substations:detail", args=[substation.code]), _("open page"))


@admin.register(Link)
class LinkAdmin(CsvAdmin):
    resource_classes = (LinkResource,)
    list_display = ("__str__", "status", "r_ohm", "x_ohm", "length_km", "conductor")
    list_filter = ("status", "conductor")
    search_fields = ("source__code", "target__code")
    autocomplete_fields = ("source", "target")
    list_select_related = ("source", "target")


@admin.register(PlannedWork)
class PlannedWorkAdmin(admin.ModelAdmin[PlannedWork]):
    list_display = ("substation", "start", "end", "reason", "created_by")
    search_fields = ("substation__code", "reason")
    autocomplete_fields = ("substation",)
    list_select_related = ("substation", "created_by")
    date_hierarchy = "start"
    readonly_fields = ("created_by",)

    def save_model(self, request: HttpRequest, obj: PlannedWork, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)


@admin.register(PendingRange)
class PendingRangeAdmin(RecordMixin, admin.ModelAdmin[PendingRange]):
    """What waits to be scored: to be looked at, never edited."""

    list_display = ("substation", "start", "end", "created_at", "claimed_until")
    list_select_related = ("substation",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PendingRange]:
        return super().get_queryset(request).order_by("created_at")
