"""The network and the page of a substation in a real browser: selection, zoom, side panel, linked charts, brush."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from .conftest import MARKS, PHONE, Grid, Visit

pytestmark = MARKS
UPDATES = 20
RANGE = "(chart) => chart._fullLayout.xaxis.range.map(Number)"
IS_DRAWN = "(selector) => [...document.querySelectorAll(selector)].some((chart) => chart._fullLayout)"


def network(page: Page) -> None:
    """Wait until the network and its list are there."""
    page.locator("#network-list [data-node]").first.wait_for()
    page.wait_for_function(IS_DRAWN, arg="[data-nodes]")


@pytest.mark.timeout(180)
def test_selection_zoom_and_focus_survive_twenty_updates(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    network(page)
    chart = page.locator("[data-nodes]")
    link = page.locator("#network-list [data-node]").nth(2)
    code = link.get_attribute("data-node")
    link.focus()
    expect(chart).to_have_attribute("data-selected", code or "")
    whole = chart.evaluate(RANGE)
    chart.hover()
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(500)
    before = chart.evaluate(RANGE)
    assert before[1] - before[0] < 0.95 * (whole[1] - whole[0]), "zoomed in"
    for _ in range(UPDATES):
        with page.expect_response("**/dashboard/topology/?*"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('live:readings'))")
    page.wait_for_timeout(300)
    assert chart.evaluate(RANGE) == pytest.approx(before)
    expect(chart).to_have_attribute("data-selected", code or "")
    expect(link).to_be_focused()
    widths = "(chart) => chart.data.find((trace) => trace.name === 'nodes').marker.line.width"
    assert sorted(set(chart.evaluate(widths))) == [2, 5], "one node carries the ring"


def test_the_side_panel_opens_and_closes_by_keyboard_alone(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    network(page)
    links = page.locator("#network-list [data-node]")
    links.first.focus()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Substation")
    code = links.nth(1).get_attribute("data-node") or ""
    expect(panel.get_by_role("heading", level=3).first).to_contain_text(code)
    expect(panel.get_by_text("Latest reading")).to_be_visible()
    assert urlsplit(page.url).path == "/", "no other page"
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    panel.get_by_role("link", name="Open substation").press("Enter")
    expect(page).to_have_url(f"{grid.url}/substations/{code}/")


def test_a_click_with_control_opens_the_page_and_leaves_the_network(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    network(page)
    with page.context.expect_page() as opened:
        page.locator("#network-list [data-node]").first.click(modifiers=["Control"])
    assert "/substations/" in opened.value.url
    expect(page.get_by_role("dialog", name="Substation")).to_be_hidden()


def test_the_site_is_part_of_the_url(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    network(page)
    sites = page.get_by_label("Site").locator("option").all_text_contents()
    page.get_by_label("Site").select_option(sites[1])
    page.wait_for_url("**/?site=*")
    network(page)
    assert parse_qs(urlsplit(page.url).query)["site"] == [sites[1]]


def test_on_a_phone_only_what_is_in_trouble_carries_its_name(visit: Visit, grid: Grid) -> None:
    page = visit("ola", viewport=PHONE)
    network(page)
    page.wait_for_timeout(500)
    named = page.locator("[data-nodes]").evaluate(
        "(chart) => { const t = chart.data.find((trace) => trace.name === 'nodes');"
        " return t.meta.states.filter((state, i) => t.text[i].trim() && state === 'normal').length; }"
    )
    assert named == 0
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def of_a_substation(page: Page, grid: Grid, query: str = "") -> None:
    code = next(each["substation"] for each in grid.alerts())
    page.goto(f"{grid.url}/substations/{code}/{query}")
    page.wait_for_function(IS_DRAWN, arg="[data-link]")
    page.locator("[data-edge=from]").wait_for()


def test_the_brush_changes_the_url_by_keyboard(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    of_a_substation(page, grid, "?range=all")
    start = page.get_by_role("slider", name="Start of the range")
    start.focus()
    before = int(start.get_attribute("aria-valuenow") or 0)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert int(start.get_attribute("aria-valuenow") or 0) > before
    page.keyboard.press("Enter")
    page.wait_for_url("**from=*")
    asked = parse_qs(urlsplit(page.url).query)
    assert set(asked) == {"from"}, "the end stays open"
    page.wait_for_function(IS_DRAWN, arg="[data-link]")


def test_the_brush_changes_the_url_by_dragging_its_window(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    of_a_substation(page, grid, "?range=24h")
    box = page.locator("[data-window]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_url("**from=*to=*")
    expect(page.locator(".time-range .error")).to_have_count(0)


def test_charts_of_one_page_share_their_zoom(visit: Visit, grid: Grid) -> None:
    page = visit("ola")
    of_a_substation(page, grid)
    charts = page.locator("[data-link=substation]")
    charts.nth(1).scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-link]')].filter((c) => c._fullLayout).length > 1"
    )
    extent = "(chart) => { const [a, b] = chart._fullLayout.xaxis.range.map((x) => Date.parse(x)); return b - a; }"
    whole = charts.nth(1).evaluate(extent)
    charts.first.evaluate(
        "(chart) => { const [a, b] = chart._fullLayout.xaxis.range; return Plotly.relayout(chart, {"
        " 'xaxis.range': [a, new Date((Date.parse(a) + Date.parse(b)) / 2).toISOString().slice(0, 19)] }); }"
    )
    page.wait_for_timeout(300)
    assert charts.nth(1).evaluate(extent) < 0.7 * whole
    with page.expect_response("**/chart/?*"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:scores'))")
    page.wait_for_timeout(300)
    assert charts.first.evaluate(extent) < 0.7 * whole, "an update keeps the zoom"


def test_the_crosshair_of_one_chart_stands_in_the_others_too(visit: Visit, grid: Grid) -> None:
    page = visit("ola", viewport={"width": 1440, "height": 1400})
    of_a_substation(page, grid)
    charts = page.locator("[data-link=substation]")
    page.wait_for_function("() => document.querySelectorAll('[data-link]')[1]._fullLayout")
    box = charts.first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(charts.nth(1).locator(".hoverlayer .legend")).to_have_count(1)
