"""The page that describes the API, in the user's theme."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from smart_ems.accounts.models import Preferences
from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db
URL = "/api/docs/"


def test_it_asks_to_sign_in() -> None:
    assert Client().get(URL).status_code in (302, 401, 403)


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_it_follows_the_theme_of_the_user(signed_in: SignIn, theme: str) -> None:
    client = signed_in("viewer")
    Preferences.objects.update_or_create(user_id=client.session["_auth_user_id"], defaults={"theme": theme})
    page = text(client.get(URL))
    assert f'data-theme="{theme}"' in page
    assert page.index("theme.js") < page.index("api-docs.js") < page.index("swagger-ui.css")


def test_it_holds_no_inline_script_and_nothing_of_another_host(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(URL))
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
