"""Store an upload block by block: rows, problems, counts and checkpoint of each in one transaction."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from numpy.typing import NDArray

from ingestion import parsing, row_accounts, storage, validation
from ingestion.file_formats import FileFormat
from ingestion.models import Upload
from ingestion.new_substations import NewSubstations
from ingestion.parsing import TextBlock
from ingestion.plan import ImportPlan
from ingestion.upload_leases import hold

# chosen: the result links a few of them; the rest is counted.
MAX_TOUCHED = 500


class BlockStore:
    """Where the loading of one upload stands; begins at its checkpoint. ``now_utc`` is the present."""

    def __init__(self, upload: Upload, token: UUID, substations: NewSubstations, now_utc: np.datetime64) -> None:
        self.upload, self.token, self.substations, self.now_utc = upload, token, substations, now_utc
        checkpoint = upload.checkpoint
        self.touched: list[int] = checkpoint.get("substations", [])
        self.positions = {
            substations.grid.ids[name]: count
            for name, count in checkpoint.get("positions", {}).items()
            if name in substations.grid.ids
        }

    def store(self, block: TextBlock, form: FileFormat, plan: ImportPlan) -> None:
        """One block: judge it, then store rows, problems, counts and checkpoint in one transaction."""
        table = parsing.read_table(block, form, plan.numbers, plan.texts)
        checked = validation.check(table, plan, self.substations.grid, now=self.now_utc, positions=self.positions)
        storage.make_months(checked.rows)
        with transaction.atomic():
            hold(self.upload, self.token)
            admitted = self.substations.admit(checked.rows)
            storage.lock_all(admitted.rows, checked.future)
            stored = storage.store(admitted.rows)
            if self.upload.source == Upload.Source.API:  # what a program sends, it will send again
                storage.note_fresh(admitted.rows)
            storage.note_future(checked.future)
            row_accounts.keep(self.upload, checked.problems)
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
