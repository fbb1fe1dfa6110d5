"""What was judged again: whose hourly figures may have moved."""

from __future__ import annotations

from datetime import datetime

from mlcore.fleet.groups import NeighbourGroup
from substations.models import StaleRange


def note_judged_again(group: NeighbourGroup, start: datetime, end: datetime) -> None:
    """Leave a range for each substation; inside the transaction that writes its scores."""
    StaleRange.objects.bulk_create(
        [StaleRange(substation_id=pk, start=start, end=max(start, end), is_certain=False) for pk in group.ids]
    )
