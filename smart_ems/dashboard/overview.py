"""The state of every substation, joined from readings, scores and alerts: what the dashboard and the list show.

It is worked out for each request and stored nowhere: silence comes by itself, and a stored state would be wrong then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.lifecycle import Condition
from alerts.models import Alert
from core import site_rights
from core.formatting import exact, figure, power_factor
from mlcore.models import Detection, Detector, Score
from substations.models import Substation, is_stale

from .shared_work import SharedWork

MAX_WORD = 60


class StateReason(Enum):
    """Why a substation is in its state."""

    ALERT = auto()
    CHECKED = auto()
    FAILING = auto()
    NO_READINGS = auto()
    SILENT = auto()
    WARMING_UP = auto()
    DEAD = auto()
    BAD = auto()
    NORMAL = auto()


WORDS = {
    StateReason.CHECKED: gettext_lazy("Resolved, being checked"),
    StateReason.NO_READINGS: gettext_lazy("No readings yet"),
    StateReason.WARMING_UP: gettext_lazy("Warming up"),
    StateReason.DEAD: gettext_lazy("De-energised"),
    StateReason.BAD: gettext_lazy("Bad quality"),
    StateReason.NORMAL: gettext_lazy("Normal"),
}
"""Of the reasons that are said alike for every substation."""

SHOWN = (
    "code", "name", "site", "rated_kva", "target_power_factor", "latitude", "longitude", "reading_interval_s",
    "time_zone", "scoring_failure__reason",
)  # fmt: skip
"""What the pages show of each substation: to read the other columns of thousands took half of the time."""

ASKED_OF_ALERTS = (
    "kind", "condition", "acknowledged", "suppression", "closed_at", "severity_now", "severity_peak",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubstationStatus:
    """One substation now. ``state`` is critical, warning, normal or unknown; ``reason`` is why, and ``word`` says it
    in two words; ``worst`` is the alert that it is in this state for; ``tier`` is that of its model, empty without
    one. Of ``substation`` the columns ``SHOWN`` are read.
    """

    substation: Substation
    state: str
    reason: StateReason
    worst: Alert | None
    latest_at: datetime | None
    power_factor: float | None
    active_power_kw: float | None
    loss_kw: float | None
    extra_loss_kw: float | None
    open_alerts: int
    tier: str = ""
    unacknowledged: int = 0
    is_dead: bool = False
    is_stale: bool = False

    @property
    def code(self) -> str:
        return self.substation.code

    @property
    def model(self) -> str:
        """What judges it: the tier of its model, or fixed limits."""
        return str(Detector.Tier(self.tier or Detector.Tier.LIMITS).label)

    @property
    def word(self) -> str:
        """In the reader's language; worked out where it is shown, since most of a large grid are not."""
        if self.worst is not None:
            return _word_of(self.worst, is_stale=self.is_stale)
        if self.reason is StateReason.FAILING:
            cut = Truncator(self.substation.scoring_failure.reason).chars(MAX_WORD)
            return _("Cannot be judged: %(reason)s") % {"reason": cut}
        if self.reason is StateReason.SILENT and self.latest_at is not None:
            return _("No data since %(time)s") % {"time": exact(self.latest_at, self.substation.zone)}
        return str(WORDS[self.reason])

    @property
    def summary(self) -> str:
        """Hover text of the topology; Plotly reads ``<br>`` as a line break and escapes the rest."""
        lines = [
            f"<b>{self.substation}</b>",
            self.word,
            f"{_('Power factor')} {power_factor(self.power_factor)} · {figure(self.active_power_kw, 'kW')}",
            f"{_('Loss')} {figure(self.loss_kw, 'kW')}",
        ]
        return "<br>".join(lines)


def _word_of(alert: Alert, *, is_stale: bool) -> str:
    word = _("Check the meter") if alert.kind == Detection.Kind.METER else alert.get_severity_now_display()
    word = _("Critical") if alert.is_critical else word
    return _("%(state)s at last reading") % {"state": word} if is_stale else word


def last_measured(now: datetime) -> tuple[datetime | None, bool]:
    """Time of the newest reading of all, and whether every substation's newest is too old to speak of the present."""
    found = Substation.objects.newest_times()
    if not found:
        return None, False
    return (
        max(at for _pk, at, _interval in found),
        all(is_stale(at, interval_s, now) for _pk, at, interval_s in found),
    )


def statuses(substations: QuerySet[Substation], *, now: datetime) -> list[SubstationStatus]:
    """One status per substation, in the order of the codes. Five queries, however many substations."""
    found = substations.select_related("scoring_failure").only(*SHOWN).order_by("code")
    newest = {row[0]: row[1:] for row in _newest_readings(substations)}
    scores = {score["pk"]: score for score in newest_scores(substations)}
    alerts = _open_alerts(substations)
    models = Detector.objects.active().filter(substation__in=substations.order_by().values("pk"))
    tiers = dict(models.values_list("substation_id", "tier"))
    return [
        _status(each, newest.get(each.pk), scores.get(each.pk), alerts.get(each.pk, []), tiers.get(each.pk, ""), now)
        for each in found
    ]


def statuses_of_all() -> Sequence[SubstationStatus]:
    """Those of every substation that is given, now; pages that ask at once and are given all share the work."""
    if site_rights.current() is None:
        return _of_the_plant.result()
    return statuses(Substation.objects.all(), now=timezone.now())


_of_the_plant = SharedWork(lambda: tuple(statuses(Substation.objects.all(), now=timezone.now())))


def _newest_readings(substations: QuerySet[Substation]) -> Iterable[tuple[int, datetime, float | None, float | None]]:
    names = ("power_factor", "active_power_kw")
    found = Substation.objects.filter(pk__in=substations.order_by().values("pk")).with_newest_reading(*names)
    rows: Any = found.order_by().values_list("pk", "latest_at", *(f"newest_{name}" for name in names))
    return rows  # type: ignore[no-any-return]  # annotations have no types


def newest_scores(substations: QuerySet[Substation]) -> Iterable[Any]:
    """The newest score of each substation that has one, as ``scores__…`` beside its ``pk``."""
    newest = Score.objects.filter(substation=OuterRef("pk")).order_by("-at").values("at")[:1]
    found = Substation.objects.filter(pk__in=substations.order_by().values("pk"), scores__at=Subquery(newest))
    names = ("at", "loss_kw", "extra_loss_kw", "avoidable_loss_kw", "status")
    rows: Iterable[Any] = found.order_by().values("pk", *(f"scores__{name}" for name in names))
    return rows


def _open_alerts(substations: QuerySet[Substation]) -> dict[int, list[Alert]]:
    found = Alert.objects.unresolved_or_watched().filter(substation__in=substations.order_by().values("pk"))
    by_substation: dict[int, list[Alert]] = {}
    for alert in found.only("substation_id", *ASKED_OF_ALERTS):
        by_substation.setdefault(alert.substation_id, []).append(alert)
    return by_substation


def _status(
    substation: Substation,
    newest: tuple[datetime, float | None, float | None] | None,
    score: dict[str, Any] | None,
    alerts: list[Alert],
    tier: str,
    now: datetime,
) -> SubstationStatus:
    latest_at, power_factor, active_power_kw = newest or (None, None, None)
    stale = latest_at is not None and substation.is_stale(latest_at, now)
    still_open = [alert for alert in alerts if alert.closed_at is None]
    validity = score["scores__status"] if score else None
    state, reason, worst = _judged(alerts) or _believed(substation, latest_at, validity, bool(tier), is_stale=stale)
    return SubstationStatus(
        substation=substation,
        state=state,
        reason=reason,
        worst=worst,
        latest_at=latest_at,
        power_factor=power_factor,
        active_power_kw=active_power_kw,
        loss_kw=score["scores__loss_kw"] if score else None,
        extra_loss_kw=score["scores__extra_loss_kw"] if score else None,
        open_alerts=len(still_open),
        tier=tier,
        unacknowledged=sum(not alert.acknowledged and alert.suppression == "none" for alert in still_open),
        is_stale=stale,
        is_dead=validity == Score.Validity.DEAD,
    )


def _judged(alerts: list[Alert]) -> tuple[str, StateReason, Alert | None] | None:
    """The worst active alert, or one resolved while present; None without either."""
    present = [a for a in alerts if a.condition == Condition.ACTIVE and a.kind != Detection.Kind.DATA_MISSING]
    active = [alert for alert in present if alert.closed_at is None]
    if active:
        worst = max(active, key=lambda alert: alert.severity)
        return worst.severity_name, StateReason.ALERT, worst
    return ("warning", StateReason.CHECKED, None) if present else None


def _believed(
    substation: Substation, latest_at: datetime | None, validity: int | None, has_detector: bool, *, is_stale: bool
) -> tuple[str, StateReason, None]:
    """Why it cannot be judged; else silence; else what the newest score is worth."""
    if getattr(substation, "scoring_failure", None):
        return "unknown", StateReason.FAILING, None
    if latest_at is None:
        return "unknown", StateReason.NO_READINGS, None
    if is_stale:
        return "unknown", StateReason.SILENT, None
    if not has_detector:
        return "unknown", StateReason.WARMING_UP, None
    if validity == Score.Validity.DEAD:
        return "unknown", StateReason.DEAD, None
    if validity == Score.Validity.BAD:
        return "unknown", StateReason.BAD, None
    return "normal", StateReason.NORMAL, None
