"""A real browser, and a running system with a small grid that has a past."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ..conftest import ROOT, System, need, start

MARKS = [pytest.mark.browser, pytest.mark.stack, pytest.mark.tensorflow, pytest.mark.xdist_group("browser")]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PASSWORD = "a-quiet-night-7"
METERED = "LIVE-1"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    need("browser", bool(chromium), "install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def settle(page: Page) -> None:
    """Wait until the page and the panels that it fetches are there."""
    page.wait_for_load_state()
    expect(page.locator(".htmx-request, .skeleton:visible")).to_have_count(0)


def watched(page: Page) -> list[str]:
    """What goes wrong in a page from now on: uncaught errors, and what the console reports as one."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


@dataclass
class Grid:
    """A running system with a made grid: ten substations with three days of readings, alerts, files and models.

    Two operators, ola and mia; one substation whose meter reads each minute and that nothing judges together with the
    others.
    """

    system: System
    open_alerts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.system.url

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.system.var / "db.sqlite3", timeout=20)

    def remember_open_alerts(self) -> None:
        with closing(self.database()) as database:
            database.row_factory = sqlite3.Row
            found = database.execute("SELECT * FROM alerts_alert WHERE closed_at IS NULL")
            self.open_alerts = [dict(row) for row in found]

    def restore_alerts(self) -> None:
        """The alerts that were open at first are as they were, whatever other tests did to them."""
        with closing(self.database()) as database, database:
            for alert in self.open_alerts:
                columns = [name for name in alert if name not in ("id", "version")]
                settings = ", ".join(f'"{name}" = :{name}' for name in columns)
                statement = f"UPDATE alerts_alert SET {settings}, version = version + 1 WHERE id = :id"  # noqa: S608
                database.execute(statement, alert)

    def announce(self, alert: int, *, severity: int = 20) -> None:
        """Let an open alert ask for somebody as if it were new, with an event of now."""
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        with closing(self.database()) as database, database:
            database.execute(
                "UPDATE alerts_alert SET severity_now = ?, severity_peak = ?, condition = 'active', acknowledged = 0,"
                " acknowledged_by_id = NULL, version = version + 1, changed_at = ? WHERE id = ?",
                (severity, severity, now, alert),
            )
            database.execute(
                "INSERT INTO alerts_alertevent (alert_id, seq, at, event_time, source, action, state_before,"
                " state_after, severity_after, comment, data, announces)"
                " SELECT alert_id, max(seq) + 1, ?, ?, 'system', 'return', '', 'unacknowledged', ?, '', '{}', 1"
                " FROM alerts_alertevent WHERE alert_id = ?",
                (now, now, severity, alert),
            )

    def post(self, power_kw: float) -> None:
        """A reading of the substation that is metered each minute, of now."""
        row = {"substation": METERED, "at": datetime.now(UTC).isoformat(), "active_power_kw": power_kw}
        answer = self.system.api("POST", "readings/", json=row | {"power_factor": 0.93})
        assert answer.status_code in (200, 201, 202), answer.text

    def alerts(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.system.api("GET", "alerts/", params=query).json()["results"]
        return found

    def least_urgent(self) -> dict[str, Any]:
        """An alert that nobody has acknowledged."""
        return [alert for alert in self.alerts() if not alert["acknowledged"]][-1]


@pytest.fixture(scope="session")
def filled_grid(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    # The receivers of tests are on the loopback.
    running = start(tmp_path_factory.mktemp("grid") / "var", "--empty", EMS_NOTIFY_ALLOW_PRIVATE="1")
    command = [sys.executable, str(Path(__file__).with_name("fill.py")), METERED, PASSWORD]
    searched = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"EMS_VAR_DIR": str(running.var), "PYTHONPATH": searched}
    env.pop("DATABASE_URL", None)
    try:
        subprocess.run(command, env=env, check=True, cwd=ROOT)
        filled = Grid(running)
        filled.remember_open_alerts()
        yield filled
    finally:
        running.stop()


@pytest.fixture
def grid(filled_grid: Grid) -> Grid:
    filled_grid.restore_alerts()
    return filled_grid


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, grid: Grid) -> Iterator[Visit]:
    """``visit("ola", "/alerts/")``: a page of its own browser profile, signed in. Errors in it fail the test, unless
    they are ``expected``."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(name: str = "ola", path: str = "/", *, expected: bool = False, **options: Any) -> Page:
        context = browser.new_context(**({"viewport": WIDE} | options))
        contexts.append(context)
        page = context.new_page()
        found = watched(page)
        sign_in(page, grid.url, name, grid.system.password if name == "admin" else PASSWORD)
        if path != "/":
            page.goto(grid.url + path)
        if not expected:
            errors.append("")
            page.on("close", lambda _page: errors.extend(found))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [each for each in errors if each] == []
