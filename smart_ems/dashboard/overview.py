"""The state of every substation, joined from readings, scores and alerts: what the dashboard and the list show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from alerts.lifecycle import Condition
from alerts.models import Alert
from core.formatting import exact, figure, power_factor
from mlcore.models import Detection, Detector, Score, ScoringFailure
from substations.models import Substation, is_stale

MAX_WORD = 60


@dataclass(frozen=True, slots=True)
class SubstationStatus:
    """One substation now. ``state`` is critical, warning, normal or unknown; ``word`` says why in two words;
    ``tier`` is that of its model, empty without one."""

    substation: Substation
    state: str
    word: str
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
    def summary(self) -> str:
        """Hover text of the topology; Plotly reads ``<br>`` as a line break and escapes the rest."""
        lines = [
            f"<b>{self.substation}</b>",
            self.word,
            f"{_('Power factor')} {power_factor(self.power_factor)} · {figure(self.active_power_kw, 'kW')}",
            f"{_('Loss')} {figure(self.loss_kw, 'kW')}",
        ]
        return "<br>".join(lines)


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
    found = list(substations.select_related("scoring_failure").order_by("code"))
    ids = [substation.pk for substation in found]
    newest = {
        each.pk: each
        for each in Substation.objects.filter(pk__in=ids).with_newest_reading("power_factor", "active_power_kw")
    }
    scores = {score["pk"]: score for score in newest_scores(ids)}
    alerts = _open_alerts(ids)
    tiers = dict(Detector.objects.active().filter(substation__in=ids).values_list("substation_id", "tier"))
    return [
        _status(each, newest.get(each.pk), scores.get(each.pk), alerts.get(each.pk, []), tiers.get(each.pk, ""), now)
        for each in found
    ]


def newest_scores(ids: list[int]) -> Iterable[Any]:
    """The newest score of each substation that has one, as ``scores__…`` beside its ``pk``."""
    newest = Score.objects.filter(substation=OuterRef("pk")).order_by("-at").values("at")[:1]
    found = Substation.objects.filter(pk__in=ids, scores__at=Subquery(newest))
    names = ("at", "loss_kw", "extra_loss_kw", "avoidable_loss_kw", "status")
    rows: Iterable[Any] = found.values("pk", *(f"scores__{name}" for name in names))
    return rows


def _open_alerts(ids: list[int]) -> dict[int, list[Alert]]:
    by_substation: dict[int, list[Alert]] = {}
    for alert in Alert.objects.unresolved_or_watched().filter(substation__in=ids):
        by_substation.setdefault(alert.substation_id, []).append(alert)
    return by_substation


def _status(
    substation: Substation,
    newest: Substation | None,
    score: dict[str, Any] | None,
    alerts: list[Alert],
    tier: str,
    now: datetime,
) -> SubstationStatus:
    latest_at: datetime | None = getattr(newest, "latest_at", None)
    still_open = [alert for alert in alerts if alert.closed_at is None]
    state, word = _state(substation, latest_at, score, alerts, bool(tier), now)
    return SubstationStatus(
        substation=substation,
        state=state,
        word=word,
        latest_at=latest_at,
        power_factor=getattr(newest, "newest_power_factor", None),
        active_power_kw=getattr(newest, "newest_active_power_kw", None),
        loss_kw=score["scores__loss_kw"] if score else None,
        extra_loss_kw=score["scores__extra_loss_kw"] if score else None,
        open_alerts=len(still_open),
        tier=tier,
        unacknowledged=sum(not alert.acknowledged and alert.suppression == "none" for alert in still_open),
        is_stale=latest_at is not None and substation.is_stale(latest_at, now),
        is_dead=bool(score and score["scores__status"] == Score.Validity.DEAD),
    )


def _state(
    substation: Substation,
    latest_at: datetime | None,
    score: dict[str, Any] | None,
    alerts: list[Alert],
    has_detector: bool,
    now: datetime,
) -> tuple[str, str]:
    """The worst active alert, or one resolved while present; else why it cannot be judged; else silence; else what the
    newest score is worth."""
    stale = latest_at is not None and substation.is_stale(latest_at, now)
    present = [a for a in alerts if a.condition == Condition.ACTIVE and a.kind != Detection.Kind.DATA_MISSING]
    active = [alert for alert in present if alert.closed_at is None]
    if active:
        worst = max(active, key=lambda alert: alert.severity)
        word = _("Check the meter") if worst.kind == Detection.Kind.METER else worst.get_severity_now_display()
        word = _("Critical") if worst.is_critical else word
        return worst.severity_name, _("%(state)s at last reading") % {"state": word} if stale else word
    if present:
        return "warning", _("Resolved, being checked")
    failure: ScoringFailure | None = getattr(substation, "scoring_failure", None)
    if failure:
        return "unknown", _("Cannot be judged: %(reason)s") % {"reason": Truncator(failure.reason).chars(MAX_WORD)}
    if latest_at is None:
        return "unknown", _("No readings yet")
    if stale:
        return "unknown", _("No data since %(time)s") % {"time": exact(latest_at, substation.zone)}
    if not has_detector:
        return "unknown", _("Warming up")
    if score and score["scores__status"] == Score.Validity.DEAD:
        return "unknown", _("De-energised")
    if score and score["scores__status"] == Score.Validity.BAD:
        return "unknown", _("Bad quality")
    return "normal", _("Normal")
