"""Take the pictures of README and docs from a running demo, so that they show what there is."""

from __future__ import annotations

import getpass
import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smart_ems.env import BASE_DIR

PAGES = {
    "dashboard": "/",
    "alerts": "/alerts/",
    "alert": "/alerts/{alert}/",
    "history": "/alerts/history/",
    "substation": "/substations/{substation}/?range=30d",
    "upload": "/uploads/",
    "models": "/models/",
}
# Taken with --every as well: to be looked at, not to be shown.
MORE = {
    "closed": "/alerts/{closed}/",
    "alarm-kpis": "/alerts/kpis/",
    "maintenance": "/alerts/maintenance/",
    "resolve": "/alerts/{alert}/resolve/",
    "substations": "/substations/",
    "new-upload": "/uploads/new/",
    "file": "/uploads/{upload}/",
    "model": "/models/{substation}/",
    "losses": "/losses/",
    "months": "/losses/months/",
    "month": "/losses/months/{outlook}/",
    "bills": "/losses/bills/",
    "reports": "/reports/",
    "tariffs": "/losses/tariffs/",
    "tariff": "/losses/tariffs/{tariff_version}/",
    "admin-tariff": "/admin/losses/tariffversion/{tariff_version}/change/",
    "by-penalty": "/alerts/?sort=penalty",
    "search": "/search/?q=ss",
    "preferences": "/preferences/",
    "design": "/design/",
    "admin": "/admin/",
    "admin-list": "/admin/substations/substation/",
    "missing": "/nowhere/",
}
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


class Command(BaseCommand):
    help = "Take pictures of every page of a running demo, in both themes and on a phone's width (needs Chromium)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://localhost:8000", help="where the demo runs")
        parser.add_argument("--user", default="admin")
        parser.add_argument("--out", type=Path, default=BASE_DIR / "docs" / "img", help="folder for the pictures")
        parser.add_argument("--only", nargs="*", choices=sorted(PAGES | MORE), help="just these pages")
        parser.add_argument("--every", action="store_true", help="every page, not just those of the documents")

    def handle(
        self, *args: Any, url: str, user: str, out: Path, only: list[str] | None, every: bool, **options: Any
    ) -> None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            raise CommandError("Playwright is missing: run ./ems test once, which installs it.") from error
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        if not chromium:
            raise CommandError("Chromium is missing. On Debian and Ubuntu: apt install chromium")
        password = os.environ.get("EMS_PASSWORD") or getpass.getpass(f"Password of {user}: ")
        out.mkdir(parents=True, exist_ok=True)
        wanted = only or list(PAGES | MORE if every else PAGES)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            for theme in ("light", "dark"):
                for name, (width, height) in SIZES.items():
                    size = {"width": width, "height": height}
                    page = browser.new_context(viewport=size, color_scheme=theme).new_page()
                    self._sign_in(page, url, user, password)
                    self._take(page, url, out, f"{theme}-{name}", wanted)
            browser.close()

    def _sign_in(self, page: Any, url: str, user: str, password: str) -> None:
        page.goto(f"{url}/sign-in/")
        page.fill("#id_username", user)
        page.fill("#id_password", password)
        page.click("button[type=submit]")
        page.wait_for_url(f"{url}/")

    def _take(self, page: Any, url: str, out: Path, suffix: str, names: list[str]) -> None:
        values = self._subjects(page, url)
        for name in names:
            try:
                path = (PAGES | MORE)[name].format(**values)
            except KeyError:
                continue  # an empty grid has no such page
            page.goto(url + path)
            page.wait_for_timeout(2500)
            if suffix.endswith("phone"):  # as tall as the page, so that the bar at the bottom stands below it
                width, height = SIZES["phone"]
                tall = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": max(height, tall)})
                page.wait_for_timeout(500)
            page.screenshot(path=out / f"{name}-{suffix}.png")
            page.set_viewport_size(dict(zip(("width", "height"), SIZES[suffix.split("-")[1]], strict=True)))
            self.stdout.write(f"{name}-{suffix}.png")

    def _subjects(self, page: Any, url: str) -> dict[str, Any]:
        """What the addresses speak of: the open alert that wastes most with its substation, a closed one, a file."""

        def first(path: str) -> list[Any]:
            found: list[Any] = page.request.get(f"{url}/api/{path}").json()["results"]
            return found

        alerts = sorted(first("alerts/"), key=lambda alert: -(alert["loss_kwh"] or 0))
        closed, uploads = first("alerts/?history=true"), first("uploads/")
        values = {"alert": alerts[0]["id"], "substation": alerts[0]["substation"]} if alerts else {}
        values |= {"closed": closed[0]["id"]} if closed else {}
        for name, path in (("outlook", "month-outlooks/"), ("tariff_version", "tariff-versions/")):
            if rows := first(path):
                values[name] = rows[0]["id"]
        return values | ({"upload": uploads[0]["id"]} if uploads else {})
