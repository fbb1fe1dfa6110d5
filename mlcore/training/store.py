"""Stored detectors back into memory; one that cannot be read is said, and an older sound version serves."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from mlcore.detector import TrainedDetector
from mlcore.diagnosis.model import IncompatibleModelError
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detector

from . import artifacts, versions

logger = logging.getLogger(__name__)


def load_detectors(group: NeighbourGroup) -> tuple[dict[str, TrainedDetector], dict[str, Detector]]:
    """The detectors of a group by code, and the rows they came from.

    The active version of each substation; if its artifact is refused, the newest older one that is sound, which then
    becomes the active one. A substation without any is left out: the checks of its meter carry on.
    """
    usable: dict[str, TrainedDetector] = {}
    rows: dict[str, Detector] = {}
    for row in Detector.objects.active().filter(substation__in=group.ids).select_related("substation"):
        if sound := _sound(row):
            rows[row.substation.code], usable[row.substation.code] = sound
    return usable, rows


def _sound(active: Detector) -> tuple[Detector, TrainedDetector] | None:
    for row in _candidates(active):
        try:
            detector = read(row)
        except (artifacts.ArtifactError, IncompatibleModelError) as error:
            logger.error("Detector %s cannot be used: %s", row, error)
            versions.refuse(row, str(error))
            continue
        if row.pk != active.pk:
            versions.activate(row, note=f"Version {active.version} cannot be used.")
        return row, detector
    return None


def _candidates(active: Detector) -> Iterator[Detector]:
    """The active version; the older ones are asked for only where it is refused."""
    yield active
    older = Detector.objects.filter(substation=active.substation_id, version__lt=active.version, broken_reason="")
    yield from older.select_related("substation").order_by("-version")[:5]


def read(row: Detector) -> TrainedDetector:
    """A stored detector.

    Raises:
        ArtifactError: its bytes are not those that were stored.
        IncompatibleModelError: this version of the program, or the substation's reading interval, needs another.
    """
    arrays = artifacts.unpack(bytes(row.arrays), row.meta, row.sha256)
    detector = TrainedDetector.from_arrays(arrays, row.meta)
    interval_s = row.substation.reading_interval_s
    if detector.model.interval_s != interval_s:
        raise IncompatibleModelError(
            f"It was trained at {detector.model.interval_s} s between readings; the substation now has {interval_s} s. "
            "Train the substation again."
        )
    return detector
