"""What a scorer remembers, in a file, so that the next process need not judge days of context again.

A checkpoint fits as long as the process that wrote it is the last that judged the batch (``ownership``), the scorer
rests on the same things, and the program is the same. Whoever judges steps again from before it removes it first.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings

import mlcore
import substations
from mlcore.diagnosis.history import Array, HistoryStore
from mlcore.diagnosis.incremental import KeptHistory
from mlcore.training import artifacts
from substations.electrical.nameplate import Nameplate

logger = logging.getLogger(__name__)

FORMAT_VERSION = 2
# Chosen: a restart judges so much again, which takes less than reading the file; no batch is written more often.
EVERY_S = 1800.0
# Chosen: after a tick so long at most, then the next batch waits for the next tick. Measured: a batch of 500
# substations is 22 MB and takes 0.2 s.
BUDGET_S = 0.5
TRACKED = "tracked history "
"""Before the names of the arrays of tracked substations: no quantity that windows remember is called so."""
MAX_TRACKED_BYTES = 32_000_000
"""Chosen: of a batch so much is kept of substations with an alarm, some fifty after five days of quarter-hours (0.6 MB
each, measured); the next process reads and judges the others again."""
MAX_AGE_S = 86_400.0
"""The longest gap that is judged step by step (``scorer_starts.MAX_LIVE``): older files are of no use."""


@dataclass(frozen=True)
class Checkpoint:
    """A scorer's state: what its windows remember up to ``judged_until_s``, and the plates it guessed.

    process: whose it was. tracked: substations with an alarm, whose whole history is needed.
    """

    process: UUID
    judged_until_s: int
    history: HistoryStore
    nameplates: tuple[Nameplate, ...]
    tracked: tuple[KeptHistory, ...] = ()


def path_of(ids: Sequence[int]) -> Path:
    """Where the state of the scorer of a batch is kept."""
    return Path(settings.SCORER_FILES) / f"{ids[0]}.scorer"


def remove(ids: Sequence[int]) -> None:
    """No process may begin with what is kept of a batch."""
    path_of(ids).unlink(missing_ok=True)


def write(ids: Sequence[int], basis: Any, checkpoint: Checkpoint) -> None:
    """Keep a state, in one piece or not at all."""
    history = checkpoint.history
    meta = _expected(ids, basis) | {
        "process": str(checkpoint.process),
        "judged_until_s": checkpoint.judged_until_s,
        "seen_steps": history.seen_steps,
        "rewindable_steps": history.rewindable_steps,
        "spare_steps": history.spare_steps,
        "nameplates": [_plain(asdict(plate)) for plate in checkpoint.nameplates],
        "tracked": [[each.row, each.quiet_steps, len(each.arrays)] for each in checkpoint.tracked],
    }
    arrays = {
        _tracked(each.row, place): array for each in checkpoint.tracked for place, array in enumerate(each.arrays)
    }
    artifact = artifacts.pack(history.remembered | arrays, meta)
    head = json.dumps({"meta": artifact.meta, "sha256": artifact.sha256}).encode()
    path = path_of(ids)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines((head, b"\n", artifact.data))
    partial.replace(path)


def read(ids: Sequence[int], basis: Any) -> Checkpoint | None:
    """What is kept of a batch; None where there is nothing, or it does not fit."""
    try:
        with path_of(ids).open("rb") as file:
            head, data = json.loads(file.readline()), file.read()
        meta: dict[str, Any] = head["meta"]
        if any(meta.get(name) != value for name, value in _expected(ids, basis).items()):
            return None
        arrays = artifacts.unpack(data, meta, head["sha256"])
        return _checkpoint(meta, arrays)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, artifacts.ArtifactError) as error:
        logger.warning("What is kept of the scorer of %s cannot be used, it begins anew: %s", ids[0], error)
        remove(ids)
        return None


def _checkpoint(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> Checkpoint:
    tracked = tuple(
        KeptHistory(row, quiet_steps, [arrays[_tracked(row, place)] for place in range(count)])
        for row, quiet_steps, count in meta["tracked"]
    )
    remembered = {name: array for name, array in arrays.items() if not name.startswith(TRACKED)}
    history = HistoryStore(meta["spare_steps"])
    history.remember(remembered, seen_steps=meta["seen_steps"], rewindable_steps=meta["rewindable_steps"])
    plates = tuple(Nameplate(**{**plate, "assumed": frozenset(plate["assumed"])}) for plate in meta["nameplates"])
    return Checkpoint(UUID(meta["process"]), meta["judged_until_s"], history, plates, tracked)


def _tracked(row: int, place: int) -> str:
    return f"{TRACKED}{row}.{place}"


def _expected(ids: Sequence[int], basis: Any) -> dict[str, Any]:
    """What has to be the same when a state is used."""
    return {
        "format": FORMAT_VERSION,
        "program": program_digest(),
        "ids": list(ids),
        "basis": hashlib.sha256(repr(basis).encode()).hexdigest(),
    }


@cache
def program_digest() -> str:
    """A value for the source of all that a state may depend on: other code, other state."""
    digest = hashlib.sha256(np.__version__.encode())
    for path in sorted(_sources()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for package, folder in ((mlcore, "."), (substations, "electrical")):
        for path in (Path(package.__path__[0]) / folder).rglob("*.py"):
            if not {"tests", "migrations", "web"} & set(path.parts):
                yield path
    yield Path(substations.__path__[0]) / "channels.py"


def _plain(plate: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in plate.items()}


def remove_old() -> None:
    """Remove files that are too old to go on from, of whichever batch or process."""
    with suppress(OSError):
        for path in path_of((0,)).parent.iterdir():
            if time.time() - path.stat().st_mtime > MAX_AGE_S:
                path.unlink(missing_ok=True)
