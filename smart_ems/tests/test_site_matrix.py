"""Every URL there is, asked for by every role with every method: nothing of a substation that is not given is readable,
and nothing of it is changed. A new URL is in the matrix without being named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import get_resolver

from .site_scenes import MARK, Side, member, scene
from .test_anonymous import patterns

pytestmark = pytest.mark.django_db
ROLES = ("viewer", "operator", "engineer", "staff")
AT_ONCE = 20
MIN_TELLING = 40
OTHERWISE = re.compile(r"api/shift-|uploads|api/uploads|api/feeder-supplies|api/report-schedules")
"""What goes by its author, by the whole plant, or by a whole feeder: part of the one of the scene is hidden."""
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


ROUTES = sorted(set(patterns(get_resolver())) - NOT_ASKED.keys())


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


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


def problems_of(route: str, side: Side, users: dict[str, User]) -> Iterator[str]:
    """What of the hidden side is readable at an address, by whom and how."""
    path, is_admin = f"/{address(route, side)}", route.startswith("admin/")
    for role in ("staff",) if is_admin else ROLES:
        yield from _leaking(path, role, signed_in(users[role]).get(path))
    for method in WRITES if route.startswith("api/") else ("post",):
        sent: dict[str, Any] = {"data": {}, "content_type": "application/json"}
        yield from _leaking(path, method, getattr(signed_in(users["staff"]), method)(path, **sent))
    form = {"post": "yes", "action": "delete_selected", "_selected_action": str(side.key)}
    yield from _leaking(path, "form", signed_in(users["staff"]).post(path, form))


def _leaking(path: str, how: str, answer: Any) -> Iterator[str]:
    text = body_of(answer).replace(path, "")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        text = text.replace(f"{MARK}-CODE", "")  # what was asked for may be said again
    if found := leaks(text):
        yield f"{path} {how} {answer.status_code}: {found[:2]}"
    elif how in ROLES and answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        yield f"{path} {how}: {answer.status_code}"


@pytest.mark.parametrize("start", range(0, len(ROUTES), AT_ONCE))
def test_nothing_that_is_not_given_is_read_or_written(start: int) -> None:
    cast = scene()
    users = {role: member(role) for role in ROLES}
    before = stored(cast.hidden)
    routes = ROUTES[start : start + AT_ONCE]
    assert [each for route in routes for each in problems_of(route, cast.hidden, users)] == []
    assert stored(cast.hidden) == before, routes


def test_the_matrix_can_fail() -> None:
    """The same addresses tell somebody to whom all is given of the hidden substation, and of its figures."""
    cast = scene()
    client = signed_in(member("staff", everything=True))
    routes = [route for route in ROUTES if not route.startswith("admin/")]
    answers = [client.get(f"/{address(route, cast.hidden)}") for route in routes]
    shown = [body_of(answer) for answer in answers if answer.status_code == HTTPStatus.OK]
    assert sum(MARK in text for text in shown) > MIN_TELLING
    assert sum(FIGURE.search(text) is not None for text in shown) > MIN_TELLING / 2


def test_what_is_given_is_shown() -> None:
    """Each address that shows a row to somebody who is given all shows that of the given side to the others, too."""
    cast = scene()
    everything, part = (signed_in(member("staff", everything=all_of_it)) for all_of_it in (True, False))
    routes = [each for each in ROUTES if re.search(r"code|pk", each) and not each.startswith("admin/")]
    paths = [path for route in routes if not OTHERWISE.match((path := f"/{address(route, cast.given)}")[1:])]
    shown = [path for path in paths if everything.get(path).status_code == HTTPStatus.OK]
    assert len(shown) > MIN_TELLING / 2
    assert [path for path in shown if part.get(path).status_code != HTTPStatus.OK] == []
