"""The API describes itself, and its pages load nothing from another host."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_has_no_warning() -> None:
    out, warnings = StringIO(), StringIO()
    with GENERATOR_STATS.silence():
        call_command("spectacular", validate=True, fail_on_warn=True, stdout=out, stderr=warnings)
    schema = out.getvalue()
    for path in ("/api/readings/", "/api/alerts/{id}/resolve/", "/api/uploads/", "/api/substations/{code}/"):
        assert f"  {path}:" in schema
    assert not re.findall(r"\w+[0-9A-Fa-f]{3}Enum", schema), "an enum without a name of its own"


@pytest.mark.parametrize("url", ["/api/schema/", "/api/docs/"])
def test_it_is_for_those_who_are_signed_in(client: Client, signed_in: SignIn, url: str) -> None:
    assert client.get(url).status_code in (401, 403)
    assert signed_in("viewer").get(url).status_code == 200


def test_the_root_lists_the_endpoints(client: Client, signed_in: SignIn) -> None:
    assert client.get("/api/").status_code in (401, 403)
    found = signed_in("viewer").get("/api/", headers={"Accept": "application/json"}).json()
    assert {"substations", "links", "readings", "uploads", "detections", "alerts"} <= set(found)


def test_the_browsable_pages_open(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    for name in ("substations", "links", "readings", "uploads", "detections", "alerts"):
        answer = client.get(f"/api/{name}/", headers={"Accept": "text/html"})
        assert answer.status_code == 200, name
        assert "<html" in text(answer)


def test_the_scripts_of_the_documentation_can_be_fetched(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    scripts = re.findall(r'<script src="([^"]+)"', text(client.get("/api/docs/")))
    own = [each for each in scripts if each.startswith("/api/")]
    assert own, "the set-up script has an address of its own"
    for address in own:
        answer = client.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "javascript" in answer.headers["Content-Type"]
        assert not re.findall(r"https?://(?!testserver)", text(answer))
