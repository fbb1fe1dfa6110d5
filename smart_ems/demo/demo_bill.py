"""The utility's bill of the demo, which does not match: for the newest month that is over, of its largest site."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import F, Sum

from losses.models import HourlyRollup, TariffAssignment, UtilityBill
from losses.report_period import month_of, shifted
from losses.tariff_store import members_of
from losses.tariffs.metered_hours import month_bounds_s
from losses.utility_bills import check_and_save

SITE = "Harbour Works"
HOUR = timedelta(hours=1)


def enter() -> UtilityBill | None:
    """Enter a bill as the utility would write it; None where no month that is over is known.

    The utility meters before the transformers, and knows the whole month: its energy is ours and the transformers'
    losses, over the known share of the hours.
    """
    assignment = TariffAssignment.objects.get(site=SITE)
    newest = HourlyRollup.objects.filter(substation__site=SITE).order_by("-at").values_list("at", flat=True).first()
    if newest is None:
        return None
    members = members_of(assignment, newest.date())
    month = shifted(month_of(newest.astimezone(members[0].zone).date()), -1)
    start, end = (datetime.fromtimestamp(each, members[0].zone) for each in month_bounds_s(month, members[0].zone))
    hours = HourlyRollup.objects.filter(substation__in=members, at__gte=start, at__lt=end)
    known = hours.aggregate(
        kwh=Sum(F("energy_import_kwh") + F("no_load_loss_kwh") + F("load_loss_kwh")),
        kvarh=Sum("reactive_q1_kvarh"),
        known_h=Sum("covered_h"),
    )
    if not known["known_h"]:
        return None
    whole = len(members) * ((end - start) / HOUR) / known["known_h"]
    entered = UtilityBill(
        assignment=assignment, month=month, kwh=round(known["kwh"] * whole), kvarh=round(known["kvarh"] * whole)
    )
    try:
        return check_and_save(entered)
    except ValidationError:  # the tariff of the demo begins with its record: nothing to bill before
        return None
