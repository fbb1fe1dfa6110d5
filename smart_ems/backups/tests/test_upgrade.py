"""The upgrade drill: the database of an earlier version comes to this one, or stays as it was."""

from __future__ import annotations

import pytest

from .installations import Installation, Rows

pytestmark = pytest.mark.xdist_group("backups")
MIGRATION = "DELETE FROM django_migrations WHERE app = 'retention'"


def everything_else(rows: Rows) -> Rows:
    return {name: found for name, found in rows.items() if name not in ("django_migrations", "sqlite_sequence")}


@pytest.mark.timeout(200)
def test_the_database_of_an_earlier_version_comes_to_this_one(installation: Installation) -> None:
    before = installation.rows()
    installation.execute(MIGRATION)
    installation.execute("DROP TABLE retention_pruningstate")
    said = installation.done("upgrade")
    assert "Backed up: " in said
    assert "retention.0001_pruning_state... OK" in said
    assert "This is version " in said
    assert everything_else(installation.rows()) == everything_else(before)
    (backup,) = (installation.folder / "backups").iterdir()
    assert str(backup) in said
    assert "No migrations to apply" in installation.done("upgrade")


@pytest.mark.timeout(200)
def test_one_that_fails_leaves_everything_as_it_was(installation: Installation) -> None:
    installation.execute(MIGRATION)  # the table is there: creating it fails
    before = installation.rows()
    ended = installation.manage("upgrade")
    assert ended.returncode == 1
    assert "The upgrade failed" in ended.stderr
    assert "as they were before" in ended.stderr
    assert installation.rows() == before
    assert installation.files() != {}


def test_it_is_refused_while_something_runs(installation: Installation) -> None:
    writer = installation.writer()
    try:
        ended = installation.manage("upgrade")
    finally:
        writer.kill()
        writer.wait()
    assert ended.returncode == 1
    assert "Nothing was changed." in ended.stderr
    assert "Stop web, workers and beat" in ended.stderr
