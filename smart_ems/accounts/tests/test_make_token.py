"""``manage.py make_token``."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from smart_ems.accounts.models import ApiToken
from smart_ems.accounts.tests.token_scenes import bearer

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
WANTED = ["viewer-user", "--name", "gateway", "--scope", "read"]


def made(*arguments: str) -> tuple[str, str]:
    out, said = StringIO(), StringIO()
    call_command("make_token", *arguments, stdout=out, stderr=said)
    return out.getvalue(), said.getvalue()


def test_the_token_stands_alone_on_the_output(person: Cast) -> None:
    person("viewer")
    out, said = made(*WANTED, "--scope", "operate")
    assert Client().get("/api/alerts/", headers=bearer(out.strip())).status_code == 200
    assert out.count("\n") == 1
    assert "viewer-user for read, operate, good until" in said
    kept = ApiToken.objects.get()
    assert kept.expires_at is not None
    assert (kept.expires_at - timezone.now()).days == 364


@pytest.mark.parametrize(
    ("change", "said"),
    [({"viewer-user": "nobody"}, "“nobody”"), ({"gateway": "x" * 81}, "80"), ({"read": "all"}, "all")],
)
def test_what_cannot_be_is_said(person: Cast, change: dict[str, str], said: str) -> None:
    person("viewer")
    with pytest.raises(CommandError, match=said):
        made(*(change.get(each, each) for each in WANTED))
    assert not ApiToken.objects.exists()


def test_for_ever_takes_a_site_that_allows_it(person: Cast, settings: Any) -> None:
    person("viewer")
    with pytest.raises(CommandError, match="expected 1 to 365"):
        made(*WANTED, "--days", "0")
    settings.TOKEN_MAX_DAYS = 0
    assert "for ever" in made(*WANTED, "--days", "0")[1]
