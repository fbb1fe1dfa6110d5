"""An installation with something in it, and an empty one of the same kind to restore into."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.migrated_database import copy_migrated_file

from .installations import SCENE, Installation, database_beside, drop_database

SERVER = os.environ.get("DATABASE_URL", "")


@pytest.fixture(autouse=True)
def _databases_of_their_own(django_db_blocker: Any) -> Iterator[None]:
    """None of these tests uses the database of the tests."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Made once; tests take copies."""
    name = f"ems_original_{uuid.uuid4().hex[:8]}"
    url = database_beside(SERVER, name) if request.param == "postgresql" else ""
    made = Installation(tmp_path_factory.mktemp(name), url)
    if not url:
        copy_migrated_file(made.folder / "db.sqlite3")
    made.done("migrate", "-v", "0")
    made.done("shell", "-v", "0", "-c", SCENE)
    yield made
    if url:
        drop_database(SERVER, name)


@pytest.fixture
def empty(original: Installation, tmp_path: Path) -> Iterator[Callable[[str], Installation]]:
    """``empty("b")``: a folder, and a database, with nothing in them."""
    names: list[str] = []

    def make(suffix: str, *, template: str = "template0") -> Installation:
        if not original.url:
            return Installation(tmp_path / suffix)
        names.append(f"ems_{suffix}_{uuid.uuid4().hex[:8]}")
        return Installation(tmp_path / suffix, database_beside(SERVER, names[-1], template=template))

    yield make
    for name in names:
        drop_database(SERVER, name)


@pytest.fixture
def installation(original: Installation, empty: Callable[..., Installation]) -> Installation:
    """A copy of the original that a test may change."""
    copy = empty("a", template=original.url.rpartition("/")[2])
    shutil.copytree(original.folder, copy.folder)
    return copy
