"""Take a file in: stream it to disk, hash it, notice that it was here before, and ask what has to be asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import site_rights
from ingestion import conversion, inspection
from ingestion.inspection import Inspection
from ingestion.models import SourceProfile, Upload
from ingestion.options import ImportOptions
from ingestion.problems import Unreadable, printable
from ingestion.upload_quota import TooLarge, check_capacity

if TYPE_CHECKING:
    from django.contrib.auth.models import User


OF_PART = "part-"
"""Before the number of a sender who is given part of the plant: of the same file, somebody else may load other rows."""


@dataclass(frozen=True, slots=True)
class Received:
    """The upload that stands for the file; ``already_imported`` if it was here before and nothing was added.

    ``recognised`` names the file for which the answers were confirmed that are remembered of its source.
    """

    upload: Upload
    already_imported: bool
    recognised: str = ""


def receive(
    file: File[Any],
    *,
    name: str = "",
    source: Upload.Source | str = Upload.Source.FORM,
    by: User | None = None,
    options: ImportOptions | None = None,
    again: bool = False,
) -> Received:
    """Keep one file and say what comes next in ``upload.state``: queued, waiting for answers, or rejected.

    1. refuse what is too large, also for the sender's day or the disk (TooLarge); 2. stream to disk and hash; 3. the
    same content with the same options, or with none given, is the upload that exists (``again`` overrides); 4. look at
    it. Does not start the loading: that is left to the caller.
    """
    check_size(file.size)
    check_capacity(file.size or 0, by)
    given = options or ImportOptions()
    if by is not None and given.unknown == "create" and not by.has_perm("substations.add_substation"):
        given = given.updated(unknown="ask")  # options of somebody who may, loaded again by somebody who may not
    if again:
        given = given.updated(again=uuid4().hex)
    elif site_rights.current() is not None and by is not None:
        given = given.updated(again=f"{OF_PART}{by.pk}")
    upload = Upload(
        original_name=printable(PurePath(name or file.name or "upload.csv").name)[:255] or "upload.csv",
        source=source,
        uploaded_by=by,
        options=given.to_json(),
    )
    upload.sha256, upload.size = _hash(file)
    upload.fingerprint = fingerprint(upload.sha256, given)
    earlier = _earlier(upload, any_options=not again and _is_unspecific(given))
    if earlier is not None:
        return Received(earlier, already_imported=True)
    file.seek(0)
    upload.file.save(f"{upload.sha256[:16]}{_suffix(upload.original_name)}", file, save=False)
    recognised = _decide(upload)
    try:
        with transaction.atomic():
            upload.save()
    except IntegrityError:  # the same file came in at the same moment
        upload.file.delete(save=False)
        earlier = _earlier(upload, any_options=False)
        if earlier is None:
            raise
        return Received(earlier, already_imported=True)
    if upload.state == Upload.State.REJECTED:
        drop_file(upload)
    return Received(upload, already_imported=False, recognised=recognised)


def check_size(size: int | None) -> None:
    """Raise TooLarge for a file over the limit."""
    limit = settings.UPLOAD_MAX_BYTES
    if size is not None and size > limit:
        raise TooLarge(
            f"The file has {size:,} bytes; at most {limit:,} are accepted. Split it, or compress it with gzip."
        )


def answer(upload: Upload, options: ImportOptions, *, remember: bool = False) -> Inspection:
    """Take a person's answers; the upload is queued when no question is left. Raises Unreadable, OptionError."""
    found = inspection.look(_path(upload), upload, options.updated(review=False))
    waiting = Upload.objects.filter(pk=upload.pk, state=Upload.State.WAITING)
    if found.questions:
        waiting.update(options=options.to_json(), **_shown(found))
    else:
        load_plan = conversion.settle(found.reading, _path(upload), found.options)
        waiting.update(
            options=found.options.updated(review=False).to_json(),
            load_plan=load_plan.to_json(),
            state=Upload.State.QUEUED,
            queued_at=timezone.now(),
            **_shown(found),
        )
        if remember:
            SourceProfile.objects.remember(upload, [c.header for c in found.found.columns], lasting(found.options))
    upload.refresh_from_db()
    return found


def lasting(options: ImportOptions) -> dict[str, Any]:
    """The answers that hold for the next file of the source as well."""
    once = {"substation", "start", "accept"}
    return {name: value for name, value in options.as_profile.items() if name not in once}


def _shown(found: Inspection) -> dict[str, Any]:
    described = found.described()
    return {"questions": described["questions"], "plan": described}


def queue_again(upload: Upload) -> bool:
    """Give a failed upload another try from its last checkpoint; False if it is not failed (any more)."""
    try:
        return bool(
            Upload.objects.filter(pk=upload.pk, state=Upload.State.FAILED).update(
                state=Upload.State.QUEUED, attempts=0, reason="", finished_at=None, queued_at=timezone.now()
            )
        )
    except IntegrityError:  # the same file was uploaded and loaded in the meantime
        return False


def load_again(upload: Upload, *, by: User | None) -> Upload:
    """A new upload of the same stored file that waits for other answers; the answers given before are its start."""
    before = upload.parsed_options.updated(review=True)
    with upload.file.open("rb") as file:
        return receive(file, name=upload.original_name, source=upload.source, by=by, options=before, again=True).upload


def discard(upload: Upload) -> bool:
    """Drop an upload that still waits for answers; False if it does not (any more)."""
    dropped = Upload.objects.filter(pk=upload.pk, state=Upload.State.WAITING).update(
        state=Upload.State.REJECTED, reason="Discarded before it was loaded.", finished_at=timezone.now(), questions=[]
    )
    if dropped:
        drop_file(upload)
    return bool(dropped)


def fingerprint(sha256: str, options: ImportOptions) -> str:
    """One value for content and options together."""
    said = json.dumps(options.updated(review=False).to_json(), sort_keys=True)
    return hashlib.sha256(f"{sha256}\n{said}".encode()).hexdigest()


def drop_file(upload: Upload) -> None:
    """Remove the stored file of an upload that holds nothing of use; its row and its problems stay."""
    if upload.file:
        conversion.rows_file(_path(upload)).unlink(missing_ok=True)
        upload.file.delete(save=False)
    Upload.objects.filter(pk=upload.pk).update(file="")
    upload.file = ""


def _decide(upload: Upload) -> str:
    """Set what comes next; the name of the file whose remembered answers are used, if any."""
    now = timezone.now()
    try:
        found = inspection.look(_path(upload), upload, upload.parsed_options)
        if not found.questions:
            upload.load_plan = conversion.settle(found.reading, _path(upload), found.options).to_json()
    except Unreadable as error:
        upload.state, upload.reason, upload.finished_at = Upload.State.REJECTED, str(error), now
        return ""
    for name, value in _shown(found).items():
        setattr(upload, name, value)
    if found.questions:
        upload.state = Upload.State.WAITING
    else:
        # What is remembered may be corrected later; that must not change a load that is under way.
        upload.options = found.options.to_json()
        upload.state, upload.queued_at = Upload.State.QUEUED, now
    return found.remembered.name if found.remembered is not None else ""


def _earlier(upload: Upload, *, any_options: bool) -> Upload | None:
    same = Upload.objects.in_effect()
    same = same.filter(sha256=upload.sha256) if any_options else same.filter(fingerprint=upload.fingerprint)
    if site_rights.current() is not None:
        return same.first()
    return next((each for each in same if not str(each.options.get("again", "")).startswith(OF_PART)), None)


def _is_unspecific(options: ImportOptions) -> bool:
    """True if nothing was said about how to read the file, so that "here before" is a matter of content alone."""
    return not options.as_profile


def _hash(file: File[Any]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    chunks: Iterable[bytes] = file.chunks(1024 * 1024)
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        check_size(size)
    return digest.hexdigest(), size


def _suffix(name: str) -> str:
    return "".join(c for c in "".join(PurePath(name).suffixes[-2:]) if c.isascii() and (c.isalnum() or c == "."))[-16:]


def _path(upload: Upload) -> Path:
    return Path(upload.file.path)
