"""The line of alarms: it follows the grid on every page, sounds until it is silenced, and looks old when it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ..conftest import wait_until
from .conftest import MARKS, PHONE, Grid, Visit, settle

pytestmark = MARKS
AGREE_WITHIN_MS = 5_000
REPEAT_MS = 10_000
FLOOD = 11
# What the page plays and shows outside of itself, as it is asked of the browser.
SPY = """
window.tones = [];
window.notices = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
    tones.push(this.frequency.value);
    return start.apply(this, when);
};
window.Notification = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(title, options) { notices.push(`${title}: ${options.body}`); }
};
"""
CRITICAL_HZ, WARNING_HZ = 880, 440


@pytest.fixture
def spied(visit: Visit) -> Callable[..., Page]:
    """A page of somebody with the sound on, of which every tone is written down. Its browser is a new one."""

    def open_page(path: str = "/losses/", **options: Any) -> Page:
        page = visit("ola", path, **options)
        page.context.add_init_script(SPY)
        page.reload()
        ready(page)
        switch = page.get_by_role("button", name="Alarm sound")
        if switch.get_attribute("aria-pressed") == "false":
            with page.expect_response(lambda answer: answer.url.endswith("/preferences/")):
                switch.click()
        else:
            page.locator("h1").first.click()  # browsers give sound to a page that was touched
        return page

    return open_page


@pytest.fixture(autouse=True)
def _sound_is_off_again(grid: Grid) -> None:
    with grid.database() as database:
        database.execute("UPDATE accounts_preferences SET alarm_sound = 0, desktop_notifications = 0")


def ready(page: Page) -> None:
    expect(page.locator("#alarm-line[data-critical]")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-stream", "live", timeout=15_000)


def tones(page: Page) -> list[int]:
    found: list[int] = page.evaluate("tones.splice(0)")
    return found


def asking(grid: Grid) -> list[int]:
    return [alert["id"] for alert in grid.alerts() if not alert["acknowledged"]]


def warnings_alone(grid: Grid) -> list[int]:
    """Every open alert a warning of yesterday: nothing is due to sound."""
    with grid.database() as database:
        database.execute("UPDATE alerts_alert SET severity_now = 10, severity_peak = 10 WHERE closed_at IS NULL")
        database.execute("UPDATE alerts_alertevent SET announces = 0 WHERE announces = 1")
    return asking(grid)


def test_two_browsers_agree_on_title_icon_rail_and_line_within_five_seconds(visit: Visit, grid: Grid) -> None:
    count, chosen = len(asking(grid)), grid.least_urgent()
    ola, mia = visit("ola", "/alerts/"), visit("mia", "/losses/")
    for page in (ola, mia):
        ready(page)
        expect(page).to_have_title(re.compile(rf"^\({count}\) "))
        expect(page.locator("[data-alarm-count]")).to_have_text(str(count))
    icon = mia.locator('link[rel="icon"]')
    expect(icon).to_have_attribute("href", re.compile("^data:image/png"))
    before = icon.get_attribute("href")
    ola.locator(f"#alert-{chosen['id']}").get_by_role("button", name="Acknowledge").click()
    expect(mia).to_have_title(re.compile(rf"^\({count - 1}\) "), timeout=AGREE_WITHIN_MS)
    expect(mia.locator("[data-alarm-count]")).to_have_text(str(count - 1))
    expect(mia.locator("#alarm-line")).to_contain_text("Acknowledged 1")
    expect(icon).not_to_have_attribute("href", str(before))


def test_the_newest_is_a_link_and_keeps_the_focus_over_twenty_refreshes(visit: Visit, grid: Grid) -> None:
    alert = grid.least_urgent()
    page = visit("ola", "/losses/")
    ready(page)
    grid.announce(alert["id"])
    newest = page.locator("[data-newest]")
    expect(newest).to_contain_text(alert["substation"], timeout=AGREE_WITHIN_MS)
    expect(page.locator("[data-says-at-once]")).to_contain_text("New critical alert")
    newest.focus()
    for _ in range(20):
        with page.expect_response(lambda answer: answer.url.endswith("/alerts/line/")):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('live:alerts'))")
    expect(newest).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{grid.url}/alerts/{alert['id']}/")


def test_nothing_sounds_until_somebody_allows_it(visit: Visit, grid: Grid) -> None:
    page = visit("ola", "/losses/")
    page.context.add_init_script(SPY)
    page.reload()
    ready(page)
    page.locator("h1").click()
    grid.announce(grid.least_urgent()["id"])
    expect(page.locator("[data-says-at-once]")).to_contain_text("New critical alert", timeout=AGREE_WITHIN_MS)
    assert tones(page) == []
    expect(page.get_by_role("button", name="Silence")).to_be_hidden()


def test_a_critical_alert_sounds_until_it_is_silenced_and_a_new_one_sounds_again(
    spied: Callable[..., Page], grid: Grid
) -> None:
    one, two, *_others = warnings_alone(grid)
    page = spied()
    tones(page)
    grid.announce(one)
    silence = page.get_by_role("button", name="Silence")
    expect(silence).to_be_visible(timeout=AGREE_WITHIN_MS)
    assert CRITICAL_HZ in tones(page)
    page.wait_for_timeout(REPEAT_MS + 500)
    assert CRITICAL_HZ in tones(page), "it repeats"
    page.keyboard.press("m")
    expect(silence).to_be_hidden()
    tones(page)
    page.wait_for_timeout(REPEAT_MS + 500)
    assert tones(page) == [], "it is silenced"
    assert one in asking(grid), "silence is not acknowledge"
    page.reload()
    ready(page)
    page.locator("h1").first.click()
    expect(silence).to_be_hidden()
    grid.announce(two)
    expect(silence).to_be_visible(timeout=AGREE_WITHIN_MS)
    assert CRITICAL_HZ in tones(page), "a new one sounds again"
    for number in (one, two):
        assert grid.system.api("POST", f"alerts/{number}/acknowledge/", json={}).status_code == 200
    expect(silence).to_be_hidden(timeout=AGREE_WITHIN_MS)


def test_a_warning_has_a_tone_of_its_own_once(spied: Callable[..., Page], grid: Grid) -> None:
    number = warnings_alone(grid)[0]
    page = spied()
    tones(page)
    grid.announce(number, severity=10)
    expect(page.locator("[data-says-politely]")).to_contain_text("New warning", timeout=AGREE_WITHIN_MS)
    page.wait_for_timeout(500)
    assert tones(page) == [WARNING_HZ]
    page.evaluate("document.body.dispatchEvent(new CustomEvent('live:alerts'))")
    page.wait_for_timeout(1500)
    assert tones(page) == []


def test_a_flood_sounds_once_and_after_a_silence_only_for_what_is_worse(spied: Callable[..., Page], grid: Grid) -> None:
    numbers = warnings_alone(grid)
    page = spied()
    for count in range(FLOOD):
        grid.announce(numbers[count % len(numbers)], severity=10)
    expect(page.get_by_text("Alarm flood")).to_be_visible(timeout=AGREE_WITHIN_MS)
    page.wait_for_timeout(2500)
    tones(page)
    grid.announce(numbers[0], severity=10)
    page.wait_for_timeout(3000)
    assert tones(page) == [], "one sound in a flood"
    grid.announce(numbers[0])
    silence = page.get_by_role("button", name="Silence")
    expect(silence).to_be_visible(timeout=AGREE_WITHIN_MS)
    assert CRITICAL_HZ in tones(page), "what is worse sounds"
    silence.click()
    grid.announce(numbers[1])
    page.wait_for_timeout(3000)
    assert tones(page) == []
    expect(silence).to_be_hidden()


def test_one_tab_sounds_for_all_and_silences_all(spied: Callable[..., Page], grid: Grid) -> None:
    number = warnings_alone(grid)[0]
    first = spied()
    second = first.context.new_page()
    second.goto(f"{grid.url}/substations/")
    ready(second)
    second.locator("h1").first.click()
    for page in (first, second):
        tones(page)
    grid.announce(number)
    for page in (first, second):
        expect(page.get_by_role("button", name="Silence")).to_be_visible(timeout=AGREE_WITHIN_MS)
    first.wait_for_timeout(500)
    assert [bool(tones(page)) for page in (first, second)] == [True, False]
    second.get_by_role("button", name="Silence").click()
    expect(first.get_by_role("button", name="Silence")).to_be_hidden()


def test_a_new_critical_alert_is_notified_once_and_old_ones_are_not(visit: Visit, grid: Grid) -> None:
    numbers = warnings_alone(grid)
    page = visit("mia", "/preferences/")
    page.context.add_init_script(SPY)
    page.get_by_label("Desktop notifications").check()
    page.get_by_role("button", name="Save").click()
    ready(page)
    assert page.evaluate("notices") == []
    grid.announce(numbers[0])
    wait_until(lambda: page.evaluate("notices"), AGREE_WITHIN_MS / 1000, "a notification")
    (notice,) = page.evaluate("notices")
    assert notice.startswith("New critical alert: ")
    page.reload()
    ready(page)
    grid.announce(numbers[1], severity=10)
    page.wait_for_timeout(2500)
    assert page.evaluate("notices") == []


def test_volume_tones_and_permission_are_tried_on_the_page_of_preferences(visit: Visit) -> None:
    page = visit("mia", "/preferences/")
    page.context.add_init_script(SPY)
    page.reload()
    page.get_by_role("button", name="Test: critical").click()
    wait_until(lambda: page.evaluate("tones.length") == 6, 5, "six tones")
    page.get_by_role("button", name="Test: warning").click()
    wait_until(lambda: page.evaluate("tones.length") == 7, 5, "one more")
    expect(page.get_by_text("Allowed in this browser.")).to_be_visible()
    page.get_by_label("Volume").fill("25")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#alarm-bar")).to_have_attribute("data-volume", "25")


def test_a_line_that_is_old_looks_old(visit: Visit) -> None:
    page = visit("ola", "/losses/", expected=True)
    ready(page)
    bar = page.locator("#alarm-bar")
    expect(bar).not_to_have_class(re.compile("is-stale"))
    expect(page.get_by_text("Old values, as of")).to_be_hidden()
    page.context.set_offline(True)
    for _ in range(2):  # polls that come to nothing
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:poll'))")
        page.wait_for_timeout(1000)
    expect(bar).to_have_class(re.compile("is-stale"))
    expect(page.get_by_text("Old values, as of")).to_be_visible()
    page.context.set_offline(False)
    expect(bar).not_to_have_class(re.compile("is-stale"), timeout=10_000)


def test_critical_and_warning_differ_without_colour(visit: Visit, grid: Grid) -> None:
    warnings_alone(grid)
    grid.announce(asking(grid)[0])
    page = visit("ola", "/alerts/", reduced_motion="reduce")
    settle(page)
    page.add_style_tag(content="html { filter: grayscale(1) }")
    shapes = []
    for state in ("critical", "warning"):
        badge = page.locator(f"#alert-list .badge.is-{state}").first
        expect(badge).to_contain_text(re.compile(state, re.IGNORECASE))
        shapes.append(badge.locator("use").get_attribute("href"))
        shapes.append(badge.locator("svg").screenshot())
    assert shapes[0] != shapes[2], "another shape"
    assert page.evaluate(DIFFER, [list(shapes[1]), list(shapes[3])]) > 0.15, "that is seen without colour"


def test_acknowledge_resolve_and_find_again_take_at_most_seven_clicks(visit: Visit, grid: Grid) -> None:
    alert = grid.least_urgent()
    page = visit("ola", "/alerts/")
    clicks = 0

    def click(target: Any) -> None:
        nonlocal clicks
        clicks += 1
        target.click()

    row = page.locator(f"#alert-{alert['id']}")
    click(row.get_by_role("button", name="Acknowledge"))
    click(row.get_by_role("link", name="Resolve"))
    for select in page.locator("main form select").all():
        if not select.input_value():
            clicks += 1
            select.select_option(index=1)
    for text in page.locator("main form textarea[required]").all():
        text.fill("Fuse of step 2 replaced")  # Tab leads from one to the next
    click(page.get_by_role("button", name="Resolve"))
    expect(page.locator("#alert-detail")).to_contain_text("Fuse of step 2 replaced")
    click(page.get_by_role("link", name="History").first)
    click(page.locator(f'#alert-history a[href="/alerts/{alert["id"]}/"]').first)
    expect(page).to_have_url(f"{grid.url}/alerts/{alert['id']}/")
    assert clicks <= 7


def test_the_bar_fits_a_phone(visit: Visit, grid: Grid) -> None:
    grid.announce(grid.least_urgent()["id"])
    page = visit("ola", "/losses/", viewport=PHONE)
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    box = page.locator("#alarm-bar").bounding_box()
    assert box is not None
    assert box["height"] <= 40
    page.mouse.wheel(0, 600)
    expect(page.locator("#alarm-line .alarm-count").first).to_be_in_viewport()


# The share of pixels that are clearly lighter or darker in one picture than in the other.
DIFFER = """async ([one, other]) => {
    const pixels = await Promise.all([one, other].map(async (bytes) => {
        const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
        const canvas = new OffscreenCanvas(16, 16).getContext("2d");
        canvas.drawImage(image, 0, 0, 16, 16);
        return canvas.getImageData(0, 0, 16, 16).data;
    }));
    let different = 0;
    for (let at = 0; at < pixels[0].length; at += 4) different += Math.abs(pixels[0][at] - pixels[1][at]) > 40;
    return different / 256;
}"""
