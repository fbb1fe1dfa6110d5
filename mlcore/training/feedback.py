"""What operators teach by resolving: a false alarm raises the limit of its cause on its substation, reversibly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction

from core.saved_fields import save_fields
from mlcore.diagnosis.findings import Finding
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection, RaisedLimit

# A little above the false alarm, so that the same is not raised again; never so high that a cause falls silent.
MARGIN = 1.1
HIGHEST = 2.0


@transaction.atomic
def learn_verdict(detection_ids: Sequence[int], *, is_false: bool) -> None:
    """Keep what was found out with each detection; a false alarm also raises its limit and teaches later training."""
    verdict = Detection.Verdict.FALSE_ALARM if is_false else Detection.Verdict.CONFIRMED
    Detection.objects.filter(pk__in=detection_ids).update(verdict=verdict)
    if not is_false:
        return
    taught = Detection.objects.of_readings().filter(pk__in=detection_ids).exclude(kind=Detection.Kind.METER)
    for detection in taught:
        factor_above = min(HIGHEST, max(1.0, detection.score * MARGIN))
        limit, created = RaisedLimit.objects.select_for_update().get_or_create(
            substation=detection.substation, cause=detection.cause, defaults={"factor": factor_above}
        )
        if not created and limit.factor < factor_above:
            save_fields(limit, factor=factor_above)


def above_limits(group: NeighbourGroup, findings: Iterable[Finding]) -> list[Finding]:
    """Findings without those that operators have taught to be ordinary."""
    codes = {substation.pk: substation.code for substation in group.substations}
    limits = {
        (codes[limit.substation_id], limit.cause): limit.factor
        for limit in RaisedLimit.objects.filter(substation__in=group.ids)
    }
    return [finding for finding in findings if finding.score >= limits.get((finding.substation, finding.cause), 0.0)]
