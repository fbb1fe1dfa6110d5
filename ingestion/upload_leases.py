"""Which worker holds an upload: it is claimed for a while, held on to, ended, or given back."""

from __future__ import annotations

import enum
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from core.leases import LeaseLost
from ingestion import receiving
from ingestion.models import Upload
from ingestion.querysets import UploadQuerySet

# chosen: a worker may be unlucky twice or thrice; five times at one place is the file.
MAX_ATTEMPTS = 5
# chosen: three sweeps; a message that still waits in a busy queue is not sent again by each.
SEND_AGAIN_AFTER = timedelta(seconds=30)


class LoadOutcome(enum.Enum):
    """How a call of ``load`` ended for this worker."""

    LOADED = "loaded"
    REJECTED = "rejected"
    WAITING = "waiting"  # a question came up
    TAKEN = "taken"  # another worker has it, or there is nothing to do
    FAILED = "failed"


def unfinished_uploads() -> list[int]:
    """Uploads to start: queued and not started lately, or left behind by a worker whose lease ran out."""
    now = timezone.now()
    due = Upload.objects.claimable(now).exclude(queued_at__gte=now - SEND_AGAIN_AFTER, state=Upload.State.QUEUED)
    ids = list(due.values_list("pk", flat=True))
    Upload.objects.filter(pk__in=ids, state=Upload.State.QUEUED).update(queued_at=now)
    return ids


def claim(upload_id: int) -> UUID | None:
    """The token of a new lease; None if another worker has the upload, or it failed too often at one place."""
    now = timezone.now()
    upload = Upload.objects.filter(pk=upload_id)
    token = upload.claimable(now).claim(now=now, state=Upload.State.LOADING, attempts=F("attempts") + 1)
    if token is None:
        return None
    upload.filter(started_at=None).update(started_at=now)
    exhausted = upload.filter(attempts__gt=MAX_ATTEMPTS).release(
        token,
        state=Upload.State.FAILED,
        finished_at=now,
        reason=f"The worker stopped {MAX_ATTEMPTS} times at the same place of this file; see the log.",
    )
    return None if exhausted else token


def loading(upload: Upload) -> UploadQuerySet:
    """The upload while it is being loaded."""
    return Upload.objects.filter(pk=upload.pk, state=Upload.State.LOADING)


def hold(upload: Upload, token: UUID) -> None:
    """Renew the lease or raise LeaseLost; inside a transaction it also keeps others from taking over before its end."""
    if not loading(upload).renew(token):
        raise LeaseLost


def finish(upload: Upload, token: UUID, state: Upload.State, reason: str = "") -> None:
    """End the loading in a state; raises LeaseLost."""
    now = timezone.now()
    ended = loading(upload).release(
        token,
        state=state,
        stage=Upload.Stage.DONE,
        reason=reason,
        finished_at=now,
        progress_at=now,
        bytes_done=F("bytes_total"),
    )
    if not ended:
        raise LeaseLost


def reject(upload: Upload, token: UUID, reason: str) -> LoadOutcome:
    """End with a reason and without the file, of which nothing can be used."""
    try:
        finish(upload, token, Upload.State.REJECTED, reason)
    except LeaseLost:
        return LoadOutcome.TAKEN
    receiving.drop_file(upload)
    return LoadOutcome.REJECTED


def give_back(upload: Upload, token: UUID) -> LoadOutcome:
    """Leave it to the next sweep, or call it failed after too many attempts."""
    if upload.attempts < MAX_ATTEMPTS:
        loading(upload).release(token, state=Upload.State.QUEUED, queued_at=timezone.now())
    else:
        loading(upload).release(
            token,
            state=Upload.State.FAILED,
            finished_at=timezone.now(),
            reason=f"The program failed {MAX_ATTEMPTS} times on this file; the log says why. Try again later.",
        )
    return LoadOutcome.FAILED
