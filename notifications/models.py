"""Models of this app, by subject."""

from __future__ import annotations

from .channel_models import NotificationChannel, Pulse, QuietHours
from .on_call_models import (
    Absence,
    EscalationPolicy,
    OnCallRotation,
    PolicyStep,
    RotationMember,
    RotationOverride,
)
from .outbox_models import AcknowledgeLink, Delivery, OutgoingMessage
from .push_identity import PushIdentity
from .route_models import Escalation, NotificationRoute, RoutedEvent, RoutingFloor

__all__ = [
    "Absence", "AcknowledgeLink", "Delivery", "Escalation", "EscalationPolicy", "NotificationChannel",
    "NotificationRoute", "OnCallRotation", "OutgoingMessage", "PolicyStep", "Pulse", "PushIdentity", "QuietHours",
    "RotationMember", "RotationOverride", "RoutedEvent", "RoutingFloor",
]  # fmt: skip
