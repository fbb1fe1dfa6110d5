"""The bench of the pages: it asks for every page there is, and what it says of them is so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from alerts.models import Alert
from benchmarks import large_grid, pages
from substations.models import Link, Reading, Substation

pytestmark = pytest.mark.xdist_group("scratch")
# What answers a GET otherwise than with a page: files, a stream, redirects, the schema, what takes a POST alone, what
# is there before one has signed in, and what asks to confirm first that it is oneself.
NO_PAGES = {
    "forgot-password", "reset-password", "invitation", "provider-sign-in", "provider-callback",
    "events", "favicon", "login", "logout", "api-schema", "api-token", "substations:readings-csv",
    "ingestion:problems-csv", "ingestion:answer", "ingestion:discard", "ingestion:retry", "ingestion:again",
    "episode", "mlcore:activate", "mlcore:pin", "mlcore:reset-limit", "mlcore:train", "account_login",
    "account_reauthenticate", "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_add_webauthn", "mfa_remove_webauthn", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "reports:paper", "reports:sheet", "heartbeat", "ready", "metrics", "push-worker",
    "notifications:acknowledge",
}  # fmt: skip


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TEMPLATES": 3, "CLOSED_EACH": 2, "OPEN_EVERY": 2, "UPLOADS": 3, "PROBLEMS": 40}.items():
        monkeypatch.setattr(large_grid, name, value)
    monkeypatch.setattr(pages, "collect_static", lambda: False)
    monkeypatch.setattr(pages, "first_load_kb", lambda client, url: 1.0)


def patterns(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from patterns(each, route, inner)
        elif isinstance(each, URLPattern) and each.name:
            yield space + each.name, route, each.callback


def takes_get(callback: Any) -> bool:
    """Whether a view's decorators let a GET in, as far as they say."""
    cells = [cell.cell_contents for cell in getattr(callback, "__closure__", None) or ()]
    allowed = [each for each in cells if isinstance(each, list) and set(each) <= {"GET", "POST"}]
    inner = getattr(callback, "__wrapped__", None)
    return all("GET" in each for each in allowed) and (inner is None or takes_get(inner))


def test_every_page_and_fragment_there_is_is_measured() -> None:
    asked = [re.sub(r"\{\w+\}", "1", page.split("?")[0].lstrip("/")) for page in pages.PAGES]
    missing = [
        f"{name}: /{route}"
        for name, route, callback in patterns(get_resolver())
        if not route.startswith(("admin/", "api/"))
        and name not in NO_PAGES
        and takes_get(callback)
        and not any(re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", route), each) for each in asked)
    ]
    assert missing == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small")
def test_it_measures_each_page_and_every_one_answers() -> None:
    out = StringIO()
    call_command(
        "bench", "pages", "--substations", "6", "--days", "2", "--repeats", "1", "--server", "", "--json", stdout=out
    )
    found = json.loads(out.getvalue())
    assert found["substations"] == 6
    assert 0.95 < found["readings"] / (6 * 2 * 96) <= 1
    assert {page["url"]: page["status"] for page in found["pages"] if page["status"] != 200} == {}
    assert len(found["pages"]) == len(pages.PAGES)
    assert all(0 < page["median_ms"] <= page["worst_ms"] for page in found["pages"])
    assert "over 100 ms" not in pages.table(found | {"pages": [found["pages"][0] | {"median_ms": 99.0}]})
    assert "over 100 ms" in pages.table(found | {"pages": [found["pages"][0] | {"median_ms": 101.0}]})
    assert not Substation.objects.exists(), "it works on a database of its own"


@pytest.mark.django_db
@pytest.mark.usefixtures("small")
def test_the_copies_of_the_large_grid_have_readings_links_and_alerts_of_their_own() -> None:
    large_grid.fill(6, 2)
    rows = [
        list(Reading.objects.filter(substation=each).order_by("at").values("at", "power_factor"))
        for each in Substation.objects.filter(code__endswith="01")
    ]
    assert len(rows) == 2
    assert rows[0] == rows[1] != []
    ends = Link.objects.exclude(source=None).values_list("source__code", "target__code")
    assert {source[:2] == target[:2] for source, target in ends} == {True}
    assert Alert.objects.unresolved().count() == 3
    assert Alert.objects.in_history().count() == 12


@pytest.mark.django_db
@pytest.mark.usefixtures("small")
def test_no_page_asks_more_queries_of_a_larger_grid() -> None:
    small, large = queries_with(15), queries_with(30)
    for each in (small, large):
        del each["/admin/substations/substation/{substation}/change/"]  # its form has a row for each link
    assert small == large
    assert large.pop("/admin/") <= 41, "the state of every part of the system; PostgreSQL is asked for its size"
    replay = "/losses/what-if/?substation={code}&fixed_kvar=10"
    assert large.pop(replay) <= 21, "twelve months of a network, its tariff and its prices"
    assert max(large.values()) <= 16, large


def queries_with(substations: int) -> dict[str, int]:
    """Queries of each page with a grid of some size, which is taken back afterwards."""
    with transaction.atomic():
        large_grid.fill(substations, 2)
        client = Client()
        client.force_login(User.objects.get(username="bench"))
        costs = pages.measured(client, pages.addresses(), 0)
        transaction.set_rollback(True)
    return {page: cost.queries for page, cost in zip(pages.PAGES, costs, strict=True)}


def test_a_wish_that_cannot_be_measured_is_refused() -> None:
    with pytest.raises(CommandError, match="received 1 and 9"):
        call_command("bench", "pages", "--days", "1")


def test_the_first_load_counts_files_as_they_are_sent_and_leaves_plotly_out(settings: Any, tmp_path: Path) -> None:
    for name, size in (("a.js", 3000), ("a.js.gz", 1024), ("b.css", 2048), ("plotly.min.js", 9000)):
        (tmp_path / name).write_bytes(bytes(size))
    settings.STATIC_ROOT = tmp_path
    page = (
        b'<script src="/static/a.js"></script><link href="/static/b.css?v=1">'
        b'<script src="/static/plotly.min.js"></script><a href="/static/img/none">'
    )
    client = mock.Mock(get=mock.Mock(return_value=HttpResponse(page)))
    assert pages.first_load_kb(client, "/") == pytest.approx((len(page) + 1024 + 2048) / 1024)
