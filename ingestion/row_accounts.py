"""What became of the rows of an upload, in words: problems kept, rows lost before loading, why nothing was stored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from ingestion.load_plan import LoadPlan
from ingestion.models import RowProblem, Upload
from ingestion.problems import Problems
from ingestion.upload_leases import hold


def note_lost(upload: Upload, token: UUID, going: LoadPlan) -> None:
    """Count and tell the rows that the conversion could not use; once, with a checkpoint at the beginning."""
    lost = going.lost
    if not (lost.rejected or lost.empty or lost.problems):
        return
    with transaction.atomic():
        hold(upload, token)
        Upload.objects.filter(pk=upload.pk).update(
            rows_read=F("rows_read") + lost.rejected + lost.empty,
            rows_bad=F("rows_bad") + lost.rejected,
            rows_empty=F("rows_empty") + lost.empty,
            checkpoint={"offset": 0, "line": 1},
        )
        _add(upload, lost.problems)


def keep(upload: Upload, problems: Problems) -> None:
    """Store the first problems of an upload, up to the limit of the installation."""
    kept = RowProblem.objects.filter(upload=upload).count() if len(problems) else 0
    _add(upload, problems.first(max(0, settings.UPLOAD_MAX_PROBLEMS - kept)).rows())


def _add(upload: Upload, problems: Iterable[tuple[int, str, str, str]]) -> None:
    RowProblem.objects.bulk_create(
        [
            RowProblem(upload=upload, line=line, field=name[:200], received=got[:200], expected=want[:300])
            for line, name, got, want in problems
        ],
        batch_size=2000,
    )


def why_nothing(upload: Upload) -> str:
    """Why no row of a file could be stored, by its first problem."""
    first = upload.problems.first()
    if first is None:
        if upload.rows_empty:
            return f"None of the {upload.rows_empty:,} rows holds a value; expected at least one measured quantity."
        return "The file has a header but no rows; expected at least one reading."
    received = re.sub(r"\s+", " ", first.received)
    return (
        f"None of the {upload.rows_read:,} rows can be used. The first problem is in line {first.line}, {first.field}: "
        f"received “{received}”, expected {first.expected}."
    )
