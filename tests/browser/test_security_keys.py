"""Security keys in a real browser: its debugger plays the key, everything else is as it is for a person.

The address is one with a host name: keys belong to one, and there is none for an address in numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import MARKS, PASSWORD, WIDE, Grid, watched

pytestmark = MARKS
NAME = "mia"


@dataclass
class Seat:
    """A page, and the socket into which keys are put."""

    page: Page
    debugger: Any
    url: str
    errors: list[str]

    def put_in(self, *, resident: bool) -> str:
        options = {
            "protocol": "ctap2", "transport": "usb", "hasResidentKey": resident, "hasUserVerification": resident,
            "isUserVerified": resident,
        }  # fmt: skip
        made = self.debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(made["authenticatorId"])

    def take_out(self, key: str) -> None:
        self.debugger.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})

    def type_password(self) -> None:
        self.page.context.clear_cookies()
        self.page.goto(f"{self.url}/sign-in/")
        self.page.get_by_label("User name").fill(NAME)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def add(self, name: str) -> None:
        self.page.goto(f"{self.url}/second-factor/keys/")
        self.page.get_by_label("Name of the key").fill(name)
        self.page.get_by_role("button", name="Add a key").click()


@pytest.fixture
def seat(browser: Browser, grid: Grid) -> Iterator[Seat]:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    debugger = context.new_cdp_session(page)
    debugger.send("WebAuthn.enable")
    yield Seat(page, debugger, grid.url.replace("127.0.0.1", "localhost"), watched(page))
    context.close()
    with closing(grid.database()) as database, database:
        database.execute("DELETE FROM mfa_authenticator")


@pytest.mark.parametrize("resident", [True, False], ids=["passkey", "key"])
def test_a_key_is_added_asked_for_and_ended(seat: Seat, resident: bool) -> None:
    page = seat.page
    seat.type_password()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    seat.put_in(resident=resident)
    seat.add("Blue key")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator(".codes li").count() == 10
    seat.type_password()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use a security key").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.goto(f"{seat.url}/second-factor/")
    expect(page.get_by_text("last used")).to_be_visible()
    page.get_by_role("link", name="End", exact=True).click()
    page.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_role("link", name="Set up an app")).to_be_visible()
    seat.type_password()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    assert seat.errors == []


def test_another_key_is_refused_in_words_and_a_recovery_code_gets_in(seat: Seat) -> None:
    page = seat.page
    seat.type_password()
    mine = seat.put_in(resident=True)
    seat.add("Blue key")
    code = page.locator(".codes li").first.inner_text()
    seat.take_out(mine)
    seat.put_in(resident=True)
    seat.type_password()
    page.get_by_role("button", name="Use a security key").click()
    expect(page.get_by_text("No key answered. Try again.")).to_be_visible()
    page.get_by_label("Recovery code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_one_key_is_not_added_twice(seat: Seat) -> None:
    seat.type_password()
    seat.put_in(resident=False)
    seat.add("Blue key")
    expect(seat.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    seat.add("Blue key again")
    expect(seat.page.get_by_text("No key answered. Try again.")).to_be_visible()


def test_an_address_in_numbers_says_that_keys_need_a_name(seat: Seat, grid: Grid) -> None:
    seat.url = grid.url
    seat.type_password()
    seat.page.goto(f"{grid.url}/second-factor/keys/")
    expect(seat.page.get_by_text("an address with a host name")).to_be_visible()
    expect(seat.page.get_by_role("button", name="Add a key")).to_be_disabled()
