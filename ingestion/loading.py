"""Load one upload: claim it, check the whole file, then store it block by block, each block in one transaction."""

from __future__ import annotations

import enum
import logging
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from numpy.typing import NDArray

from core.spreadsheets import unguarded
from ingestion import conversion, grid_records, inspection, parsing, receiving, storage, validation
from ingestion.file_formats import FileFormat
from ingestion.load_plan import LoadPlan
from ingestion.mapping import SUBSTATION
from ingestion.models import RowProblem, Upload
from ingestion.new_substations import NewSubstations
from ingestion.parsing import TextBlock
from ingestion.plan import ImportPlan
from ingestion.problems import Problems, Unreadable
from ingestion.querysets import UploadQuerySet

logger = logging.getLogger(__name__)

# chosen: many times what a block takes (a second or two), short enough that nobody waits for a dead worker.
LEASE_FOR = timedelta(seconds=30)
# chosen: a worker may be unlucky twice or thrice; five times at one place is the file.
MAX_ATTEMPTS = 5
# chosen: three sweeps; a message that still waits in a busy queue is not sent again by each.
SEND_AGAIN_AFTER = timedelta(seconds=30)
# chosen: the result links a few of them; the rest is counted.
MAX_TOUCHED = 500
UNPACKED_LIMIT = 10  # times the size limit: more than any export shrinks, less than a gzip bomb


class LoadOutcome(enum.Enum):
    """How a call of ``load`` ended for this worker."""

    LOADED = "loaded"
    REJECTED = "rejected"
    WAITING = "waiting"  # a question came up
    TAKEN = "taken"  # another worker has it, or there is nothing to do
    FAILED = "failed"


class LeaseLost(Exception):
    """Another worker took over; whatever this one had not committed is void."""


def load(upload_id: int) -> LoadOutcome:
    """Load an upload, or carry on where a killed worker's last committed block ended. May run twice."""
    token = _claim(upload_id)
    if token is None:
        return LoadOutcome.TAKEN
    upload = Upload.objects.get(pk=upload_id)
    try:
        return _Load(upload, token).run()
    except LeaseLost:
        return LoadOutcome.TAKEN
    except Unreadable as error:
        return _reject(upload, token, str(error))
    except Exception:  # the rim of the stage: the row says so, the sweep tries again
        logger.exception("Loading upload %s failed.", upload_id)
        return _give_back(upload, token)


def unfinished_uploads() -> list[int]:
    """Uploads to start: queued and not started lately, or left behind by a worker whose lease ran out."""
    now = timezone.now()
    due = Upload.objects.claimable(now).exclude(queued_at__gte=now - SEND_AGAIN_AFTER, state=Upload.State.QUEUED)
    ids = list(due.values_list("pk", flat=True))
    Upload.objects.filter(pk__in=ids, state=Upload.State.QUEUED).update(queued_at=now)
    return ids


def _claim(upload_id: int) -> UUID | None:
    now = timezone.now()
    upload = Upload.objects.filter(pk=upload_id)
    token = upload.claimable(now).claim(
        now=now, lease_for=LEASE_FOR, state=Upload.State.LOADING, attempts=F("attempts") + 1
    )
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


def _loading(upload: Upload) -> UploadQuerySet:
    return Upload.objects.filter(pk=upload.pk, state=Upload.State.LOADING)


def _hold(upload: Upload, token: UUID) -> None:
    """Renew the lease or raise LeaseLost; inside a transaction it also keeps others from taking over before its end."""
    if not _loading(upload).renew(token, lease_for=LEASE_FOR):
        raise LeaseLost


def _finish(upload: Upload, token: UUID, state: Upload.State, reason: str = "") -> None:
    now = timezone.now()
    ended = _loading(upload).release(
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


def _reject(upload: Upload, token: UUID, reason: str) -> LoadOutcome:
    try:
        _finish(upload, token, Upload.State.REJECTED, reason)
    except LeaseLost:
        return LoadOutcome.TAKEN
    receiving.drop_file(upload)
    return LoadOutcome.REJECTED


def _give_back(upload: Upload, token: UUID) -> LoadOutcome:
    if upload.attempts < MAX_ATTEMPTS:
        _loading(upload).release(token, state=Upload.State.QUEUED, queued_at=timezone.now())
    else:
        _loading(upload).release(
            token,
            state=Upload.State.FAILED,
            finished_at=timezone.now(),
            reason=f"The program failed {MAX_ATTEMPTS} times on this file; the log says why. Try again later.",
        )
    return LoadOutcome.FAILED


class _Load:
    """One worker's hold of one upload."""

    def __init__(self, upload: Upload, token: UUID) -> None:
        self.upload, self.token = upload, token
        self.options = upload.parsed_options
        self.path = Path(upload.file.path)
        self.now: datetime = timezone.now()
        self.now_utc = np.datetime64(self.now.replace(tzinfo=None), "us")

    def run(self) -> LoadOutcome:
        """1. check the whole file; 2. store block after block; 3. settle what it amounted to."""
        going = self._load_plan()
        if going is None:
            return LoadOutcome.WAITING
        if going.converted:
            self.path = conversion.rows_file(self.path)
        plan, form = going.import_plan, going.form
        zone = inspection.new_zone(self.options, self.upload.plan.get("time_zone") or "")
        self.substations = NewSubstations(grid_records.grid(), zone, self.options.interval_s)
        if not self.upload.checkpoint:
            unknown = self._survey(form, plan)
            if unknown:
                question = inspection.unknown_question(", ".join(unknown[: inspection.NAMED_IN_A_QUESTION]))
                return self._ask([{**inspection.described_question(question), "choices": list(question.choices)}])
            self._note_lost(going)
        elif self.options.unknown == "create":
            self._survey(form, plan)
        checkpoint = self.upload.checkpoint
        self.touched: list[int] = checkpoint.get("substations", [])
        self.positions = {
            self.substations.grid.ids[name]: count
            for name, count in checkpoint.get("positions", {}).items()
            if name in self.substations.grid.ids
        }
        for block in parsing.blocks(
            self.path, form, offset=checkpoint.get("offset", 0), line=checkpoint.get("line", 1)
        ):
            self._store(block, form, plan)
        return self._settle()

    def _load_plan(self) -> LoadPlan | None:
        """How the file is gone through; of an upload that was queued without one it is made now, or it is asked."""
        if self.upload.load_plan:
            return LoadPlan.from_json(self.upload.load_plan)
        found = inspection.look(self.path, self.upload, self.options.updated(review=False))
        if found.questions:
            self._ask(found.described()["questions"])
            return None
        plan = conversion.settle(found.reading, self.path, found.options)
        Upload.objects.filter(pk=self.upload.pk).update(load_plan=plan.to_json(), plan=found.described())
        self.upload.refresh_from_db()
        return plan

    def _note_lost(self, going: LoadPlan) -> None:
        """Count and tell the rows that the conversion could not use; once, with a checkpoint at the beginning."""
        lost = going.lost
        if not (lost.rejected or lost.empty or lost.problems):
            return
        with transaction.atomic():
            _hold(self.upload, self.token)
            Upload.objects.filter(pk=self.upload.pk).update(
                rows_read=F("rows_read") + lost.rejected + lost.empty,
                rows_bad=F("rows_bad") + lost.rejected,
                rows_empty=F("rows_empty") + lost.empty,
                checkpoint={"offset": 0, "line": 1},
            )
            RowProblem.objects.bulk_create(
                [
                    RowProblem(upload=self.upload, line=line, field=name[:200], received=got[:200], expected=want[:300])
                    for line, name, got, want in lost.problems
                ]
            )

    def _survey(self, form: FileFormat, plan: ImportPlan) -> list[str]:
        """Read the whole file once: is it sound, within the limits? The new substations, where they are asked."""
        self._progress(stage=Upload.Stage.CHECKING)
        header = plan.column(SUBSTATION)
        names: dict[str, None] = {} if header or not plan.substation else {plan.substation: None}
        lines = size = 0
        for block in parsing.blocks(self.path, form):
            lines, size = block.next_line - 1 - form.first_data_line, block.next_offset
            self._limit(lines, size)
            if header and self.options.unknown != "reject":
                table = parsing.read_table(block, form, (), (header,))
                names |= dict.fromkeys(unguarded(str(name).strip()) for name in table.cells[header].dropna().unique())
            _hold(self.upload, self.token)
        self._progress(bytes_total=size)
        unknown = self.substations.unknown(names)
        if unknown and self.options.unknown == "create":
            self.substations.expect(unknown)
        return unknown if self.options.unknown == "ask" else []

    def _limit(self, lines: int, size: int) -> None:
        if lines > settings.UPLOAD_MAX_ROWS:
            raise Unreadable(
                f"The file has more than {settings.UPLOAD_MAX_ROWS:,} rows, the limit of this installation. Split it."
            )
        if size > settings.UPLOAD_MAX_BYTES * UNPACKED_LIMIT:
            raise Unreadable(
                f"The file unpacks to more than {settings.UPLOAD_MAX_BYTES * UNPACKED_LIMIT:,} bytes. Split it."
            )

    def _ask(self, questions: list[dict[str, Any]]) -> LoadOutcome:
        asked = _loading(self.upload).release(
            self.token, state=Upload.State.WAITING, stage=Upload.Stage.NONE, questions=questions, attempts=0
        )
        return LoadOutcome.WAITING if asked else LoadOutcome.TAKEN

    def _progress(self, **changes: object) -> None:
        _hold(self.upload, self.token)
        Upload.objects.filter(pk=self.upload.pk).update(progress_at=timezone.now(), **changes)

    def _store(self, block: TextBlock, form: FileFormat, plan: ImportPlan) -> None:
        """One block: judge it, then store rows, problems, counts and checkpoint in one transaction."""
        table = parsing.read_table(block, form, plan.numbers, plan.texts)
        checked = validation.check(table, plan, self.substations.grid, now=self.now_utc, positions=self.positions)
        with transaction.atomic():
            _hold(self.upload, self.token)
            admitted = self.substations.admit(checked.rows)
            stored = storage.store(admitted.rows)
            if self.upload.source == Upload.Source.API:  # what a program sends, it will send again
                storage.note_fresh(admitted.rows)
            storage.note_future(checked.future)
            self._keep(checked.problems)
            names = {pk: name for name, pk in self.substations.grid.ids.items()}
            positions = {admitted.renamed.get(pk, pk): count for pk, count in checked.positions.items()}
            names |= {new: names[old] for old, new in admitted.renamed.items()}
            Upload.objects.filter(pk=self.upload.pk).update(
                stage=Upload.Stage.STORING,
                attempts=1,  # it got somewhere: count anew
                rows_read=F("rows_read") + len(table) + table.malformed,
                rows_new=F("rows_new") + stored.new,
                rows_replaced=F("rows_replaced") + stored.replaced,
                rows_unchanged=F("rows_unchanged") + stored.unchanged,
                rows_bad=F("rows_bad") + checked.bad,
                rows_empty=F("rows_empty") + checked.empty,
                bytes_done=block.next_offset,
                progress_at=timezone.now(),
                checkpoint={
                    "offset": block.next_offset,
                    "line": block.next_line,
                    "substations": self._touch(admitted.rows.substation_id),
                    "positions": {names[pk]: count for pk, count in positions.items() if pk in names},
                },
            )
        self.substations.settle(admitted)
        self.positions = positions

    def _touch(self, ids: NDArray[np.int64]) -> list[int]:
        """The substations that readings came of so far, for the links of the result."""
        new = [pk for pk in np.unique(ids).tolist() if pk not in self.touched]
        self.touched = [*self.touched, *new][:MAX_TOUCHED]
        return self.touched

    def _keep(self, problems: Problems) -> None:
        kept = RowProblem.objects.filter(upload=self.upload).count() if len(problems) else 0
        first = problems.first(max(0, settings.UPLOAD_MAX_PROBLEMS - kept))
        RowProblem.objects.bulk_create(
            [
                RowProblem(upload=self.upload, line=line, field=name[:200], received=got[:200], expected=want[:300])
                for line, name, got, want in first.rows()
            ],
            batch_size=2000,
        )

    def _settle(self) -> LoadOutcome:
        self.upload.refresh_from_db()
        upload = self.upload
        if upload.rows_stored + upload.rows_unchanged:
            _finish(upload, self.token, Upload.State.LOADED)
            return LoadOutcome.LOADED
        return _reject(upload, self.token, _why_nothing(upload))


def _why_nothing(upload: Upload) -> str:
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
