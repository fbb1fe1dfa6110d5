"""The tariffs of the demo: its three sites are billed by three that come along, and its grid has a CO2 factor."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from losses.models import CarbonFactor, TariffAssignment
from losses.tariff_store import store_version
from losses.tariffs.tariff_document import read_document
from losses.tariffs.worked_bills import checked_worked_bills, preset_paths, worked_path

GRID = "India"
# CO2 baseline database of India's Central Electricity Authority, version 21; it counts from the fiscal year after it.
FACTOR_KG_PER_KWH, FACTOR_FROM = Decimal("0.7117"), date(2024, 4, 1)
# site → preset, contract demand in kVA: chosen, about the sum of the site's transformers at their usual load.
BILLED = {
    "Harbour Works": ("kerala", 2500),
    "Old Town": ("maharashtra-kvah", 1600),
    "Lake Waterworks": ("kerala-kva-demand", 800),
}


def assign(since: date) -> None:
    """Store the tariffs and bill the demo's sites by them from a day on."""
    paths = {path.stem: path for path in preset_paths()}
    for site, (preset, contract_kva) in BILLED.items():
        path = paths[preset]
        version = store_version(read_document(path.read_bytes()), checked_worked_bills(worked_path(path).read_bytes()))
        TariffAssignment.objects.create(
            tariff=version.tariff, site=site, since=since, contract_kva=contract_kva, grid=GRID
        )
    CarbonFactor.objects.create(
        grid=GRID,
        kg_per_kwh=FACTOR_KG_PER_KWH,
        valid_from=FACTOR_FROM,
        source="CO2 baseline database for the Indian power sector, version 21",
        source_date=FACTOR_FROM,
    )
