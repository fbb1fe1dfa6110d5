"""The main path in a real browser: sign in, upload, watch, acknowledge, resolve, find it in the history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ..conftest import System, start
from ..exports import export_with_a_failed_bank
from .conftest import MARKS, PHONE, WIDE, settle, sign_in, watched

pytestmark = MARKS


@pytest.fixture(scope="module")
def system(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = start(tmp_path_factory.mktemp("browser") / "var", "--empty")
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser, system: System, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A signed-in page that fails the test on any error in the console or refused by the content policy."""
    theme, size = getattr(request, "param", ("light", WIDE))
    context = browser.new_context(viewport=size, color_scheme=theme)
    page = context.new_page()
    errors = watched(page)
    sign_in(page, system.url, "admin", system.password)
    yield page
    context.close()
    assert errors == []


@pytest.mark.timeout(240)
def test_an_operator_uploads_a_file_and_follows_the_loss_to_the_history(page: Page, tmp_path: Path) -> None:
    main_menu = page.get_by_role("navigation", name="Main")
    expect(page.get_by_text("No substations yet.").first).to_be_visible()
    main_menu.get_by_role("link", name="Upload").click()
    export = export_with_a_failed_bank(tmp_path / "sim")
    page.locator("input[type=file]").first.set_input_files(export)
    page.locator("form[data-upload] button[type=submit]").click()
    page.wait_for_url("**/answer/")
    page.locator("[name=unknown]").select_option("create")
    page.get_by_role("button", name="Load").click()
    expect(page.get_by_text("loaded", exact=False).first).to_be_visible(timeout=60_000)
    page.reload()
    expect(page.get_by_text("loaded", exact=False).first).to_be_visible()

    main_menu.get_by_role("link", name="Alerts").click()
    row = page.locator("#alert-list tr", has_text="Capacitor bank failure").first
    expect(row).to_be_visible(timeout=120_000)
    row.get_by_role("button", name="Acknowledge").click()
    expect(row.get_by_role("link", name="Resolve")).to_be_visible()
    row.get_by_role("link", name="Capacitor bank failure").click()
    expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()

    picture = tmp_path / "alert.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 20_000

    page.get_by_role("link", name="Resolve").click()
    page.get_by_label("Incident classification").select_option(label="Capacitor bank failure")
    page.get_by_label("Confirmed root cause").fill("Blown fuse of step 3")
    page.get_by_label("Corrective action").fill("Fuse replaced")
    page.get_by_label("Outcome").select_option(label="Fully resolved")
    page.get_by_role("button", name="Resolve").click()
    main_menu.get_by_role("link", name="History").click()
    expect(page.locator("#alert-history").get_by_text("Fully resolved")).to_be_visible()


@pytest.mark.parametrize(
    "page", [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)], indirect=True, ids=str
)
def test_no_page_is_wider_than_its_screen(page: Page, system: System) -> None:
    too_wide = {}
    for path in ("/", "/alerts/", "/alerts/history/", "/substations/", "/uploads/", "/models/", "/api/docs/"):
        page.goto(system.url + path)
        settle(page)
        too_wide[path] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert {path: by for path, by in too_wide.items() if by > 0} == {}


def test_the_keyboard_alone_finds_a_page_and_moves_between_pages(page: Page, system: System) -> None:
    page.wait_for_load_state()
    page.keyboard.press("/")
    field = page.locator("#search-input")
    expect(field).to_be_focused()
    page.keyboard.type("prefer")
    expect(page.locator("#search-results [aria-selected=true]")).to_have_text("Preferences")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{system.url}/preferences/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.type("gs")
    expect(page).to_have_url(f"{system.url}/substations/")
    page.locator("#q").focus()
    page.keyboard.type("ga")
    expect(page.locator("#q")).to_have_value("ga")


def test_a_theme_is_shown_at_once_and_kept_for_the_next_page(page: Page, system: System) -> None:
    root = page.locator("html")
    page.get_by_role("button", name="your account").click()
    with page.expect_response("**/preferences/") as saved:
        page.get_by_role("button", name="Dark", exact=True).click()
    assert saved.value.status == 204
    expect(root).to_have_attribute("data-scheme", "dark")
    page.goto(f"{system.url}/alerts/", wait_until="commit")
    assert page.evaluate("document.documentElement.dataset.scheme") == "dark", "before any script of the page ran"
    page.get_by_role("button", name="your account").click()
    with page.expect_response("**/preferences/"):
        page.get_by_role("button", name="System", exact=True).click()
    expect(root).to_have_attribute("data-scheme", "light")
