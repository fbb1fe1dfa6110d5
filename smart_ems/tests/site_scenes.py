"""Two substations that are linked, one given and one not, each with a row of every model that hangs on a substation.

Rows are made from the models themselves: a new model is in the scene, and thereby in the matrix, without being named.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from django.utils import timezone

from smart_ems.accounts.models import SiteGrant
from substations.models import Link, Substation

NOW = timezone.now().replace(minute=0, second=0, microsecond=0)
DAY = date(NOW.year, NOW.month, 1)
LATER = ("end", "until", "expires_at", "trained_until", "ended_at")
HOURS = ("covered_h", "known_h")
GIVEN_KEY, HIDDEN_KEY = 1_001_001_001, 2_007_007_007
"""Primary keys that no sequence of the database reaches; sequences go on when a test is rolled back."""
MARK = "ZQSECRET"
"""In every text of the substation that is not given."""


@dataclass
class Side:
    """One substation with its rows; ``key`` is the primary key of each, ``number`` the figure in each."""

    substation: Substation
    key: int
    number: float
    text: str
    user: User
    rows: dict[type[models.Model], models.Model] = field(default_factory=dict)

    def row(self, model: type[models.Model]) -> models.Model:
        if model is Substation:
            return self.substation
        if model not in self.rows:
            self.rows[model] = made = model(**self._values(model))
            models.Model.save(made, force_insert=True)  # of what is written once, too
        return self.rows[model]

    def _values(self, model: type[models.Model]) -> dict[str, Any]:
        said = SPECIAL.get(model._meta.label, {})
        values: dict[str, Any] = {}
        for each in model._meta.concrete_fields:
            if each.name in said:
                value = said[each.name]
                values[each.name] = value(self) if callable(value) else value
            elif (value := self._value(each)) is not None:
                values[each.name] = value
        return values

    def _value(self, each: Any) -> Any:
        if isinstance(each, models.ForeignKey):
            return self._related(each)
        if each.primary_key:
            return uuid.UUID(int=self.key) if isinstance(each, models.UUIDField) else self._key(each)
        if isinstance(each, models.FloatField):
            return 1.0 if each.name in HOURS else self.number
        if isinstance(each, models.DecimalField):
            return Decimal(int(self.number))
        if each.has_default() or getattr(each, "auto_now", False) or getattr(each, "auto_now_add", False):
            return None
        return self._required(each)

    def _key(self, each: Any) -> int | None:
        return None if isinstance(each, models.CompositePrimaryKey) else self.key

    def _related(self, each: Any) -> Any:
        target = each.related_model
        if target is Substation and each.name != "source":
            return self.substation
        if each.null:
            return None
        return self.user if target is User else self.row(target)

    def _required(self, each: Any) -> Any:
        if each.null:
            return None
        if isinstance(each, models.DateTimeField):
            return NOW if each.name in LATER else NOW - timedelta(hours=2)
        if isinstance(each, models.DateField):
            return DAY
        if isinstance(each, models.CharField | models.TextField):
            # What hangs on no substation may be read by everybody.
            text = self.text if getattr(each.model, "site_path", None) is not None else f"plain {self.key}"
            return each.choices[0][0] if each.choices else text[: each.max_length or 40]
        if isinstance(each, models.JSONField):
            return {}
        return {models.UUIDField: uuid.UUID(int=self.key), models.BinaryField: b""}.get(
            type(each), each.choices[0][0] if each.choices else 1
        )


CLOSED = NOW - timedelta(minutes=5)
SPECIAL: dict[str, dict[str, Any]] = {
    "substations.Link": {"source": None, "target": lambda side: side.substation},
    "mlcore.Detector": {"is_active": True},
    "mlcore.RaisedLimit": {"factor": 2.0},
    "mlcore.Score": {"power_factor_low": 0.9, "power_factor_high": 0.99, "expected_power_factor": 0.95, "score": 0.5},
    "mlcore.Detection": {"kind": "loss", "cause": "overload", "confidence": 0.5, "loss_pct": 5.0},
    "alerts.Alert": {
        "kind": "loss", "cause": "overload", "confidence": 0.5, "loss_pct": 5.0, "severity_now": 20,
        "severity_peak": 20, "detection": lambda side: side.row(model("mlcore.Detection")),
    },
    "alerts.AlertEvent": {"source": "web", "action": "raise", "state_after": "unacknowledged", "announces": True,
                          "severity_after": 20, "at": NOW - timedelta(minutes=2)},
    "alerts.AlertRepair": {"power_factor_before": 0.8, "power_factor_after": 0.9, "currency": "EUR"},
    "alerts.AlertPenalty": {"currency": "EUR"},
    "substations.Reading": {"power_factor": 0.9, "frequency_hz": 50.0, "at": NOW - timedelta(minutes=15)},
    "losses.TariffVersion": {"document": {}},
    "losses.TariffAssignment": {"site": "", "contract_kva": None, "contract_kw": None, "installed_kva": None},
    "losses.UtilityBill": {},
    "losses.HourlyRollup": {"at": NOW - timedelta(hours=3)},
    "losses.LineDay": {"by_hour": bytes(4 * 3 * 25)},
    "losses.FeederSupply": {"day": DAY},
    "reports.Report": {"kind": "shift", "start": NOW - timedelta(hours=8), "end": NOW, "state": "ready",
                       "site": "", "sheet": "", "paper": ""},
    "notifications.OutgoingMessage": {"state": "dead", "ended_at": NOW, "body": "{}"},
    "notifications.Delivery": {"message": lambda side: side.row(model("notifications.OutgoingMessage"))},
    "notifications.NotificationChannel": {"kind": "file", "name": lambda side: f"channel {side.key}"},
    "ingestion.Upload": {"uploaded_by": lambda side: side.user, "state": "loaded", "file": ""},
    "ingestion.SourceProfile": {"sender": lambda side: side.user, "columns": [], "profile": {}},
    "change_history.ConfigurationChange": {"substation_pk": lambda side: side.substation.pk},
    "ingestion.OverwrittenReading": {"before": lambda side: {"active_power_kw": side.number}},
    "alerts.ShiftHandover": {
        "is_waiting": False, "taken_over_by": lambda side: side.user, "taken_over_at": NOW,
        "alerts": lambda side: [[side.key, side.substation.code, "overload", "unacknowledged"]],
    },
}  # fmt: skip


def model(label: str) -> type[models.Model]:
    return apps.get_model(label)


def scoped_models() -> list[type[models.Model]]:
    return [each for each in apps.get_models() if getattr(each, "site_path", None) is not None]


@dataclass(frozen=True)
class SceneOfSites:
    given: Side
    hidden: Side

    def sides(self) -> tuple[Side, Side]:
        return self.given, self.hidden


def scene() -> SceneOfSites:
    """``given`` in North with GIVEN_KEY and small figures; ``hidden`` in Secretfield with HIDDEN_KEY and 4711000."""
    sides = []
    for key, code, site, number, text in (
        (GIVEN_KEY, "SS-GIVEN", "North", 1.0, "plain"),
        (HIDDEN_KEY, f"{MARK}-CODE", f"{MARK} field", 4_711_000.0, f"{MARK} text"),
    ):
        substation = Substation.objects.create(
            pk=key, code=code, name=f"{text} name", site=site, rated_kva=number, nominal_v=400, received_at=NOW,
            live_at=NOW,
        )  # fmt: skip
        user = User.objects.create_user(f"sender-{key}")
        sides.append(Side(substation, key, number, text, user))
    found = SceneOfSites(*sides)
    for side in found.sides():
        for each in scoped_models():
            side.row(each)
    Link.objects.create(source=found.given.substation, target=found.hidden.substation)
    return found


def member(role: str, *, site: str = "North", everything: bool = False) -> User:
    """Somebody of a role (``staff``: with every permission there is) who is given a site, or all."""
    user = User.objects.create_user(f"{role}-{'all' if everything else 'part'}", is_staff=role == "staff")
    if role == "staff":
        user.user_permissions.set(Permission.objects.all())
    else:
        user.groups.add(Group.objects.get(name=role))
    SiteGrant.objects.create(user=user, everything=everything, site="" if everything else site)
    return user
