"""Suppression by design: what another alert explains is silent while that one is active, and comes back after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.locks import lock_until_commit
from mlcore.models import Detection

from .changes import Conflict, apply, guarded_update
from .common_causes import STOPPED, Explanation, FeederNetwork, Raised, Reason, explain
from .feeder_networks import network_around, read_network
from .lifecycle import Condition, Suppression, Transition
from .models import Alert

# Of thousands of open alerts; the rest is read of the few that move.
READ = (
    "substation", "kind", "cause", "severity_now", "severity_peak", "condition", "acknowledged", "suppression",
    "suppressed_until", "suppressed_by", "suppression_reason", "raised_at", "closed_at", "closure", "version",
)  # fmt: skip


def explanations(
    alerts: Iterable[Alert], network: FeederNetwork, waiting: Iterable[Detection] = ()
) -> dict[int, Explanation]:
    """Which open alerts are explained, and by what; ``waiting``: findings that no alert stands for yet."""
    raised = [_raised(each) for each in alerts]
    known = {(each.substation, each.kind) for each in raised}
    raised += [
        Raised(None, each.substation_id, each.kind, each.cause, each.severity, each.start)
        for each in waiting
        if (each.substation_id, each.kind) not in known
    ]
    within = timedelta(minutes=settings.ALERT_FEEDER_FAULT_MINUTES)
    return explain(raised, network, size=settings.ALERT_FEEDER_FAULT_SIZE, within=within)


def _raised(alert: Alert) -> Raised:
    is_active = alert.condition == Condition.ACTIVE
    return Raised(alert.pk, alert.substation_id, alert.kind, alert.cause, alert.severity, alert.raised_at, is_active)


def explanation_of(alert: Alert) -> Explanation | None:
    """What explains an alert that is raised now, findings of its kind and cause that wait for review included.

    Two workers that raise two alerts of one fault at the same moment would not see each other's, and both would be
    announced: so the second waits until the first has committed.
    """
    lock_until_commit("alert is raised", alert.kind, alert.cause)
    same = {"kind": alert.kind, "cause": alert.cause}
    alike = Alert.objects.unresolved().filter(**same)
    waiting = Detection.objects.ongoing().filter(review__isnull=True, **same)
    if alert.cause != STOPPED and not (alike.exclude(pk=alert.pk).exists() or waiting.exists()):
        return None
    network = network_around(alert.substation)
    within = timedelta(minutes=settings.ALERT_FEEDER_FAULT_MINUTES)
    then = alert.raised_at - within, alert.raised_at + within
    above, near = network.upstream(alert.substation_id), {*network.supplies, *network.sites}
    at_once = Q(substation__in=near, raised_at__range=then)
    found = explanations(
        alike.filter(Q(pk=alert.pk) | Q(substation__in=above) | at_once),
        network,
        waiting.filter(substation__in=near, start__range=then),
    ).get(alert.pk)
    return found and _by_the_top(found)


def _by_the_top(explanation: Explanation) -> Explanation:
    """What explains it may itself be explained, by something that is not around here."""
    above = Alert.objects.filter(pk=explanation.by or 0).values_list("suppressed_by", flat=True).first()
    return Explanation(explanation.reason, above) if above else explanation


def follow(*, now: datetime) -> int:
    """Suppress what is explained, and bring back what no longer is; how many moved.

    Who is on an alert keeps it: an acknowledged one is not suppressed. What is suppressed stays so for an off-delay
    after its cause has ended; at once it comes back when it has become worse than its cause.
    """
    alerts = list(Alert.objects.unresolved().only(*READ))
    found = explanations(alerts, read_network()) if alerts else {}
    by_key = {each.pk: each for each in alerts}
    moved = 0
    for alert in alerts:
        explanation = found.get(alert.pk)
        if alert.suppression == Suppression.NONE and not alert.acknowledged and explanation:
            moved += _guarded(alert, explanation, now=now)
        elif alert.suppression == Suppression.BY_DESIGN:
            moved += _kept_or_brought_back(alert, explanation, by_key, now=now)
    return moved


def suppress(alert: Alert, explanation: Explanation, *, now: datetime) -> Alert:
    """Silence an alert, with what explains it."""
    said = str(Alert.SuppressionReason(explanation.reason).label)
    return apply(
        alert,
        Transition.SUPPRESS,
        now=now,
        comment=_("Explained by alert #%(number)d: %(why)s.") % {"number": explanation.by, "why": said}
        if explanation.by
        else said,
        suppressed_by_id=explanation.by,
        suppression_reason=explanation.reason,
        suppressed_until=None,
    )


def _guarded(alert: Alert, explanation: Explanation, *, now: datetime) -> bool:
    """Whether it was suppressed; somebody else may have changed it at the same moment, then the next round does it."""
    try:
        with transaction.atomic():
            suppress(alert, explanation, now=now)
    except Conflict:
        return False
    return True


def _kept_or_brought_back(
    alert: Alert, explanation: Explanation | None, by_key: dict[int, Alert], *, now: datetime
) -> bool:
    cause = by_key.get(alert.suppressed_by_id or 0)
    # A feeder fault stays one while its first alert lasts, however many of the others have closed meanwhile.
    same_fault = alert.suppression_reason == Reason.FEEDER_FAULT and cause is not None and cause.is_active
    is_worse = cause is not None and alert.severity > cause.severity
    try:
        with transaction.atomic():
            if not is_worse and (explanation or same_fault):
                _keep(alert, explanation)
                return False
            return _bring_back(alert, at_once=is_worse, now=now)
    except Conflict:
        return False


def _keep(alert: Alert, explanation: Explanation | None) -> None:
    """Still explained, perhaps by another alert than before."""
    by = explanation.by if explanation else alert.suppressed_by_id
    if (alert.suppressed_until, alert.suppressed_by_id) != (None, by):
        guarded_update(alert, suppressed_until=None, suppressed_by_id=by)


def _bring_back(alert: Alert, *, at_once: bool, now: datetime) -> bool:
    if not at_once and alert.suppressed_until is None:
        guarded_update(alert, suppressed_until=now + timedelta(minutes=settings.ALERT_SUPPRESSION_OFF_MINUTES))
        return False
    if not at_once and alert.suppressed_until is not None and alert.suppressed_until > now:
        return False
    apply(alert, Transition.UNSUPPRESS, now=now, comment=_("What explained it is over."))
    return True
