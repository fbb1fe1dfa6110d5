"""What keeps an alert that is raised now, or opened again, from being announced: planned work, or another alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from substations.models import PlannedWork

from . import planned, suppression
from .changes import apply
from .common_causes import Explanation
from .lifecycle import Suppression, Transition
from .models import Alert


@dataclass(frozen=True, slots=True)
class Hold:
    work: PlannedWork | None
    explanation: Explanation | None

    def put_on(self, alert: Alert, *, now: datetime) -> None:
        """Take the alert out of service, or suppress it by design; in the transaction that raised it."""
        if alert.suppression != Suppression.NONE:
            return
        if self.work:
            until = self.work.end
            apply(alert, Transition.SUSPEND, now=now, comment=self.work.reason, suppressed_until=until)
        elif self.explanation:
            suppression.suppress(alert, self.explanation, now=now)


def hold_of(alert: Alert, *, now: datetime) -> Hold | None:
    work = planned.work_at(alert.substation_id, now=now)
    explanation = None if work else suppression.explanation_of(alert)
    return Hold(work, explanation) if work or explanation else None
