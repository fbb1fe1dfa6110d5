"""Which models are configuration, and which of their fields; of every other model, why it is none.

A test holds the two tables to the models that there are: a new one has to be put into one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models


@dataclass(frozen=True)
class Tracked:
    """label: ``app.Model``; without: fields that a machine keeps; secrets: fields of which only the change is kept;
    many: sets of related objects; station: the way to the substation that it concerns, with dots."""

    label: str
    without: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    many: tuple[str, ...] = ()
    station: str = ""

    @cached_property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @cached_property
    def fields(self) -> list[str]:
        """Names of the fields, in the order of the model."""
        return list(self._fields())

    def _fields(self) -> Iterator[str]:
        for field in self.model._meta.concrete_fields:
            is_stamp = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
            is_number = isinstance(field, models.AutoField)
            if not (is_stamp or is_number or field.name in self.without):
                yield field.name

    def substation_of(self, instance: Any) -> int | None:
        """The key of the substation that an object concerns; None where it concerns none or several."""
        if not self.station:
            return None
        *way, last = self.station.split(".")
        for name in way:
            instance = getattr(instance, name)
        found: int | None = getattr(instance, last)
        return found


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRACKED = (
    Tracked(
        "substations.Substation",
        _words("received_at live_at future_at future_seen_at future_count readings_kept_from scores_kept_from"),
        station="pk",
    ),
    Tracked("substations.Link", station="target_id"),
    Tracked("substations.PlannedWork", _words("created_by"), station="substation_id"),
    Tracked("ingestion.SourceProfile", _words("key")),
    Tracked("mlcore.RaisedLimit", station="substation_id"),
    Tracked("losses.Tariff"),
    Tracked("losses.TariffVersion", _words("worked")),
    Tracked("losses.TariffAssignment", station="substation_id"),
    Tracked("losses.UtilityBill", _words("gaps")),
    Tracked("losses.CarbonFactor"),
    Tracked("losses.CompensationInput", station="substation_id"),
    Tracked("losses.BankPrice"),
    Tracked("losses.CompensationChange", station="substation_id"),
    Tracked("alerts.AlertGuidance", station="substation_id"),
    Tracked("notifications.NotificationRoute", many=("channels",)),
    Tracked("notifications.NotificationChannel", _words("last_sent_at last_error"), _words("sealed")),
    Tracked("notifications.EscalationPolicy"),
    Tracked("notifications.PolicyStep"),
    Tracked("notifications.OnCallRotation"),
    Tracked("notifications.RotationMember"),
    Tracked("notifications.RotationOverride"),
    Tracked("notifications.Absence"),
    Tracked("notifications.QuietHours"),
    Tracked("reports.ReportSchedule", _words("created_by next_on")),
    Tracked("accounts.ApiToken", _words("last_used_at hint"), _words("digest")),
    Tracked("accounts.SiteGrant"),
    Tracked("accounts.Invitation", secrets=_words("digest")),
    Tracked("account.EmailAddress"),
    Tracked("mfa.Authenticator", _words("data last_used_at")),
    Tracked("auth.User", _words("last_login date_joined"), _words("password"), ("groups", "user_permissions")),
    Tracked("auth.Group", many=("permissions",)),
)

WORKED_OUT = "worked out from readings and configuration"
OWN_TRAIL = "a trail of its own that is only added to"
WORK = "work that waits or goes on"
MEASURED = "measured, not configured"
UNTRACKED = {
    "substations.Reading": MEASURED,
    "ingestion.Upload": OWN_TRAIL,
    "ingestion.RowProblem": OWN_TRAIL,
    "ingestion.OverwrittenReading": OWN_TRAIL,
    "substations.PendingRange": WORK,
    "substations.StaleRange": WORK,
    "losses.FeederSupply": MEASURED,
    "alerts.Alert": "changed by transitions alone, each with its AlertEvent",
    "alerts.AlertEvent": OWN_TRAIL,
    "alerts.Resolution": OWN_TRAIL,
    "alerts.ShiftNote": OWN_TRAIL,
    "alerts.ShiftHandover": OWN_TRAIL,
    "alerts.SystemAlarm": OWN_TRAIL,
    "mlcore.Detector": "made by training; activated, pinned and refused with its DetectorEvent",
    "mlcore.DetectorEvent": OWN_TRAIL,
    "mlcore.Score": WORKED_OUT,
    "mlcore.Detection": WORKED_OUT,
    "mlcore.SensitivityReport": WORKED_OUT,
    "mlcore.TrainingAttempt": WORK,
    "mlcore.TrainingFailure": WORK,
    "mlcore.ScoringFailure": WORK,
    "mlcore.ScorerOwnership": WORK,
    "losses.HourlyRollup": WORKED_OUT,
    "losses.DailyRollup": WORKED_OUT,
    "losses.LineDay": WORKED_OUT,
    "losses.MonthCost": WORKED_OUT,
    "losses.MonthOutlook": WORKED_OUT,
    "losses.BankRecommendation": WORKED_OUT,
    "losses.CompensationProof": WORKED_OUT,
    "losses.AccountedDeclaration": WORKED_OUT,
    "alerts.AlertDetection": WORKED_OUT,
    "alerts.AlertPenalty": WORKED_OUT,
    "alerts.AlertRepair": WORKED_OUT,
    "alerts.AlarmDay": WORKED_OUT,
    "alerts.KeptAnswer": WORK,
    "alerts.ReviewFailure": WORK,
    "notifications.RoutedEvent": WORK,
    "notifications.RoutingFloor": WORK,
    "notifications.Escalation": WORK,
    "notifications.Delivery": OWN_TRAIL,
    "notifications.OutgoingMessage": OWN_TRAIL,
    "notifications.AcknowledgeLink": WORK,
    "notifications.PushIdentity": "made once by the installation itself",
    "notifications.Pulse": WORK,
    "reports.Report": WORKED_OUT,
    "retention.PruningState": WORK,
    "accounts.SecurityEvent": OWN_TRAIL,
    "account.EmailConfirmation": WORK,
    "socialaccount.SocialAccount": "who came from a provider, each sign-in with a security event",
    "socialaccount.SocialApp": "a provider is set by variables, none is stored",
    "socialaccount.SocialToken": "none is stored",
    "accounts.UserSession": "listed and ended with a security event",
    "accounts.SignInAttempt": "counted to slow guessing down",
    "accounts.Preferences": "how one person likes to read",
    "change_history.ConfigurationChange": OWN_TRAIL,
}
