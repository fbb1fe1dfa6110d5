"""Tariffs in the database: import, export, and which one bills a metering point in a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from losses.billing_models import Tariff, TariffAssignment, TariffVersion
from losses.models import HourlyRollup
from losses.tariffs.bill_lines import Bill, Document, SupplyContract
from losses.tariffs.metered_hours import HOURLY_ENERGIES, MeteredHours, month_bounds_s, summed
from losses.tariffs.replayed_months import bills_of_months, measured_demands, months_before, ratchet_months
from losses.tariffs.tariff_bill import bill
from losses.tariffs.tariff_document import TariffError, checked_document
from substations.models import Substation

COLUMNS = (*HOURLY_ENERGIES, "max_demand_kw", "max_demand_kva", "covered_h")
DAY = timedelta(days=1)


@transaction.atomic
def store_version(document: Any, worked: Sequence[Document] = (), *, close_previous: bool = False) -> TariffVersion:
    """Store a document as a version of the tariff of its name; one from the same day is replaced.

    close_previous: the version before it is made to end the day before. Raises TariffError with all that is wrong.
    """
    checked = checked_document(document)
    tariff, _ = Tariff.objects.get_or_create(name=checked["name"])
    start = date.fromisoformat(checked["valid_from"])
    if close_previous:
        _close(tariff, start)
    version = tariff.versions.filter(valid_from=start).first() or TariffVersion(tariff=tariff)
    version.document, version.worked = checked, list(worked)
    try:
        version.clean()
    except ValidationError as error:
        raise TariffError(error.messages) from error
    version.save()
    return version


def _close(tariff: Tariff, start: date) -> None:
    previous = tariff.versions.filter(valid_from__lt=start).order_by("-valid_from").first()
    if previous:
        previous.document = previous.document | {"valid_to": (start - DAY).isoformat()}
        previous.take_dates()
        previous.save(update_fields=["document", "valid_to", "changed_at"])


@dataclass(frozen=True)
class MeteringPoint:
    """What is billed as one: a substation, or all substations of a site; assigned to a tariff."""

    assignment: TariffAssignment
    substations: tuple[Substation, ...]

    @property
    def zone(self) -> ZoneInfo:
        return self.substations[0].zone

    @property
    def contract(self) -> SupplyContract:
        given = self.assignment
        return SupplyContract(given.contract_kva, given.contract_kw, given.installed_kva)

    def contract_in(self, month: date) -> SupplyContract:
        """The contract with the demands of the months before, as far as their hours are stored; for ratchets alone."""
        document = self.document_on(month)
        months = months_before(month, ratchet_months(document)) if document else []
        if not months:
            return self.contract
        bounds = month_bounds_s(months[0], self.zone)[0], month_bounds_s(month, self.zone)[0]
        hours = self.hours(*(datetime.fromtimestamp(each, self.zone) for each in bounds))
        past = bills_of_months(self.document_on, hours, months, self.contract)
        return replace(self.contract, past_demands=measured_demands(past))

    def document_on(self, day: date) -> Document | None:
        """The tariff's document that bills the month of a day: the version of the month's first day."""
        version = self.assignment.tariff.version_on(day.replace(day=1))
        return version.document if version else None

    def hours(self, start: datetime, end: datetime) -> MeteredHours:
        """What is known of the point in ``start <= at < end``."""
        return summed(self.meters(start, end))

    def meters(self, start: datetime, end: datetime) -> list[MeteredHours]:
        """The same of each substation, in their order."""
        return [_hours(each, start, end) for each in self.substations]

    def month_hours(self, month: date) -> MeteredHours:
        start_s, end_s = month_bounds_s(month, self.zone)
        return self.hours(*(datetime.fromtimestamp(each, self.zone) for each in (start_s, end_s)))

    def bill(self, month: date, *, estimate: bool = False) -> Bill | None:
        """The bill of a month by the stored figures; None where no tariff is valid."""
        document = self.document_on(month)
        if document is None:
            return None
        return bill(document, self.month_hours(month), month, self.contract_in(month), estimate=estimate)


def metering_points(day: date) -> list[MeteringPoint]:
    """All points that are billed on a day; a substation with a tariff of its own is no part of its site's point."""
    assigned = list(_assigned(day))
    own = [each.substation_id for each in assigned if each.substation_id]
    by_site: dict[str, list[Substation]] = {}
    for member in Substation.objects.exclude(site="").exclude(pk__in=own).order_by("code"):
        by_site.setdefault(member.site, []).append(member)
    points = []
    for each in assigned:
        members = [each.substation] if each.substation else by_site.get(each.site, [])
        if members:
            points.append(MeteringPoint(each, tuple(members)))
    return points


def members_of(assignment: TariffAssignment, day: date) -> tuple[Substation, ...]:
    """The substations that an assignment bills as one on a day."""
    if assignment.substation:
        return (assignment.substation,)
    own = [each.substation_id for each in _assigned(day) if each.substation_id]
    return tuple(Substation.objects.filter(site=assignment.site).exclude(pk__in=own).order_by("code"))


def _assigned(day: date) -> QuerySet[TariffAssignment]:
    in_force = Q(until__isnull=True) | Q(until__gte=day)
    return TariffAssignment.objects.select_related("tariff", "substation").filter(in_force, since__lte=day)


def point_of(substation: Substation, day: date) -> MeteringPoint | None:
    """The point that bills a substation on a day: its own before that of its site."""
    theirs = _assigned(day).filter(substation=substation).first()
    if theirs is None and substation.site:
        theirs = _assigned(day).filter(site=substation.site).first()
    return MeteringPoint(theirs, members_of(theirs, day)) if theirs else None


def _hours(substation: Substation, start: datetime, end: datetime) -> MeteredHours:
    rows = HourlyRollup.objects.filter(substation=substation, at__gte=start, at__lt=end).as_arrays(COLUMNS)
    columns = {name: rows.values[:, number] for number, name in enumerate(COLUMNS)}
    window_min = settings.DEMAND_WINDOW_S // 60
    return MeteredHours.of_columns(substation.zone, rows.at_s, columns, window_min=window_min)
