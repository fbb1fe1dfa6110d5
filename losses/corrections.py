"""What was declared wrongly and is put right: the hours that were worked out from it are worked out again.

The declaration that the hours of a substation rest on is stored beside them as a digest. Whatever changes it (a page, a
file, the API, a shell) is seen at the next accounting.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Min

from losses.models import AccountedDeclaration, DailyRollup, HourlyRollup, LineDay
from mlcore.fleet.reading_grid import PLATE_FIELDS
from substations.models import Link, Reading, StaleRange, Substation

SUBSTATION_FIELDS = (*PLATE_FIELDS, "exports_power", "reading_interval_s", "time_zone")
LINK_FIELDS = ("source", "target", "r_ohm", "x_ohm", "status")
ACCOUNTING = 2
"""Which figures are accounted: another number works out every stored hour again. 2: those of the lines."""


def mark_corrected() -> int:
    """Make stale what rests on a declaration that has changed since; how many substations that were."""
    zones = dict(Substation.objects.values_list("pk", "time_zone"))
    declared = _digests()
    stored = {row.pk: row for row in AccountedDeclaration.objects.all()}
    changed = {pk for pk, digest in declared.items() if pk not in stored or stored[pk].digest != digest}
    if not changed:
        return 0
    corrected = changed & stored.keys()
    moved = {pk for pk in corrected if stored[pk].time_zone != zones[pk]}
    with transaction.atomic():
        _forget_hours(moved)
        StaleRange.objects.bulk_create(_whole_records(corrected))
        AccountedDeclaration.objects.bulk_create(
            [
                AccountedDeclaration(substation_id=pk, time_zone=zones[pk], digest=declared[pk])
                for pk in sorted(changed)
            ],
            update_conflicts=True,
            unique_fields=["substation"],
            update_fields=["time_zone", "digest"],
        )
    return len(corrected)


def _forget_hours(moved: Iterable[int]) -> None:
    """The hours of another clock are not the same hours; those without their readings stay, or nothing would."""
    kept_from = dict(Substation.objects.filter(pk__in=moved).values_list("pk", "readings_kept_from"))
    whole = [pk for pk, at in kept_from.items() if at is None]
    for model in (HourlyRollup, DailyRollup):
        model.objects.filter(substation__in=whole).delete()
    LineDay.objects.filter(link__target__in=whole).delete()
    for pk, at in kept_from.items():
        if at is not None:
            HourlyRollup.objects.filter(substation=pk, at__gte=at).delete()
            # The day of the boundary by either clock is made of its hours again; days before it stay.
            DailyRollup.objects.filter(substation=pk, day__gt=at.date() + timedelta(days=1)).delete()
            LineDay.objects.filter(link__target=pk, day__gt=at.date() + timedelta(days=1)).delete()


def _digests() -> dict[int, str]:
    """Of each substation: its own declaration and the links at both of its ends."""
    rows = Substation.objects.values("pk", *SUBSTATION_FIELDS)
    links: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for link in Link.objects.order_by("pk").values(*LINK_FIELDS):
        for end in {link["source"], link["target"]} - {None}:
            links[end].append(link)
    return {row["pk"]: _digest([row, *links[row["pk"]]]) for row in rows}


def _digest(rows: Iterable[Mapping[str, Any]]) -> str:
    return hashlib.sha256(repr([ACCOUNTING, *(sorted(row.items()) for row in rows)]).encode()).hexdigest()


def _whole_records(substations: Iterable[int]) -> list[StaleRange]:
    records = (
        Reading.objects.filter(substation__in=list(substations))
        .values("substation")
        .annotate(first=Min("at"), last=Max("at"))
        .order_by("substation")
    )
    return [StaleRange(substation_id=row["substation"], start=row["first"], end=row["last"]) for row in records]
