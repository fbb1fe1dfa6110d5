"""Each address of the API × method × scope: a token without the scope is refused, and told which one it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from smart_ems.accounts.tests.token_scenes import bearer, token_of
from smart_ems.api import router
from smart_ems.tests.test_anonymous import example, patterns

pytestmark = pytest.mark.django_db
SCOPES = ("read", "write_readings", "operate")
SENDS_READINGS = ("/api/readings/", "/api/uploads/")
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
BY_PASSWORD = "/api/token/"


def routes() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each address of the API with an example of its arguments, and the methods that it takes."""
    yield from (("/api/", ("get",)), ("/api/schema/", ("get",)), ("/api/docs/", ("get",)))
    for prefix, viewset, _name in router.registry:
        lookup = router.get_lookup_regex(viewset)
        for route in router.get_routes(viewset):
            taken = router.get_method_map(viewset, route.mapping)
            if taken:
                path = route.url.format(prefix=prefix, lookup=lookup, trailing_slash="/")
                yield "/api/" + re.sub(r"\(\?P<\w+>[^)]*\)", "1", path).strip("^$"), tuple(taken)


ROUTES = sorted(routes())


def expected(path: str, method: str) -> str:
    if method in ("get", "head", "options"):
        return "read"
    return "write_readings" if path.startswith(SENDS_READINGS) else "operate"


def test_no_address_is_forgotten() -> None:
    there = {f"/{example(route)}" for route in patterns(get_resolver()) if route.startswith("api/")}
    assert there - {BY_PASSWORD} == {path for path, _taken in ROUTES}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("path", "taken"), ROUTES)
def test_a_token_needs_the_scope_of_what_it_asks(
    admin_user: User, path: str, taken: tuple[str, ...], scope: str
) -> None:
    headers = bearer(token_of(admin_user, [scope]))
    for method in ("head", "options", *taken):  # the last of them may revoke the token itself
        answer: Any = getattr(Client(), method)(path, headers=headers)
        needed = expected(path, method)
        if scope == needed:
            assert answer.status_code not in (401, 403), (method, answer.content)
        else:
            assert answer.status_code == 403, (method, answer.status_code)
            is_said = f"lacks the scope {needed}; it has: {scope}" in answer.content.decode()
            assert is_said or method == "head" or path == "/api/docs/", method  # a page says it is refused


def test_a_session_needs_none(admin_client: Client) -> None:
    assert admin_client.get("/api/alerts/").status_code == 200
    assert admin_client.post("/api/readings/", [], content_type="application/json").status_code == 400


def test_scopes_give_no_right(person: Any) -> None:
    answer = Client().post("/api/substations/", {"code": "B"}, headers=bearer(token_of(person("viewer"))))
    assert answer.status_code == 403
    assert "scope" not in answer.json()["detail"]


def test_the_schema_says_which_scope_an_operation_needs(admin_client: Client) -> None:
    found = admin_client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert found["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"
    for path, operations in found["paths"].items():
        for method in operations.keys() & set(METHODS) if path != BY_PASSWORD else ():
            assert operations[method]["x-token-scope"] == expected(path, method), (path, method)
            assert f"`{expected(path, method)}`" in operations[method]["responses"]["403"]["description"]
            assert {"bearerAuth": []} in operations[method]["security"]
