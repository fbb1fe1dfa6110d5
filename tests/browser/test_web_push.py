"""Web push in a real browser: from the button on the page over an encrypted message to a notification and its click.

Headless Chromium has no push service. Here one on the loopback takes its place: the page is given the subscription
that it would have made, and what our server posts there is decrypted and handed to the service worker by the debugger.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from notifications.push_identity import encoded
from notifications.tests.loopback_receivers import HookServer, hook_server

from ..conftest import wait_until
from .conftest import MARKS, Grid, Visit

pytestmark = MARKS
PUSHED_WITHIN_S = 60
SETTINGS = "/notifications/quiet-hours/"
KEY = ec.generate_private_key(ec.SECP256R1())
AUTH = bytes(range(16))
# What the browser's maker would answer. Everything else on the page is the browser's own.
PUSH_SERVICE = """
const made = { toJSON: () => (%s), unsubscribe: async () => localStorage.removeItem("made") };
PushManager.prototype.subscribe = async () => { localStorage.setItem("made", "yes"); return made; };
PushManager.prototype.getSubscription = async () => (localStorage.getItem("made") ? made : null);
"""
REGISTRATION = "navigator.serviceWorker.getRegistration('/push-worker.js')"
NOTICES = f"""async () => {{
    const shown = await (await {REGISTRATION}).getNotifications();
    return shown.map(({{ title, body, tag, data }}) => ({{ title, body, tag, data }}));
}}"""
# A click on a notification is the desktop's: the worker is told of one, and where it leads is written down.
CLICK = """async () => {
    const opened = [];
    self.clients.openWindow = async (link) => { opened.push(link); };
    const [notification] = await self.registration.getNotifications();
    const click = new NotificationEvent("notificationclick", { notification });
    let done = Promise.resolve();
    click.waitUntil = (work) => { done = work; };
    self.dispatchEvent(click);
    await done;
    return { opened, left: (await self.registration.getNotifications()).length };
}"""


def subscription(endpoint: str) -> dict[str, Any]:
    point = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"endpoint": endpoint, "expirationTime": None, "keys": {"p256dh": encoded(point), "auth": encoded(AUTH)}}


@pytest.fixture
def service() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@contextmanager
def routed_to(grid: Grid, channel: int) -> Iterator[None]:
    """A route to a channel, while the block runs."""
    body = {"name": "Pushed", "channels": [channel], "critical_wait_s": 0}
    made = grid.system.api("POST", "notification-routes/", json=body)
    assert made.status_code == 201, made.text
    yield
    assert grid.system.api("DELETE", f"notification-routes/{made.json()['id']}/").status_code == 204


def deliver(page: Page, origin: str, payload: bytes) -> None:
    """Hand a message to the service worker as a push service would."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []

    def keep(event: dict[str, Any]) -> None:
        found.extend(each["registrationId"] for each in event["registrations"] if not each["isDeleted"])

    session.on("ServiceWorker.workerRegistrationUpdated", keep)
    session.send("ServiceWorker.enable")
    wait_for(page, lambda: bool(found))
    message = {"origin": origin, "registrationId": found[-1], "data": payload.decode()}
    session.send("ServiceWorker.deliverPushMessage", message)


def wait_for(page: Page, is_there: Any, within_s: float = 10) -> None:
    """As ``wait_until``, while the page's own events go on."""
    deadline = time.monotonic() + within_s
    while not is_there():
        assert time.monotonic() < deadline, "it did not happen in time"
        page.wait_for_timeout(100)


def test_an_alarm_is_shown_by_the_browser_and_a_click_opens_the_alert(
    visit: Visit, grid: Grid, service: HookServer
) -> None:
    page = visit("ola", "/losses/", permissions=["notifications"])
    page.context.add_init_script(PUSH_SERVICE % json.dumps(subscription(service.url)))
    page.goto(grid.url + SETTINGS)
    page.get_by_role("button", name="Show alarms in this browser").click()
    expect(page.get_by_text("Alarms are shown by this browser.")).to_be_visible()
    channels = grid.system.api("GET", "notification-channels/").json()["results"]
    channel = next(each for each in channels if each["kind"] == "browser")
    assert channel["owner"] == "ola"

    alert = grid.least_urgent()
    with routed_to(grid, channel["id"]):
        grid.announce(alert["id"])
        wait_until(lambda: service.raw, PUSHED_WITHIN_S, "the message to the push service")
    headers, body = service.raw[0]
    assert headers["content-encoding"] == "aes128gcm"
    plain = http_ece.decrypt(body, private_key=KEY, auth_secret=AUTH, version="aes128gcm")
    assert alert["substation"].encode() not in body, "only the browser can read it"

    deliver(page, grid.url, plain)
    wait_for(page, lambda: len(page.evaluate(NOTICES)) == 1)
    (notice,) = page.evaluate(NOTICES)
    assert alert["substation"] in notice["title"]
    assert notice["tag"] == f"alert-{alert['id']}"
    assert notice["data"]["link"].endswith(f"/alerts/{alert['id']}/")

    (worker,) = page.context.service_workers
    clicked = worker.evaluate(CLICK)
    assert clicked == {"opened": [notice["data"]["link"]], "left": 0}
    # The public address is “localhost” here, and this browser has signed in at 127.0.0.1.
    page.goto(grid.url + urlsplit(clicked["opened"][0]).path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(alert["substation"])

    page.goto(grid.url + SETTINGS)
    page.get_by_role("button", name="No longer").click()
    expect(page.get_by_role("button", name="Show alarms in this browser")).to_be_visible()
    left = grid.system.api("GET", "notification-channels/").json()["results"]
    assert channel["id"] not in [each["id"] for each in left]


def test_without_a_push_service_the_page_says_that_it_was_not_accepted(visit: Visit, grid: Grid) -> None:
    page = visit("ola", SETTINGS, permissions=["notifications"], expected=True)
    page.get_by_role("button", name="Show alarms in this browser").click()
    expect(page.get_by_text("The push service did not accept this browser")).to_be_visible()
