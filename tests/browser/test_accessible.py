"""axe finds nothing serious on any page in either theme, and nothing moves for those who asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import MARKS, METERED, PHONE, Grid, Visit, settle

pytestmark = MARKS
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
SERIOUS = ("serious", "critical")
PAGES = (
    "/", "/alerts/", "/alerts/{alert}/", "/alerts/{alert}/resolve/", "/alerts/history/", "/alerts/handover/",
    "/alerts/kpis/", "/alerts/maintenance/",
    "/alerts/{closed}/", "/substations/", "/substations/{code}/", f"/substations/{METERED}/", "/models/",
    "/models/{code}/",
    "/models/{code}/compare/", "/uploads/", "/uploads/new/", "/uploads/{upload}/", "/uploads/{upload}/problems/",
    "/losses/", "/losses/lines/", "/losses/feeders/", "/losses/what-if/", "/losses/months/", "/losses/bills/",
    "/losses/tariffs/", "/search/?q=ss", "/preferences/", "/tokens/", "/sessions/", "/reports/",
    "/reports/?kind=shift", "/notifications/",
    "/notifications/routes/new/", "/notifications/channels/", "/notifications/channels/new/",
    "/notifications/policies/new/", "/notifications/rotations/new/", "/notifications/deliveries/",
    "/notifications/dead-letters/", "/notifications/quiet-hours/", "/design/", "/password/", "/nowhere/",
    "/admin/", "/admin/alerts/alert/", "/admin/substations/substation/", "/admin/substations/substation/add/",
)  # fmt: skip


def serious(page: Page, theme: str = "light") -> list[str]:
    """What axe calls serious or critical: the rule, and the first places. In the dark theme only the colours differ."""
    page.evaluate(AXE)
    only = {"runOnly": ["color-contrast"]} if theme == "dark" else {}
    found = page.evaluate("(only) => axe.run(document, { resultTypes: ['violations'], ...only })", only)
    return [
        f"{each['id']}: {each['help']} at {', '.join(str(node['target']) for node in each['nodes'][:4])}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def known(grid: Grid) -> dict[str, Any]:
    alerts = grid.alerts()
    closed = grid.system.api("GET", "alerts/", params={"history": "true"}).json()["results"]
    with_model = next(alert for alert in alerts if alert["substation"] != "00-SS-01")
    return {
        "alert": with_model["id"],
        "closed": closed[0]["id"],
        "code": with_model["substation"],
        "upload": grid.system.api("GET", "uploads/").json()["results"][0]["id"],
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(visit: Visit, grid: Grid, theme: str) -> None:
    page = visit("admin", color_scheme=theme, expected=True)  # one of the pages is not there, which the console reports
    values = known(grid)
    found = {}
    for path in PAGES:
        page.goto(grid.url + path.format(**values))
        if path != "/design/":  # it shows a skeleton for good
            settle(page)
        found[path] = serious(page, theme)
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_before_signing_in_in_open_dialogs_and_on_a_phone(
    visit: Visit, grid: Grid, theme: str
) -> None:
    page = visit("ola", color_scheme=theme, viewport=PHONE)
    found = {"phone": serious(page)}
    page.goto(f"{grid.url}/alerts/")
    found["alerts on a phone"] = serious(page)
    page.locator("[data-opens-row]").first.click()
    expect(page.locator(".reason")).to_be_visible()
    found["an alert on a phone"] = serious(page)
    assert page.evaluate(TOO_WIDE) == [], "a table is cut off"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    found["keys"] = serious(page)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("ss")
    expect(page.locator("#search-results [role=option]").first).to_be_visible()
    found["search"] = serious(page)
    page.context.clear_cookies()
    page.goto(f"{grid.url}/sign-in/")
    found["sign-in"] = serious(page)
    assert {where: each for where, each in found.items() if each} == {}


def test_axe_sees_what_is_wrong(visit: Visit) -> None:
    page = visit("ola", expected=True)
    add = "(html) => document.querySelector('main').insertAdjacentHTML('beforeend', html)"
    page.evaluate(add, "<button></button><img src=/x.png>")
    assert {each.split(":")[0] for each in serious(page)} >= {"button-name", "image-alt"}
    page.evaluate(add, "<p style='color: #777; background: #888'>hardly to be read</p>")
    assert {each.split(":")[0] for each in serious(page, "dark")} == {"color-contrast"}


TOO_WIDE = """[...document.querySelectorAll(".table-scroll")].filter((each) => each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.textContent.trim().slice(0, 80))"""
RUNNING = "document.getAnimations().filter((each) => each.playState === 'running').length"


def test_nothing_moves_for_those_who_asked_for_no_motion(visit: Visit) -> None:
    moving = visit("ola", "/alerts/", reduced_motion="no-preference")
    moving.locator(".is-unacknowledged").first.wait_for()
    assert moving.evaluate(RUNNING) > 0
    still = visit("ola", "/alerts/", reduced_motion="reduce")
    still.locator(".is-unacknowledged").first.wait_for()
    still.wait_for_timeout(500)
    assert still.evaluate(RUNNING) == 0
