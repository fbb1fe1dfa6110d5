"""No page asks another host for anything, and no script stands in a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from alerts.tests.alert_scenes import raised, resolved
from smart_ems.dashboard.tests.scene import SignIn, station, text

pytestmark = pytest.mark.django_db
PAGES = (
    "/", "/alerts/", "/alerts/{alert}/", "/alerts/{alert}/resolve/", "/alerts/history/",
    "/alerts/kpis/", "/alerts/maintenance/", "/substations/",
    "/substations/A/", "/uploads/", "/uploads/new/", "/models/", "/reports/", "/reports/?kind=shift",
    "/tokens/", "/sessions/", "/second-factor/", "/password/", "/password/done/", "/api/docs/",
    "/admin/", "/admin/substations/substation/", "/admin/substations/substation/import/", "/admin/alerts/alert/",
)  # fmt: skip
# What a browser fetches by itself; a link that a person may follow is none of these.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|input|use|image)\b[^>]*?\b(?:src|srcset|href|xlink:href)=[\"']([^\"']+)"
    r"|<link\b[^>]*?\bhref=[\"']([^\"']+)|<object\b[^>]*?\bdata=[\"']([^\"']+)|url\(\s*[\"']?([^\"')]+)",
    re.IGNORECASE,
)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)[^>]*>\s*\S", re.IGNORECASE)
HANDLER = re.compile(r"<[^>]+\son(?:click|load|error|submit|change|input)=", re.IGNORECASE)


def elsewhere(page: str) -> list[str]:
    """Addresses on another host that the page would fetch."""
    found = ["".join(groups) for groups in FETCHED.findall(page)]
    return [each for each in found if re.match(r"(?:[a-z]+:)?//", each, re.IGNORECASE) and not each.startswith("data:")]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fetches_from_its_own_host_alone(admin_client: Client, page: str) -> None:
    station("A")
    answer = admin_client.get(page.format(alert=raised("A").pk))
    assert answer.status_code == 200
    assert elsewhere(text(answer)) == []


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("/admin/")])
def test_no_script_and_no_handler_stands_in_a_page(admin_client: Client, page: str) -> None:
    content = text(admin_client.get(page.format(alert=raised("A").pk)))
    assert not INLINE_SCRIPT.search(content)
    assert not HANDLER.search(content)


@pytest.mark.parametrize("page", ["/sign-in/", "/nowhere/"])
def test_those_without_a_session_get_such_pages_too(client: Client, page: str) -> None:
    content = text(client.get(page))
    assert "Smart EMS" in content
    assert elsewhere(content) == []
    assert not INLINE_SCRIPT.search(content)


def test_a_refused_page_says_so_in_the_frame_of_the_product(signed_in: SignIn) -> None:
    answer = signed_in("outsider").get("/")
    assert answer.status_code == 403
    assert "Smart EMS" in text(answer)


def test_the_check_itself_sees_what_it_looks_for() -> None:
    assert elsewhere('<script src="https://cdn.example/x.js">') == ["https://cdn.example/x.js"]
    assert elsewhere("<link rel=preload href='//cdn.example/x.css'>") == ["//cdn.example/x.css"]
    assert elsewhere('<i style="background:url(http://x.example/a.png)">') == ["http://x.example/a.png"]
    assert elsewhere('<a href="https://example.org">read</a><img src="/static/a.png">') == []
    assert INLINE_SCRIPT.search("<script>alert(1)</script>")
    assert not INLINE_SCRIPT.search('<script src="/a.js"></script>')


@pytest.mark.parametrize("page", ["/", "/alerts/", "/api/docs/", "/admin/", "/sign-in/"])
def test_the_policy_lets_no_inline_script_run(admin_client: Client, client: Client, page: str) -> None:
    policy = admin_client.get(page, follow=True).headers["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    assert directives["script-src"] == ["'self'"]
    assert directives["default-src"] == ["'self'"]
    assert directives["connect-src"] == ["'self'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert directives["object-src"] == ["'none'"]


def test_other_headers_keep_the_page_to_itself(client: Client) -> None:
    headers = client.get("/sign-in/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_style_sheets_of_our_own_fetch_from_their_own_host() -> None:
    sheets = [path for folder in settings.STATICFILES_DIRS for path in Path(folder).rglob("*.css")]
    assert sheets
    for sheet in sheets:
        content = sheet.read_text()
        assert "@import" not in content.split("{")[0], sheet
        assert [each for each in elsewhere(content) if not each.startswith("http://www.w3.org/")] == [], sheet


def test_closed_alerts_are_pages_too(admin_client: Client, admin_user: object) -> None:
    alert = resolved(raised("A"), admin_user)  # type: ignore[arg-type]  # a user of the stubs
    assert elsewhere(text(admin_client.get(alert.get_absolute_url()))) == []
