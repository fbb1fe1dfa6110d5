"""A person's browser as a channel: added by its page, reached through a push service that only carries, and gone."""

from __future__ import annotations

import json
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.test import Client
from py_vapid import Vapid02

from notifications import browser_channels, dispatching, push_identity
from notifications.models import NotificationChannel, OutgoingMessage, PushIdentity
from notifications.push_identity import encoded
from notifications.transports.browser_push import KEEP_FOR_S

from .loopback_receivers import HookServer, hook_server
from .notification_scenes import CRITICAL, NOW, SECOND, raised_at, route, run

pytestmark = pytest.mark.django_db
URL, OFF = "/notifications/browser/", "/notifications/browser/off/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
KEY = ec.generate_private_key(ec.SECP256R1())
AUTH = bytes(range(16))
SignIn = Any


def subscription(endpoint: str) -> dict[str, Any]:
    """What a browser makes: its push service's address and its own keys."""
    point = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {"endpoint": endpoint, "expirationTime": None, "keys": {"p256dh": encoded(point), "auth": encoded(AUTH)}}


def post(client: Client, body: Any, url: str = URL) -> Any:
    return client.post(url, json.dumps(body), content_type="application/json", headers={"user-agent": FIREFOX})


@pytest.fixture
def service(settings: Any) -> Any:
    settings.NOTIFY_ALLOW_PRIVATE = True
    with hook_server() as server:
        yield server


@pytest.fixture
def browser(service: HookServer, person: Any) -> NotificationChannel:
    return browser_channels.add_browser(person("operator"), subscription(service.url), FIREFOX)


def read(body: bytes) -> dict[str, Any]:
    """As the browser decrypts it."""
    found: dict[str, Any] = json.loads(
        http_ece.decrypt(body, private_key=KEY, auth_secret=AUTH, version="aes128gcm").decode()
    )
    return found


def test_a_browser_adds_itself_and_is_renewed_not_doubled(signed_in: SignIn) -> None:
    client = signed_in("operator")
    for _time in range(2):
        answer = post(client, subscription("https://push.example.org/abc"))
        assert answer.status_code == 201
    channel = NotificationChannel.objects.get()
    assert (channel.name, channel.kind, channel.owner) == (
        "operator-user: Firefox, Linux", "browser", User.objects.get(username="operator-user")
    )  # fmt: skip
    assert "abc" not in channel.sealed + channel.destination, "the address is a secret"
    assert "operator-user: Firefox, Linux" in client.get("/notifications/quiet-hours/").content.decode()


def test_an_alarm_reaches_the_browser_and_nobody_else_reads_it(service: HookServer, browser: Any) -> None:
    route(browser)
    alert = raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW + 30 * SECOND)
    ((headers, body),) = service.raw
    assert "SS-01" not in body.decode("latin-1")
    shown = read(body)
    assert shown["title"].startswith("Critical: SS-01")
    assert shown["link"].endswith(alert.get_absolute_url())
    assert shown["tag"] == f"alert-{alert.pk}"
    assert (headers["content-encoding"], headers["urgency"], headers["ttl"]) == ("aes128gcm", "high", str(KEEP_FOR_S))


def test_the_push_service_knows_who_sends(service: HookServer, browser: Any) -> None:
    route(browser)
    raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW + 30 * SECOND)
    ((headers, _body),) = service.raw
    assert Vapid02.verify(headers["authorization"])
    assert push_identity.identity().public_key in headers["authorization"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_took_the_permission_away_is_not_tried_again(
    service: HookServer, browser: NotificationChannel, status: int
) -> None:
    service.answers = [(status, {})]
    route(browser)
    raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW + 30 * SECOND)
    browser.refresh_from_db()
    assert not browser.is_enabled
    assert OutgoingMessage.objects.get().state == "dead"


def test_a_service_that_is_away_is_tried_again(service: HookServer, browser: Any) -> None:
    service.answers = [(503, {})]
    route(browser)
    raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW + 30 * SECOND)
    dispatching.send_due(now=NOW + 120 * SECOND)
    assert len(service.raw) == 2


def test_a_private_push_service_is_refused_unless_the_site_allows_it(
    service: HookServer, browser: Any, settings: Any
) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    route(browser)
    raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW + 30 * SECOND)
    assert service.raw == []
    assert "private network" in OutgoingMessage.objects.get().note


def test_a_person_has_ten_browsers_at_most_and_the_oldest_goes(person: Any) -> None:
    user = person("operator")
    for number in range(12):
        browser_channels.add_browser(user, subscription(f"https://push.example.org/{number}"), FIREFOX)
    kept = NotificationChannel.objects.kept().order_by("pk")
    assert [each.secrets["url"].rpartition("/")[2] for each in kept] == [str(number) for number in range(2, 12)]


def test_switched_off_it_is_forgotten(signed_in: SignIn) -> None:
    client = signed_in("operator")
    body = subscription("https://push.example.org/abc")
    post(client, body)
    assert post(client, body, OFF).status_code == 204
    assert not NotificationChannel.objects.kept().exists()
    assert post(client, body, OFF).status_code == 204, "a second time"


def test_nobody_switches_off_anothers(signed_in: SignIn, browser: NotificationChannel, service: HookServer) -> None:
    post(signed_in("viewer"), subscription(service.url), OFF)
    assert NotificationChannel.objects.kept().get() == browser


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "ftp://x/"}, {"endpoint": "https://["}, {"endpoint": "https://x:99999/"}, {"endpoint": ""},
        {"endpoint": "https://push.example.org/" + "x" * 3000},
        {"keys": {}}, {"keys": "x"}, {"keys": {"p256dh": "AAAA", "auth": encoded(AUTH)}},
        {"keys": subscription("")["keys"] | {"auth": "AAAA"}}, {"keys": subscription("")["keys"] | {"p256dh": "é"}},
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused_in_words(signed_in: SignIn, change: dict[str, Any]) -> None:
    answer = post(signed_in("operator"), subscription("https://push.example.org/abc") | change)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not NotificationChannel.objects.exists()


@pytest.mark.parametrize("body", ["[]", "x", "", '"\ud800"'.encode("utf-8", "surrogatepass")])
def test_no_json_object_is_refused(signed_in: SignIn, body: Any) -> None:
    assert signed_in("operator").post(URL, body, content_type="application/json").status_code == 400


def test_an_engineer_sees_it_among_the_channels_and_cannot_make_one(
    signed_in: SignIn, browser: NotificationChannel
) -> None:
    client = signed_in("engineer")
    page = client.get(f"/notifications/channels/{browser.pk}/").content.decode()
    assert "operator-user: Firefox, Linux" in page
    assert "?kind=browser" not in client.get("/notifications/channels/new/").content.decode()
    made = client.post("/api/notification-channels/", {"kind": "browser", "name": "x", "target": "https://x.org"})
    assert made.status_code == 400


def test_the_identity_is_made_once_and_its_private_half_is_sealed() -> None:
    first, second = push_identity.identity(), push_identity.identity()
    assert first == second
    assert "PRIVATE" not in PushIdentity.objects.get().sealed


def test_the_worker_is_at_the_top_for_everybody_and_never_kept(client: Client) -> None:
    answer = client.get("/push-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert b"showNotification" in answer.content
    assert client.post("/push-worker.js").status_code == 405


def test_a_long_user_name_is_cut(db: None) -> None:
    user = User.objects.create_user("n" * 150)
    channel = browser_channels.add_browser(user, subscription("https://push.example.org/abc"), FIREFOX)
    channel.full_clean(exclude=["time_zone"])


def test_after_another_secret_key_a_browser_adds_itself_anew(signed_in: SignIn, settings: Any) -> None:
    client, body = signed_in("operator"), subscription("https://push.example.org/abc")
    post(client, body)
    stored = NotificationChannel.objects.get()
    NotificationChannel.objects.update(sealed="x" + stored.sealed)
    assert post(client, body, OFF).status_code == 204
    assert post(client, body).status_code == 201


@pytest.mark.parametrize("url", [URL, OFF])
def test_who_may(signed_in: SignIn, client: Client, url: str) -> None:
    assert client.post(url).status_code == 302
    assert post(signed_in("outsider"), subscription("https://push.example.org/abc"), url).status_code == 403
    assert signed_in("viewer").get(url).status_code == 405
