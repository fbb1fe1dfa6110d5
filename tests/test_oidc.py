"""Signing in at a real provider of OpenID Connect, in real HTTP: there, back, and with the rights of the groups."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit, urlunsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from pytest_django.live_server_helper import LiveServer

from smart_ems.accounts.models import SecurityEvent

from .conftest import ROOT, free_port, need, wait_until

pytestmark = [pytest.mark.django_db(transaction=True)]
FORM = re.compile(r'<form[^>]*action="([^"]+)"')


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the provider looks who is in which groups: those of ``belongs``."""
    file = tmp_path / "groups.json"
    file.write_text("{}")
    monkeypatch.setattr("tests.test_oidc.belongs", lambda name, *names: file.write_text(json.dumps({name: names})))
    return file


def belongs(name: str, *groups: str) -> None:
    """Put somebody into groups of the provider; the fixture ``groups`` says where."""


@pytest.fixture
def site(live_server: LiveServer, settings: Any, groups: Path) -> Iterator[str]:
    """The address of this server, with the provider beside it."""
    url = live_server.url
    is_there = shutil.which("node") is not None and (ROOT / "node_modules/oidc-provider").is_dir()
    need("node", is_there, "install Node 18 or newer and run npm ci")
    port = free_port()
    command = [
        "node",
        str(ROOT / "tests/oidc_provider.mjs"),
        str(port),
        f"{url}/sign-in/provider/callback/",
        str(groups),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT)
    assert process.stdout is not None
    wait_until(lambda: "listening" in str(process.stdout and process.stdout.readline()), 30, "the provider")
    settings.OIDC_ISSUER, settings.OIDC_NAME = f"http://localhost:{port}", "Grid ID"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "ems", "a-secret"
    settings.OIDC_ROLES = {"ops": {"operator"}, "boss": {"engineer", "staff"}}
    yield url
    process.kill()
    process.wait(10)


def at_provider(
    browser: requests.Session, site: str, login: str, path: str = "/sign-in/provider/"
) -> requests.Response:
    """Follow the link and sign in at the provider; its last answer, which leads back to this server."""
    answer = browser.get(site + path, timeout=20, allow_redirects=False)
    for _each in range(20):
        target = urljoin(answer.url, answer.headers.get("Location", ""))
        if target.startswith(f"{site}/sign-in/provider/callback/"):
            return answer
        if answer.is_redirect:
            answer = browser.get(target, timeout=20, allow_redirects=False)
            continue
        assert answer.status_code == 200, answer.text
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        form = {"prompt": prompt[1] if prompt else "", "login": login, "password": "any"}
        action = urljoin(answer.url, html.unescape(FORM.findall(answer.text)[0]))
        answer = browser.post(action, data=form, timeout=20, allow_redirects=False)
    raise AssertionError(f"The provider does not lead back: {answer.url}")


def signed_in(site: str, login: str, path: str = "/sign-in/provider/") -> tuple[requests.Session, requests.Response]:
    """A browser after the whole round, and the first answer of this server that is no redirect to the provider."""
    name, *member_of = login.split("+")
    belongs(name, *member_of)
    browser = requests.Session()
    back = at_provider(browser, site, name, path)
    return browser, browser.get(back.headers["Location"], timeout=20, allow_redirects=False)


def groups_of(name: str) -> list[str]:
    return sorted(Group.objects.filter(user__username=name).values_list("name", flat=True))


def roles_are_there() -> None:
    from smart_ems import roles

    roles.sync()


@pytest.fixture(autouse=True)
def _roles() -> None:
    roles_are_there()


def test_the_page_offers_it_and_the_round_makes_an_account_with_its_role(site: str) -> None:
    page = requests.get(f"{site}/sign-in/?next=/alerts/", timeout=20).text
    link = re.search(r'href="(/sign-in/provider/[^"]*)"', page)
    assert "Sign in with Grid ID" in page
    assert link
    browser, answer = signed_in(site, "ola+ops", link[1])
    assert answer.headers["Location"] == "/alerts/"
    assert browser.get(f"{site}/alerts/", timeout=20, allow_redirects=False).status_code == 200
    user = User.objects.get()
    assert (user.username, user.email, user.has_usable_password()) == ("ola", "ola@example.org", False)
    assert groups_of("ola") == ["operator"]
    assert SecurityEvent.objects.get(kind="signed_in").detail == "OpenID Connect"
    assert SecurityEvent.objects.filter(kind="user_made", account="ola").exists()


def test_rights_follow_the_claim_at_each_sign_in(site: str) -> None:
    signed_in(site, "ola+boss")
    user = User.objects.get()
    assert (groups_of("ola"), user.is_staff) == (["engineer"], True)
    signed_in(site, "ola+ops+other")
    user.refresh_from_db()
    assert (groups_of("ola"), user.is_staff) == (["operator"], False)
    _browser, refused = signed_in(site, "ola")
    assert refused.status_code == 403
    assert "has no role" in refused.text


def test_who_has_no_role_gets_no_account(site: str) -> None:
    _browser, refused = signed_in(site, "mia+visitors")
    assert refused.status_code == 403
    assert not User.objects.exists()


def test_no_account_is_made_where_that_is_off(site: str, settings: Any) -> None:
    settings.OIDC_CREATE_USERS = False
    _browser, refused = signed_in(site, "mia+ops")
    assert "Ask an administrator" in refused.text
    assert not User.objects.exists()


def test_nobody_takes_over_an_account_by_its_name_or_address(site: str) -> None:
    admin = User.objects.create_superuser("ola", "ola@example.org", "secret-pass-1")
    signed_in(site, "ola+ops")
    other = SocialAccount.objects.get().user
    assert other != admin
    assert other.username.startswith("ola")
    assert not other.is_superuser


def test_who_was_disabled_stays_out(site: str) -> None:
    signed_in(site, "ola+ops")
    User.objects.update(is_active=False)
    browser, _answer = signed_in(site, "ola+ops")
    assert browser.get(f"{site}/alerts/", timeout=20, allow_redirects=False).status_code == 302


def test_the_request_has_pkce_state_and_nonce(site: str) -> None:
    answer = requests.get(f"{site}/sign-in/provider/", timeout=20, allow_redirects=False)
    sent = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert sent["code_challenge_method"] == ["S256"]
    assert len(sent["nonce"][0]) >= 22
    assert len(sent["state"][0]) >= 16
    assert sent["response_type"] == ["code"]


def test_an_answer_meant_for_another_browser_signs_nobody_in(site: str) -> None:
    """An attacker's own answer put into the browser of a victim: the state is not that browser's."""
    belongs("mallory", "ops")
    back = at_provider(requests.Session(), site, "mallory")
    victim = requests.Session()
    victim.get(f"{site}/sign-in/provider/", timeout=20, allow_redirects=False)
    assert victim.get(back.headers["Location"], timeout=20).status_code == 403
    assert not User.objects.exists()


def test_an_answer_is_good_once_and_not_with_another_state(site: str) -> None:
    belongs("ola", "ops")
    browser = requests.Session()
    back = at_provider(browser, site, "ola").headers["Location"]
    parts = urlsplit(back)
    changed = parse_qs(parts.query) | {"state": ["x"]}
    forged = urlunsplit(parts._replace(query=urlencode(changed, doseq=True)))
    assert browser.get(forged, timeout=20).status_code == 403
    assert browser.get(back, timeout=20, allow_redirects=False).status_code == 302
    assert browser.get(back, timeout=20).status_code == 403


def test_a_token_with_another_nonce_is_refused(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a code of another sign-in had been injected."""
    belongs("ola", "ops")
    browser = requests.Session()
    back = at_provider(browser, site, "ola").headers["Location"]
    from allauth.socialaccount.internal import statekit

    kept = statekit.unstash_state
    monkeypatch.setattr(statekit, "unstash_state", lambda *a, **k: (kept(*a, **k) or {}) | {"nonce": "another"})
    assert browser.get(back, timeout=20).status_code == 403
    assert not User.objects.exists()


def test_a_cancelled_sign_in_is_said(site: str) -> None:
    browser = requests.Session()
    begun = browser.get(f"{site}/sign-in/provider/", timeout=20, allow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    answer = browser.get(f"{site}/sign-in/provider/callback/?error=access_denied&state={state}", timeout=20)
    assert answer.status_code == 403
    assert "cancelled or failed" in answer.text


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?code=%00", "?state[]=1"])
def test_a_made_up_answer_is_refused_in_words(site: str, query: str) -> None:
    answer = requests.get(f"{site}/sign-in/provider/callback/{query}", timeout=20)
    assert answer.status_code in (400, 403)


def test_a_provider_that_is_away_is_said(site: str, settings: Any) -> None:
    settings.OIDC_ISSUER = f"http://localhost:{free_port()}"
    answer = requests.get(f"{site}/sign-in/provider/", timeout=20)
    assert answer.status_code == 503
    assert "Grid ID cannot be reached" in answer.text


def test_another_issuer_than_the_document_names_is_refused(site: str, settings: Any) -> None:
    settings.OIDC_ISSUER = settings.OIDC_ISSUER.replace("localhost", "127.0.0.1")
    assert requests.get(f"{site}/sign-in/provider/", timeout=20).status_code in (403, 503)


def test_who_comes_from_the_provider_needs_no_factor_here(site: str, settings: Any) -> None:
    settings.REQUIRE_MFA = "all"
    browser, _answer = signed_in(site, "ola+ops")
    assert browser.get(f"{site}/alerts/", timeout=20, allow_redirects=False).status_code == 200


def test_passwords_of_all_but_superusers_can_be_off(site: str, settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False
    User.objects.create_user("mia", password="secret-pass-1")
    User.objects.create_superuser("root", password="secret-pass-1")
    for name, is_in in (("mia", False), ("root", True)):
        form = {"username": name, "password": "secret-pass-1"}
        assert (requests.post(f"{site}/api/token/", data=form, timeout=20).status_code == 200) == is_in


def test_without_an_issuer_there_is_no_such_page(live_server: LiveServer) -> None:
    assert requests.get(f"{live_server.url}/sign-in/provider/", timeout=20).status_code == 404
    assert requests.get(f"{live_server.url}/sign-in/provider/callback/", timeout=20).status_code == 404
    assert "/sign-in/provider/" not in requests.get(f"{live_server.url}/sign-in/", timeout=20).text
