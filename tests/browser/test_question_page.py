"""The page of questions in a real browser: files of the field from drop to result, each with at most one question."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ingestion.tests.exported import workbook

from ..conftest import System, start
from .conftest import MARKS, PHONE, WIDE, settle, sign_in, watched

pytestmark = MARKS
DAYS, HOURS = range(10, 16), range(24)
STAMPS = [f"2026-03-{day} {hour:02}:00" for day in DAYS for hour in HOURS]
CODE = "QP-1"
LOADS = [100 + 40 * ((n % 24) > 7) + n % 5 for n in range(len(STAMPS))]


def rows(header: str, line: str) -> bytes:
    """A table of one line per hour, with the time and kW filled in."""
    return "\n".join([header, *(line.format(at=at, kw=kw) for at, kw in zip(STAMPS, LOADS, strict=True))]).encode()


SHEET: list[list[object]] = [["Time", "Active Power (kW)", "Reactive Power (kvar)"]]
SHEET += [[at, kw, 55] for at, kw in zip(STAMPS, LOADS, strict=True)]
FILES = {
    "book.xlsx": workbook(SHEET),
    "historian.csv": rows("TagName,DateTime,Value,Quality", "QP-1.KW,{at},{kw},Good\nQP-1.KVAR,{at},55,Good"),
    "energy.csv": rows("Time,kWh,kvarh", "{at},{kw},55"),
    "units.csv": rows("Time,P,Q,U12,U23,U31\n,W,var,V,V,V", "{at},{kw}000,55000,401,400,399"),
}


@pytest.fixture(scope="module")
def system(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = start(tmp_path_factory.mktemp("questions") / "var", "--empty")
    answer = running.api("POST", "substations/", json={"code": CODE, "name": "Press hall"})
    assert answer.status_code == 201, answer.text
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser, system: System, request: pytest.FixtureRequest) -> Iterator[Page]:
    theme, size = getattr(request, "param", ("light", WIDE))
    context = browser.new_context(viewport=size, color_scheme=theme)
    page = context.new_page()
    errors = watched(page)
    sign_in(page, system.url, "admin", system.password)
    yield page
    context.close()
    assert errors == []


def drop(page: Page, system: System, name: str, data: bytes) -> None:
    page.goto(f"{system.url}/uploads/new/")
    page.locator("input[type=file]").first.set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})
    page.locator("form[data-upload] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/uploads/\d+/"))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_field_is_loaded_with_at_most_one_question(page: Page, system: System, name: str) -> None:
    drop(page, system, name, FILES[name])
    if CODE.encode() not in FILES[name]:
        expect(page.locator("[data-question]")).to_have_count(1)
        expect(page.locator("[data-question]")).to_contain_text("does not name its substation")
        page.locator("[name=substation]").fill(CODE)
        page.locator("[name=substation]").press("Tab")
        expect(page.get_by_text("Nothing is left to ask.")).to_be_visible()
        page.get_by_role("button", name="Load").click()
    expect(page.get_by_text("loaded", exact=False).first).to_be_visible(timeout=90_000)


UNKNOWN = rows("Time,P,Q", "{at},{kw},55")


@pytest.mark.parametrize(
    "page",
    [("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)],
    indirect=True,
    ids=["light-wide", "dark-wide", "light-phone", "dark-phone"],
)
def test_a_change_is_seen_at_once(page: Page, system: System, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    drop(page, system, "unknown.csv", UNKNOWN)
    first = page.get_by_role("table", name="First rows as they would be stored")
    expect(first.get_by_role("row").nth(1)).to_contain_text("100")
    name = request.node.callspec.id
    picture = Path(os.environ.get("EMS_SHOTS", tmp_path)) / f"questions-{name}.png"
    page.screenshot(path=picture, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("ol [name^=unit_]").first.select_option("W")
    settle(page)
    expect(first.get_by_role("row").nth(1)).to_contain_text("0.1")
    expect(page.get_by_text("No unit is named for the power")).to_have_count(0)
