"""What every test shares: settings without side effects, and a small fixed cast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client

from tests.database_use import uses_database
from tests.migrated_database import copied_into_memory, copied_on_the_server

# A busy machine is no fault of what is tested.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="only tests that may ask the database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("database_only"):
        config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
        items[:] = [item for item in items if uses_database(item)]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked ``postgres`` ask the database that ``DATABASE_URL`` names; elsewhere they say what is missing."""
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL=postgres://user:password@host/name")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Hide the event loop that a browser started by an earlier test keeps running: Django refuses to work inside one.

    The last test of a process is left as it is, since the browser ends with it.
    """
    is_free = nextitem is not None and "browser" not in getattr(item, "fixturenames", ())
    loop = asyncio._get_running_loop() if is_free else None
    if loop is not None:
        asyncio._set_running_loop(None)
    yield
    if loop is not None:
        asyncio._set_running_loop(loop)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_keepdb: bool
) -> Iterator[None]:
    """pytest-django asks for this before it creates the database, which starts as a copy of a migrated one.

    On a server ``--reuse-db`` keeps the database of an earlier run instead.
    """
    if connection.vendor == "sqlite":
        with copied_into_memory(connection.creation._get_test_db_name()):  # type: ignore[attr-defined]  # of SQLite
            yield
        return
    if not django_db_keepdb:
        copied_on_the_server()
    yield


@pytest.fixture(autouse=True)
def _own_files_and_no_broker(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads go to a folder of the test, static files need no manifest, and nothing reaches a broker."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SCORER_FILES = tmp_path / "scorers"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr("smart_ems.pipeline._dispatch", lambda *tasks: None)


@pytest.fixture
def person(db: None) -> Callable[[str], User]:
    """``person("operator")``: a user in that role; ``person("outsider")``: signed in, but in none."""

    def make(role: str) -> User:
        user = User.objects.create_user(f"{role}-user", password="secret-pass-1")
        if role != "outsider":
            user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def signed_in(person: Callable[[str], User]) -> Callable[[str], Client]:
    """``signed_in("viewer")``: a browser in which a user of that role is signed in."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(person(role))
        return client

    return make
