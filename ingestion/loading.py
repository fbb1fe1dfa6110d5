"""Load one upload: claim it, check the whole file, then store it block by block, each block in one transaction."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.utils import timezone

from core import site_rights
from core.authorship import Authorship, authored
from core.leases import LeaseLost
from ingestion import conversion, grid_records, inspection, parsing, row_accounts
from ingestion.block_store import BlockStore
from ingestion.file_formats import FileFormat
from ingestion.load_plan import LoadPlan
from ingestion.mapping import SUBSTATION
from ingestion.models import Upload
from ingestion.named_substations import NamedSubstations
from ingestion.new_substations import NewSubstations
from ingestion.plan import ImportPlan
from ingestion.problems import Unreadable
from ingestion.upload_leases import LoadOutcome, claim, finish, give_back, hold, loading, reject

logger = logging.getLogger(__name__)

UNPACKED_LIMIT = 10  # times the size limit: more than any export shrinks, less than a gzip bomb


def load(upload_id: int) -> LoadOutcome:
    """Load an upload, or carry on where a killed worker's last committed block ended. May run twice."""
    token = claim(upload_id)
    if token is None:
        return LoadOutcome.TAKEN
    upload = Upload.objects.select_related("uploaded_by").get(pk=upload_id)
    try:
        with authored(lambda: _author(upload)), _rights_of(upload):
            return _Load(upload, token).run()
    except LeaseLost:
        return LoadOutcome.TAKEN
    except Unreadable as error:
        return reject(upload, token, str(error))
    except Exception:  # the rim of the stage: the row says so, the sweep tries again
        logger.exception("Loading upload %s failed.", upload_id)
        return give_back(upload, token)


def _author(upload: Upload) -> Authorship:
    """Who makes the substations and overwrites the readings that a file brings."""
    name = upload.uploaded_by.get_username() if upload.uploaded_by else ""
    return Authorship(name, "worker", work=f"upload {upload.pk}")


def _rights_of(upload: Upload) -> AbstractContextManager[None]:
    """What was sent by nobody, from the folder or by a command, is loaded for the plant."""
    return site_rights.acting_for_user(upload.uploaded_by) if upload.uploaded_by else site_rights.whole_plant()


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
            row_accounts.note_lost(self.upload, self.token, going)
        elif self.options.unknown == "create":
            self._survey(form, plan)
        checkpoint = self.upload.checkpoint
        blocks = BlockStore(self.upload, self.token, self.substations, self.now_utc)
        for block in parsing.blocks(
            self.path, form, offset=checkpoint.get("offset", 0), line=checkpoint.get("line", 1)
        ):
            blocks.store(block, form, plan)
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

    def _survey(self, form: FileFormat, plan: ImportPlan) -> list[str]:
        """Read the whole file once: is it sound, within the limits? The new substations, where they are asked."""
        self._progress(stage=Upload.Stage.CHECKING)
        header = plan.column(SUBSTATION)
        found = NamedSubstations(form, header if self.options.unknown != "reject" else None)
        lines = size = 0
        for block in parsing.blocks(self.path, form):
            lines, size = block.next_line - 1 - form.first_data_line, block.next_offset
            self._limit(lines, size)
            found.look_at(block)
            hold(self.upload, self.token)
        self._progress(bytes_total=size)
        names = found.names if header or not plan.substation else [plan.substation]
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
        asked = loading(self.upload).release(
            self.token, state=Upload.State.WAITING, stage=Upload.Stage.NONE, questions=questions, attempts=0
        )
        return LoadOutcome.WAITING if asked else LoadOutcome.TAKEN

    def _progress(self, **changes: object) -> None:
        hold(self.upload, self.token)
        Upload.objects.filter(pk=self.upload.pk).update(progress_at=timezone.now(), **changes)

    def _settle(self) -> LoadOutcome:
        self.upload.refresh_from_db()
        upload = self.upload
        if upload.rows_stored + upload.rows_unchanged:
            finish(upload, self.token, Upload.State.LOADED)
            return LoadOutcome.LOADED
        return reject(upload, self.token, row_accounts.why_nothing(upload))
