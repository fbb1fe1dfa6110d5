"""A grid whose readings arrive through the API, as a gateway sends them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from substations.models import Link, Substation

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)


def substation(code: str = "A", **values: Any) -> Substation:
    fields: dict[str, Any] = {
        "rated_kva": 1000, "nominal_v": 400, "hv_nominal_v": 11_000, "no_load_loss_w": 1400, "load_loss_w": 10_500,
        "impedance_pct": 6,
    }  # fmt: skip
    return Substation.objects.create(code=code, **(fields | values))


def supplied(*substations: Substation) -> None:
    """One behind the other on a line from the supply."""
    above = None
    for each in substations:
        Link.objects.create(source=above, target=each, r_ohm=0.5, x_ohm=0.6)
        above = each


# A load that stands still for an hour is a meter that hangs; over the hour, or half of it, these cancel out.
MOVES_KW = {0: -2.0, 10: 1.0, 15: 3.0, 20: -1.0, 30: 2.0, 40: 1.0, 45: -3.0, 50: -1.0}


def reading(code: str, at: datetime, active_kw: float = 400.0, reactive_kvar: float = 200.0) -> dict[str, Any]:
    active_kw += MOVES_KW[at.minute]
    return {
        "substation": code, "at": at.isoformat(), "active_power_kw": active_kw, "reactive_power_kvar": reactive_kvar,
        "voltage_avg_v": 400.0,
    }  # fmt: skip


def quarters(code: str, hours: float, *, since: datetime = MIDNIGHT, **values: float) -> list[dict[str, Any]]:
    return [reading(code, since + number * QUARTER, **values) for number in range(int(4 * hours))]


def send(rows: Iterable[dict[str, Any]]) -> None:
    user = User.objects.filter(username="gateway").first()
    if user is None:
        user = User.objects.create_user("gateway")
        user.user_permissions.add(Permission.objects.get(codename="add_reading"))
    client = Client()
    client.force_login(user)
    answer = client.post("/api/readings/", list(rows), content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert {row["outcome"] for row in answer.json()} <= {"accepted", "replaced", "unchanged"}
