"""The operator's main path without a mouse: sign in, the worst alert, acknowledge, why, resolve."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from .conftest import MARKS, PASSWORD, WIDE, Grid, watched

pytestmark = MARKS
SEVERITY = re.compile("Critical|Warning")


def type_keys(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_from_signing_in_to_resolving_the_worst_alert_by_keyboard_alone(browser: Browser, grid: Grid) -> None:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    errors = watched(page)
    page.goto(f"{grid.url}/sign-in/")
    page.keyboard.type("mia")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.wait_for_load_state()

    type_keys(page, "g", "a")
    expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
    # The worst comes first.
    expect(page.locator("#alert-list tbody tr").first).to_contain_text(SEVERITY)
    page.wait_for_load_state()
    page.keyboard.press("j")
    row = page.locator("#alert-list tr:focus-within")
    number = str(row.get_attribute("id")).removeprefix("alert-")
    expect(row).to_contain_text(SEVERITY)
    assert page.evaluate(RING), "the focus is visible"
    page.keyboard.press("a")
    expect(page.locator(f"#alert-{number}")).to_contain_text("mia")

    assert page.locator(f"#alert-{number}:focus-within").count() == 1, "the row that was acted on keeps the focus"
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{grid.url}/alerts/{number}/")
    expect(page.locator(".reason")).to_contain_text("Reactive power is 90 kvar above")
    expect(page.get_by_text("What to check first")).to_be_visible()

    page.wait_for_load_state()
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Resolve")).to_be_visible()
    tab_to(page, "Incident classification")
    page.keyboard.type("Capa")
    tab_to(page, "Confirmed root cause")
    page.keyboard.type("Fuse of step 2 blown")
    tab_to(page, "Corrective action")
    page.keyboard.type("Fuse replaced")
    tab_to(page, "Outcome")
    page.keyboard.type("Fully")
    tab_to(page, "Resolve")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{grid.url}/alerts/{number}/")
    expect(page.locator("#alert-detail")).to_contain_text("Fuse of step 2 blown")
    expect(page.locator("#alert-detail")).to_contain_text("Fully resolved")
    context.close()
    assert errors == []


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the control of that name has the focus, as somebody without a mouse does."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if re.sub(r"\s+", " ", page.evaluate(NAME)).strip().startswith(label):
            return
    raise AssertionError(f"Forty times Tab did not reach “{label}”.")


NAME = """() => {
    const at = document.activeElement, own = at.labels && at.labels.length ? at.labels[0].textContent : at.textContent;
    return at.closest("main") ? own : "";
}"""
RING = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none";
}"""
