"""Files and folders that change places, all of them or none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from smart_ems.private_files import FOLDER_MODE


class Exchange:
    """Inside the block paths are taken away and put; when it fails, each is back where it was."""

    def __init__(self, former: Path) -> None:
        self._former = former
        self._moves: list[tuple[Path, Path]] = []

    def take_away(self, path: Path) -> None:
        """Into ``former``; what is not there need not be."""
        if path.exists():
            self._former.mkdir(mode=FOLDER_MODE, exist_ok=True)
            self._move(path, self._former / f"{len(self._moves)}-{path.name}")

    def put(self, new: Path, path: Path) -> None:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self._move(new, path)

    def _move(self, source: Path, target: Path) -> None:
        shutil.move(source, target)
        self._moves.append((source, target))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            os.sync()
            return
        for source, target in reversed(self._moves):
            shutil.move(target, source)
