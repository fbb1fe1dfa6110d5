"""Every URL there is, asked for by every role with every method: nothing of a substation that is not given is readable,
and nothing of it is changed. A new URL is in the matrix without being named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from .site_scenes import MARK, Scene, Side, member, scene, scoped_models
from .test_anonymous import patterns

pytestmark = pytest.mark.django_db
ROLES = ("viewer", "operator", "engineer", "staff")
WRITES = ("post", "put", "patch", "delete")
NOT_ASKED = {"sign-out/": "ends the session", "events/": "an endless answer, see test_event_stream"}
FIGURE = re.compile(r"(?<![\w.-])4[\s,.\u202f\u00a0']?711(?!\d*px)")
"""The figure of the hidden rows, and every sum that they are part of."""


def address(route: str, side: Side) -> str:
    """The path of a route that names the rows of one side, whatever model they are of."""
    texts = {"code": side.substation.code, "app_label": "substations", "format": "json", "drf_format_suffix": ".json"}
    key = str(side.key)

    def value(name: str, kind: str | None) -> str:
        if kind == "uuid":
            return f"00000000-0000-0000-0000-{side.key:012x}"
        return texts.get(name, key)

    route = re.sub(r"<(?:(\w+):)?(\w+)>(?![^()]*\))", lambda part: value(part[2], part[1]), route)
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda group: value(group[1], None), route)
    return re.sub(r"[\^$\\]", "", route.removesuffix("/?$"))


ROUTES = sorted({route for route in patterns(get_resolver())} - NOT_ASKED.keys())


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")  # type: ignore[no-any-return]


def leaks(text: str) -> list[str]:
    found = [text[max(0, at.start() - 120) : at.end() + 60] for at in re.finditer(MARK, text)]
    return found + [text[max(0, at.start() - 120) : at.end() + 60] for at in FIGURE.finditer(text)]


def stored(side: Side) -> dict[str, list[Any]]:
    """Everything that hangs on one substation, as the database has it."""
    pks: dict[type[models.Model], Any] = {type(row): row.pk for row in side.rows.values()}
    rows = {each._meta.label: list(each._base_manager.filter(pk=pk).values()) for each, pk in pks.items()}
    return rows | {"substation": list(type(side.substation)._base_manager.filter(pk=side.key).values())}


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_that_is_not_given_is_read_or_written(route: str) -> None:
    cast: Scene = scene()
    path = f"/{address(route, cast.hidden)}"
    before = stored(cast.hidden)
    for role in ROLES:
        client = signed_in(member(role))
        answer = client.get(path)
        own = path.replace(f"{MARK}-CODE", "")
        assert not leaks(body_of(answer).replace(path, own)), (role, answer.status_code)
        assert answer.status_code < 500, (role, answer.status_code)
    for method in WRITES:
        answer = getattr(client, method)(path, {}, content_type="application/json")
        assert not leaks(body_of(answer).replace(path, "")), (method, answer.status_code)
    answer = client.post(path, {"post": "yes", "action": "delete_selected", "_selected_action": str(cast.hidden.key)})
    assert not leaks(body_of(answer).replace(path, "")), answer.status_code
    assert stored(cast.hidden) == before
