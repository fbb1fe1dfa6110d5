"""The list of alerts holds still while somebody is in it, and keeps what the person did over many refreshes."""

from __future__ import annotations

from contextlib import closing

from playwright.sync_api import Page, expect

from .conftest import MARKS, Grid, Visit

pytestmark = MARKS
REFRESHES = 20


def refresh(page: Page) -> None:
    """What the event stream would tell, and the list that the page fetches for it."""
    with page.expect_response(lambda answer: "/alerts/" in answer.url and answer.ok):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:alerts'))")
    page.wait_for_timeout(100)


def write(grid: Grid, statement: str, *values: object) -> None:
    with closing(grid.database()) as database, database:
        database.execute(statement, values)


def rows(page: Page) -> list[str]:
    return [row.get_attribute("id") or "" for row in page.locator("#alert-list tbody tr").all()]


def numbers(page: Page) -> list[str]:
    """Numbers of the alerts that can still be ticked."""
    return [(tick.get_attribute("id") or "").removeprefix("tick-") for tick in page.locator("[data-tick]").all()]


def bring_to_top(grid: Grid, number: str) -> None:
    """Make an alert the most urgent one, as the grid would by getting worse."""
    write(
        grid,
        "UPDATE alerts_alert SET severity_now = 20, severity_peak = 20, condition = 'active', raised_at = ?"
        " WHERE id = ?",
        "2090-01-01 00:00:00",
        number,
    )


def test_focus_ticks_scroll_and_an_open_menu_survive_twenty_refreshes(visit: Visit, grid: Grid) -> None:
    page = visit("ola", "/alerts/", viewport={"width": 1440, "height": 420})
    first, *_others, last = numbers(page)
    page.locator(f"#tick-{first}").check()
    page.locator(".time-range summary").click()
    page.locator(f"#open-{last}").focus()
    page.evaluate("window.scrollTo(0, 120)")
    for count in range(REFRESHES):
        write(grid, "UPDATE alerts_alert SET loss_kwh = ? WHERE id = ?", 700 + count, last)
        refresh(page)
    expect(page.locator(f"#alert-{last} td.num").first).to_contain_text(str(700 + REFRESHES - 1))
    expect(page.locator(f"#open-{last}")).to_be_focused()
    expect(page.locator(f"#tick-{first}")).to_be_checked()
    expect(page.locator("[data-bulk-count]")).to_have_text("1")
    expect(page.locator(".time-range details")).to_have_attribute("open", "")
    assert page.evaluate("window.scrollY") == 120


def test_rows_do_not_move_under_the_pointer_until_it_leaves(visit: Visit, grid: Grid) -> None:
    page = visit("ola", "/alerts/")
    before, risen = rows(page), numbers(page)[-1]
    page.locator("#alert-list tbody tr").nth(1).locator(".clip").hover()
    bring_to_top(grid, risen)
    refresh(page)
    waiting = page.get_by_role("button", name="1 update waiting")
    expect(waiting).to_be_visible()
    assert rows(page) == before
    page.mouse.move(5, 5)
    expect(waiting).to_be_hidden()
    expect(page.locator("#alert-list tbody tr").first).to_have_id(f"alert-{risen}")


def test_what_waits_is_applied_on_a_click_and_after_fifteen_seconds(visit: Visit, grid: Grid) -> None:
    page = visit("ola", "/alerts/")
    for number, release in zip(numbers(page)[-2:], ("click", "wait"), strict=True):
        page.locator("#alert-list tbody tr a[data-opens-row]").first.focus()
        write(grid, "UPDATE alerts_alert SET raised_at = '2089-01-01 00:00:00' WHERE raised_at > '2080'")
        bring_to_top(grid, number)
        refresh(page)
        waiting = page.locator("[data-release]")
        expect(waiting).to_be_visible()
        if release == "click":
            waiting.click()
        expect(page.locator("#alert-list tbody tr").first).to_have_id(f"alert-{number}", timeout=20_000)
        expect(waiting).to_be_hidden()


def test_what_is_ticked_is_acknowledged_together(visit: Visit) -> None:
    page = visit("ola", "/alerts/")
    one, two = numbers(page)[:2]
    for number in (one, two):
        page.locator(f"#tick-{number}").check()
    page.get_by_role("button", name="Acknowledge selected").click()
    expect(page.get_by_text("2 alerts acknowledged.")).to_be_visible()
    for number in (one, two):
        expect(page.locator(f"#alert-{number}")).to_contain_text("ola")
        expect(page.locator(f"#alert-{number}").get_by_role("button", name="Undo")).to_be_visible()
