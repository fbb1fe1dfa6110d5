"""Who is not signed in sees nothing: every URL of the project but a short list sends to the sign-in page or refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# Each with what it answers to somebody unknown.
PUBLIC = {
    "favicon.ico": 302,  # to the picture
    "healthz": 200,
    "readyz": 503,  # no worker has run here
    "metrics": 404,  # no token is set
    "heartbeat/": 503,  # nothing has run here
    "push-worker.js": 200,
    "sign-in/": 200,
    "sign-in/second-factor/": 302,  # to the first step
    "sign-out/": 405,  # a POST signs out
    "admin/login/": 302,  # to the page of signing in
    "api/token/": 405,  # a POST with name and password is answered with a token
}
EXAMPLES = {"int": "1", "path": "1/", "id": "1", "app_label": "auth", "format": "json", "drf_format_suffix": ".json"}


def patterns(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def example(route: str) -> str:
    """A path that a route matches: an example for each converter and each named group of it."""
    route = re.sub(r"<(?:(\w+):)?(\w+)>(?![^()]*\))", lambda part: EXAMPLES.get(part[1] or part[2], "x"), route)
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda group: EXAMPLES.get(group[1], "1"), route)
    return re.sub(r"[\^$\\]", "", route.removesuffix("/?$"))


ROUTES = sorted({example(route) for route in patterns(get_resolver())})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ROUTES)
def test_nobody_gets_in_without_signing_in(path: str) -> None:
    answer = Client().get(f"/{path}")
    if path in PUBLIC:
        assert answer.status_code == PUBLIC[path]
        return
    to_sign_in = (answer.status_code == 302 and "/sign-in/?" in answer["Location"]) or "login/?" in answer.get(
        "Location", ""
    )
    assert to_sign_in or answer.status_code in (401, 403, 404), answer.status_code


def test_the_public_urls_exist() -> None:
    assert PUBLIC.keys() <= set(ROUTES)
