"""What would be found, of stored readings: who asked for it, and working it out for a neighbour group.

A group is worked out as a whole, since a substation is judged beside its neighbours; what is found is stored with the
active version of each.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from django.db import transaction
from django.utils import timezone

from core.leases import LeasedQuerySet, kept
from core.retries import DATABASE_AWAY, log_failure, reason_of
from mlcore.detector import TrainedDetector, score_by_autoencoder
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.judgement import judge, parameters_of
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup, neighbour_groups
from mlcore.injection.sensitivity import COPIES, SubstationSensitivity, sensitivity
from mlcore.models import Detector
from mlcore.network_training import calm_steps
from mlcore.sensitivity_models import SensitivityReport
from substations.electrical.power import BoolArray

from .fit import left_out_of, training_range
from .store import load_detectors

logger = logging.getLogger(__name__)
INTERRUPTED = "The worker was stopped or ran out of memory while it worked this out."
NOT_JUDGING = "This version does not judge any more, or its readings are gone."


def request(detector: Detector) -> bool:
    """Ask for what a version would find; False where that is asked for already or being worked out."""
    now = timezone.now()
    SensitivityReport.objects.get_or_create(detector=detector)
    idle = SensitivityReport.objects.filter(detector=detector, requested_at__isnull=True).unclaimed(now)
    return idle.update(requested_at=now, progress_pct=0, failure="") > 0


def is_wanted() -> bool:
    """Whether somebody asked for what nobody is working out."""
    return _requested().unclaimed(timezone.now()).exists()


def work_out_requested() -> None:
    """Work out every group of which a substation was asked for and which no other worker has taken.

    A group that fails stops no other one: why is stored with those asked for, and stays until somebody asks again.
    """
    if not is_wanted():
        return
    # What took a worker's life once may do it again: it is not tried by itself.
    _failed(_requested().filter(claimed_until__lt=timezone.now()), INTERRUPTED)
    groups = neighbour_groups()
    reporting = [pk for group in groups for pk in group.ids]
    _failed(_requested().exclude(detector__substation__in=reporting), NOT_JUDGING)
    for group in groups:
        wanted = _requested().filter(detector__substation__in=group.ids)
        if token := wanted.claim(now=timezone.now(), progress_pct=0):
            _work_out_claimed(group, token)


def work_out(
    group: NeighbourGroup, copies: int = COPIES, report_progress: Callable[[int], None] = lambda done: None
) -> dict[str, SensitivityReport]:
    """Work out what would be found on the substations of a group and store it, by code; none without models."""
    detectors, rows = load_detectors(group)
    fleet = _record_of(group, rows)
    if fleet is None or not detectors:
        return {}
    found = sensitivity_of(fleet, detectors, _may_hold_faults(group, fleet), copies, report_progress)
    return _stored(found, rows)


def sensitivity_of(
    fleet: Fleet,
    detectors: Mapping[str, TrainedDetector],
    allowed: BoolArray,
    copies: int = COPIES,
    report_progress: Callable[[int], None] = lambda done: None,
) -> dict[str, SubstationSensitivity]:
    """What would be found by trained detectors with their networks; allowed: [substation, time] where faults may go.

    The whole record counts as new: within its training range a model damps its scores, and nothing would be learned
    about what it finds tomorrow.
    """
    models = {
        code: replace(detector.model, trained_from_s=0, trained_until_s=0) for code, detector in detectors.items()
    }
    networks = score_by_autoencoder(fleet.codes, detectors)
    clean = judge(fleet, models, parameters_of(fleet, models), networks)
    calm = calm_steps(clean, models) & allowed
    return sensitivity(clean, calm, models, networks, copies, report_progress)


def _requested() -> LeasedQuerySet[SensitivityReport]:
    return SensitivityReport.objects.filter(requested_at__isnull=False)


def _work_out_claimed(group: NeighbourGroup, token: uuid.UUID) -> None:
    try:
        with kept(SensitivityReport.objects.all(), token):
            work_out(group, report_progress=partial(_progressed, token))
        _failed(SensitivityReport.objects.claimed(token), NOT_JUDGING)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # whatever it is, the other groups have nothing to do with it
        log_failure(logger, f"What would be found in the group of {group.substations[0].code} is not known", error)
        _failed(SensitivityReport.objects.claimed(token), reason_of(error))
    finally:
        SensitivityReport.objects.release(token)


def _failed(rows: LeasedQuerySet[SensitivityReport], reason: str) -> None:
    """Say so of what is still asked for: a result that was stored has ended its request."""
    left = rows.filter(requested_at__isnull=False)
    left.update(requested_at=None, claimed_by=None, claimed_until=None, failure=reason[: SensitivityReport.MAX_REASON])


def _progressed(token: uuid.UUID, copies_done: int) -> None:
    SensitivityReport.objects.claimed(token).update(progress_pct=min(100 * copies_done // COPIES, 100))


def _record_of(group: NeighbourGroup, rows: Mapping[str, Detector]) -> Fleet | None:
    """The readings that the group would be trained on now, with the nameplates that its models know."""
    chosen = training_range(group)
    plates = {row.substation_id: row.meta.get("nameplate", {}) for row in rows.values()}
    return reading_grid.load(group, chosen.start, chosen.end, plates) if chosen else None


def _may_hold_faults(group: NeighbourGroup, fleet: Fleet) -> BoolArray:
    """[substation, time] without known episodes, planned work, and what was before the date to learn from."""
    return np.asarray(~np.logical_or.reduce(list(left_out_of(group, fleet).values())))


@transaction.atomic
def _stored(found: Mapping[str, SubstationSensitivity], rows: Mapping[str, Detector]) -> dict[str, SensitivityReport]:
    now = timezone.now()
    stored = {}
    for code, each in found.items():
        values = {"content": each.to_json(), "worked_out_at": now, "requested_at": None, "progress_pct": 100}
        stored[code], _ = SensitivityReport.objects.update_or_create(
            detector=rows[code], defaults=values | {"failure": ""}
        )
    return stored
