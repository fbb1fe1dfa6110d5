"""The migrated database that the tests share is that of the migrations there are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from .migrated_database import copy_migrated_file, fingerprint


def migration(folder: Path, text: str) -> ModuleType:
    module = ModuleType("migration")
    (folder / "0001_first.py").write_text(text)
    module.__file__ = str(folder / "0001_first.py")
    return module


def test_another_migration_has_another_fingerprint(tmp_path: Path) -> None:
    before = fingerprint([migration(tmp_path, "one")])
    assert fingerprint([migration(tmp_path, "one")]) == before
    assert fingerprint([migration(tmp_path, "two")]) != before
    assert fingerprint([]) != before
    assert fingerprint() != fingerprint([])


@pytest.mark.django_db
def test_a_test_has_every_migration_applied() -> None:
    assert MigrationRecorder(connection).applied_migrations().keys() >= MigrationLoader(None).disk_migrations.keys()


def test_a_copy_is_whole_and_empty(tmp_path: Path) -> None:
    copy_migrated_file(tmp_path / "db.sqlite3")
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM django_migrations").fetchall() > [(100,)]
        assert database.execute("SELECT count(*) FROM substations_substation").fetchall() == [(0,)]
