"""Open pages follow the grid: new readings, what colleagues do, a stream that is cut, and nothing lost on the way."""

from __future__ import annotations

import os
import signal
import statistics
import time

import pytest
import requests
from playwright.sync_api import Page, expect

from ..conftest import wait_until
from .conftest import MARKS, METERED, Grid, Visit, settle

pytestmark = MARKS
WITHIN_S = 2.0
AGREE_WITHIN_MS = 5_000
PAUSE_MS = 1_100  # a page asks for a fragment at most once a second


def is_live(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-stream", "live", timeout=15_000)


def test_a_reading_is_on_the_page_of_its_substation_within_two_seconds(visit: Visit, grid: Grid) -> None:
    page = visit("ola", f"/substations/{METERED}/")
    is_live(page)
    took_s = []
    for power_kw in range(101, 107):
        began = time.monotonic()
        grid.post(power_kw)
        page.locator("#live-values", has_text=f"{power_kw} kW").wait_for(timeout=10_000)
        took_s.append(time.monotonic() - began)
        page.wait_for_timeout(PAUSE_MS)
    timings = ", ".join(f"{each:.2f}" for each in took_s)
    assert statistics.median(took_s) <= WITHIN_S, timings
    assert max(took_s) <= 2 * WITHIN_S, timings  # the machine of the tests does other things besides


def test_two_operators_agree_within_five_seconds_in_list_and_detail(visit: Visit, grid: Grid) -> None:
    mine = grid.least_urgent()
    ola, mia, third = visit("ola", "/alerts/"), visit("mia", "/alerts/"), visit("mia", f"/alerts/{mine['id']}/")
    for page in (ola, mia, third):
        is_live(page)
    ola.locator(f"#alert-{mine['id']}").get_by_role("button", name="Acknowledge").click()
    expect(mia.locator(f"#alert-{mine['id']}")).to_contain_text("ola", timeout=AGREE_WITHIN_MS)
    expect(third.locator("#alert-detail")).to_contain_text("ola", timeout=AGREE_WITHIN_MS)
    expect(third.get_by_role("button", name="Acknowledge", exact=True)).to_have_count(0)


def test_without_a_stream_the_page_says_so_and_asks_every_five_seconds(visit: Visit, grid: Grid) -> None:
    page = visit("ola", expected=True)
    page.route("**/events/", lambda route: route.abort())
    page.goto(f"{grid.url}/substations/{METERED}/")
    expect(page.locator(".stream-state")).to_contain_text("Every 5 s")
    expect(page.locator(".when-polling")).to_be_visible()
    grid.post(211)
    expect(page.locator("#live-values")).to_contain_text("211 kW", timeout=8_000)
    page.unroute("**/events/")
    expect(page.locator(".when-live")).to_be_visible(timeout=30_000)


def test_a_lost_connection_is_shown_and_what_was_missed_is_there_when_it_is_back(visit: Visit, grid: Grid) -> None:
    missed = grid.least_urgent()
    page = visit("ola", "/alerts/", expected=True)
    is_live(page)
    page.context.set_offline(True)
    os.kill(web_process(grid), signal.SIGKILL)
    expect(page.locator(".connection-lost")).to_be_visible(timeout=25_000)
    expect(page.locator(".when-lost")).to_be_visible()
    wait_until(lambda: is_up(grid), 40, "the web process to be started again")
    answer = grid.system.api("POST", f"alerts/{missed['id']}/acknowledge/", json={"version": missed["version"]})
    assert answer.status_code == 200, answer.text
    page.context.set_offline(False)
    expect(page.locator(".connection-lost")).to_be_hidden(timeout=20_000)
    expect(page.locator(f"#alert-{missed['id']}")).to_contain_text("admin", timeout=10_000)
    is_live(page)


def web_process(grid: Grid) -> int:
    listed = f"/proc/{grid.system.process.pid}/task/{grid.system.process.pid}/children"
    with open(listed) as children:  # noqa: PTH123  (not a file)
        for child in children.read().split():
            with open(f"/proc/{child}/cmdline") as command:  # noqa: PTH123  (not a file)
                if "uvicorn" in command.read().split("\0"):
                    return int(child)
    raise AssertionError("The supervisor has no web process.")


def is_up(grid: Grid) -> bool:
    try:
        return requests.get(f"{grid.url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize(
    ("path", "row", "fragment"),
    [("/substations/", "#substation-00-SS-03", "/substations/"), ("/", "#status-00-SS-03", "/dashboard/status/")],
)
def test_focus_selection_and_scroll_survive_twenty_updates(
    visit: Visit, grid: Grid, path: str, row: str, fragment: str
) -> None:
    page = visit("ola", path, viewport={"width": 1200, "height": 420})
    is_live(page)
    page.locator(row).wait_for()
    settle(page)
    page.evaluate(PLACE, row)
    before = page.evaluate(PLACED, row)
    assert before["focus"] == row.removeprefix("#")
    assert before["selection"] == "Substation 2"
    assert page.evaluate("scrollY") > 0
    for step in range(20):
        grid.post(300 + step)
        with page.expect_response(lambda answer: answer.url.endswith(fragment)):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('live:readings'))")
    expect(page.locator(row.replace("00-SS-03", METERED))).to_contain_text("319 kW")
    page.wait_for_timeout(300)
    assert page.evaluate(PLACED, row) == before


# Focus on (the link of) a row, its name selected, and the page scrolled to it.
PLACE = """(row) => {
    const element = document.querySelector(row);
    (element.matches("a") ? element : element.querySelector("a")).focus();
    const leaves = [...element.querySelectorAll("*")].filter((each) => each.childNodes.length === 1);
    const name = leaves.find((each) => each.textContent.startsWith("Substation "));
    element.scrollIntoView({ block: "start", behavior: "instant" });
    getSelection().selectAllChildren(name);
}"""
# Where the row is on the screen counts: when something above it grows, the browser scrolls along.
PLACED = """(row) => ({
    focus: document.activeElement.closest("[id]").id,
    selection: getSelection().toString(),
    top: Math.round(document.querySelector(row).getBoundingClientRect().top),
})"""
