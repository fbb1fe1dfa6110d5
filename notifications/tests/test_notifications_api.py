"""The REST API of notifications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.models import NotificationChannel, NotificationRoute, OutgoingMessage

from .notification_scenes import CRITICAL, NOW, channel, raised_at, recording, route, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(person: Any, settings: Any, tmp_path: Any) -> Callable[[str], APIClient]:
    settings.NOTIFY_FILES = tmp_path

    def make(role: str) -> APIClient:
        client = APIClient()
        client.force_authenticate(person(role))
        return client

    return make


RESOURCES = ("notification-routes", "notification-channels", "escalation-policies", "on-call-rotations", "deliveries",
             "notification-messages")  # fmt: skip


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 200), ("engineer", 200)])
def test_who_reads(api: Callable[[str], APIClient], name: str, role: str, status: int) -> None:
    assert api(role).get(f"/api/{name}/").status_code == status


def test_a_channel_is_made_tested_changed_and_removed_and_its_secret_is_given_once(
    api: Callable[[str], APIClient],
) -> None:
    client = api("engineer")
    hook = {"name": "hook", "kind": "webhook", "target": "https://example.org/secret-path"}
    made = client.post("/api/notification-channels/", hook, format="json")
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made.json()["destination"] == "https://example.org/•••"
    where = f"/api/notification-channels/{made.json()['id']}/"
    assert client.get(where).json()["secret"] is None
    assert "secret-path" not in client.get(where).content.decode()
    assert client.post(f"{where}rotate-secret/").json()["secret"].startswith("whsec_")
    assert client.post(f"{where}retire-secret/").status_code == 200
    assert client.patch(where, {"is_enabled": False}, format="json").json()["is_enabled"] is False
    assert client.patch(where, {"kind": "file"}, format="json").status_code == 400
    assert client.delete(where).status_code == 204
    assert client.get(where).status_code == 404


def test_a_test_says_what_became_of_it(api: Callable[[str], APIClient]) -> None:
    made = channel("log")
    assert api("operator").post(f"/api/notification-channels/{made.pk}/test/").status_code == 403
    answer = api("engineer").post(f"/api/notification-channels/{made.pk}/test/")
    assert answer.json()["state"] == "sent"
    assert OutgoingMessage.objects.get().kind == "test"


def test_only_webhooks_have_secrets(api: Callable[[str], APIClient]) -> None:
    answer = api("engineer").post(f"/api/notification-channels/{channel().pk}/rotate-secret/")
    assert (answer.status_code, answer.json()["detail"]) == (409, "Only webhooks are signed.")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "email", "target": "nobody"}, "target"),
        ({"kind": "email"}, "target"),
        ({"kind": "pigeon", "target": "x"}, "kind"),
        ({"kind": "file", "target": "a", "owner": "nobody"}, "owner"),
        ({"kind": "file", "target": "a", "time_zone": "Mars"}, "time_zone"),
        ({"kind": "file", "target": "a", "per_minute": -1}, "per_minute"),
    ],
)
def test_a_wrong_channel_is_refused_by_field(
    api: Callable[[str], APIClient], values: dict[str, Any], field: str
) -> None:
    answer = api("engineer").post("/api/notification-channels/", {"name": "n"} | values, format="json")
    assert answer.status_code == 400
    assert field in answer.json()


def test_a_name_that_is_taken_is_refused(api: Callable[[str], APIClient]) -> None:
    channel("one")
    answer = api("engineer").post(
        "/api/notification-channels/", {"name": "one", "kind": "file", "target": "b"}, format="json"
    )
    assert answer.status_code == 400


def test_a_route_is_made_and_removed(api: Callable[[str], APIClient]) -> None:
    client = api("engineer")
    values = {"name": "night", "channels": [channel().pk], "kinds": ["loss"], "days": [1, 7], "min_severity": 20}
    made = client.post("/api/notification-routes/", values, format="json")
    assert made.status_code == 201, made.json()
    assert (
        client.post("/api/notification-routes/", values | {"name": "x", "days": [8]}, format="json").status_code == 400
    )
    assert (
        client.post("/api/notification-routes/", values | {"name": "x", "kinds": ["x"]}, format="json").status_code
        == 400
    )
    assert client.delete(f"/api/notification-routes/{made.json()['id']}/").status_code == 204
    assert not NotificationRoute.objects.exists()


def test_a_policy_and_a_rotation_are_documents_with_their_rows(api: Callable[[str], APIClient]) -> None:
    client = api("engineer")
    rotation = client.post(
        "/api/on-call-rotations/",
        {
            "name": "line",
            "time_zone": "UTC",
            "handover": "08:00",
            "days": 7,
            "first_day": "2026-03-02",
            "members": [{"user": "engineer-user", "position": 1}],
        },
        format="json",
    )
    assert rotation.status_code == 201, rotation.json()
    assert rotation.json()["on_call"] == "engineer-user"
    steps = [{"after_minutes": 0, "rotation": rotation.json()["id"]}, {"after_minutes": 10, "channel": channel().pk}]
    policy = client.post("/api/escalation-policies/", {"name": "p", "steps": steps}, format="json")
    assert policy.status_code == 201, policy.json()
    where = f"/api/escalation-policies/{policy.json()['id']}/"
    assert len(client.put(where, {"name": "p", "steps": steps[:1]}, format="json").json()["steps"]) == 1
    two = [{"after_minutes": 0, "user": "engineer-user", "channel": channel("b").pk}]
    assert client.put(where, {"name": "p", "steps": two}, format="json").status_code == 400


def test_deliveries_and_dead_letters_are_read_and_sent_again(
    api: Callable[[str], APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifications.transports import TransportFailed

    recorder = recording(monkeypatch)
    recorder.failures = [TransportFailed("gone", permanent=True)]
    target = channel()
    route(target)
    alert = raised_at(NOW, severity=CRITICAL)
    run(NOW)
    client = api("engineer")
    [delivery] = client.get("/api/deliveries/", {"alert": alert.pk}).json()["results"]
    [dead] = client.get("/api/notification-messages/", {"state": "dead"}).json()["results"]
    assert delivery["message"] == dead["id"]
    assert client.post(f"/api/notification-messages/{dead['id']}/again/").json()["state"] == "queued"
    assert client.post(f"/api/notification-messages/{dead['id']}/again/").status_code == 409
    assert api("operator").post(f"/api/notification-messages/{dead['id']}/again/").status_code == 403
    assert NotificationChannel.objects.get() == target
