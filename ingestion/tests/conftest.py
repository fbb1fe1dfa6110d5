from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from smart_ems import pipeline
from substations.models import Substation

Dispatched = list[str]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def dispatched(monkeypatch: pytest.MonkeyPatch) -> Dispatched:
    """The names of the tasks that would have been sent; no broker is needed."""
    names: Dispatched = []

    def dispatch(*tasks: tuple[str, tuple[int, ...]]) -> None:
        names.extend(name for name, _args in tasks)

    monkeypatch.setattr(pipeline, "_dispatch", dispatch)
    return names


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]]) -> Iterator[None]:
    """What is dispatched on commit is sent when the test ends."""
    with django_capture_on_commit_callbacks(execute=True):
        yield


def _user(name: str, *codenames: str) -> User:
    user = User.objects.create_user(name, password="x")
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def viewer(db: None) -> User:
    return _user("viewer", "view_upload")


@pytest.fixture
def operator(db: None) -> User:
    return _user("operator", "view_upload", "add_upload", "change_upload", "add_reading", "view_reading")


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    client = Client()
    client.force_login(viewer)
    return client


@pytest.fixture
def as_operator(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def station(db: None) -> Substation:
    return Substation.objects.create(code="SS-01", name="North yard", time_zone="Asia/Kolkata")
