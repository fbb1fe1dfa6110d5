"""A substation with stored hours that a tariff bills, and users of the roles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from losses.models import HourlyRollup, TariffAssignment
from losses.querysets import FIELDS
from losses.tariff_store import store_version
from substations.models import Substation

from .tariff_documents import power_factor_clause, slabs, tariff

CLAUSE = power_factor_clause(slabs("proportional", (0.9, 0.01, 1.0)), clause="1 % for each 0.01 below 0.90")
START = datetime(2026, 3, 1, tzinfo=UTC)


def client_of(role: str) -> Client:
    """Signed in with a role; ``outsider`` has none."""
    user = User.objects.create_user(role)
    user.groups.set(Group.objects.filter(name=role))
    client = Client()
    client.force_login(user)
    return client


def metered(code: str, hours: int = 240, **values: Any) -> Substation:
    """A substation of the site Mill with 100 kWh and 75 kvarh in each hour of March from its first on."""
    one = Substation.objects.create(code=code, site="Mill")
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "avoidable_loss_kwh": 0.5}
    demands = {"max_demand_kw": 100.0, "max_demand_kva": 125.0}
    energies = {"energy_import_kwh": 100.0, "reactive_q1_kvarh": 75.0, "apparent_kvah": 125.0}
    HourlyRollup.objects.bulk_create(
        HourlyRollup(substation=one, at=START + timedelta(hours=number), **plain | energies | demands | values)
        for number in range(hours)
    )
    return one


def billed(*codes: str, **values: Any) -> TariffAssignment:
    """The site Mill of such substations, billed as one by an energy charge and a clause."""
    for code in codes or ("A",):
        metered(code)
    stored = store_version(tariff(CLAUSE)).tariff
    return TariffAssignment.objects.create(tariff=stored, site="Mill", since=date(2026, 1, 1), **values)
