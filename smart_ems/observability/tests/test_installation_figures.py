"""``/metrics``: who may read it, what it says, and that dashboards and rules ask for nothing else."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as project
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from alerts.tests.alert_scenes import raised
from ingestion.models import Upload
from smart_ems.observability import installation_figures
from substations.models import PendingRange, Substation

pytestmark = pytest.mark.django_db
DEPLOY = Path(project.BASE_DIR) / "deploy"
TOKEN = {"Authorization": "Bearer a-long-token"}


@pytest.fixture(autouse=True)
def _token(settings: Any) -> None:
    settings.METRICS_TOKEN = "a-long-token"


def scraped(client: Client) -> dict[tuple[str, ...], float]:
    """Value by name and label values, read with the library's own parser."""
    answer = client.get("/metrics", headers=TOKEN)
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "sent", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Bearer ä"}, {"Authorization": "a-long-token"}]
)
def test_who_does_not_send_the_token_is_refused(client: Client, sent: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=sent)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"ems_" not in answer.content


def test_a_session_is_no_token(admin_client: Client) -> None:
    assert admin_client.get("/metrics").status_code == 401


def test_without_a_token_in_the_environment_there_is_no_such_page(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_it_takes_a_get_alone(client: Client) -> None:
    assert client.post("/metrics", headers=TOKEN).status_code == 405


def test_an_empty_installation_has_a_figure_for_everything_that_can_be_counted(client: Client) -> None:
    found = scraped(client)
    assert found["ems_part_ok", "database"] == 1
    assert found["ems_part_ok", "workers"] == 0, "none has run"
    assert (
        found["ems_uploads", "loaded"] == found["ems_failures", "scoring"] == found[("ems_scoring_lag_seconds",)] == 0
    )
    assert found["ems_disk_bytes", "free"] > 0
    assert not any(value for (name, *_), value in found.items() if name == "ems_unread")
    assert ("ems_readings_age_seconds",) not in found, "no readings ever came in: it has no age"


def test_what_waits_fails_and_asks_is_counted(client: Client) -> None:
    raised("S-1")
    substation = Substation.objects.get(code="S-1")
    now = timezone.now()
    Substation.objects.update(received_at=now - timedelta(minutes=3))
    waiting = PendingRange.objects.create(substation=substation, start=now, end=now)
    PendingRange.objects.filter(pk=waiting.pk).update(created_at=now - timedelta(minutes=10))
    Upload.objects.create(state=Upload.State.FAILED, finished_at=now, size=1, rows_read=100, rows_bad=7)
    found = scraped(client)
    assert found["ems_alerts_open", "active"] == 1
    assert found["ems_alerts_unacknowledged", "critical"] + found["ems_alerts_unacknowledged", "warning"] == 1
    assert found[("ems_scoring_lag_seconds",)] == pytest.approx(600, abs=30)
    assert found[("ems_scoring_waiting_ranges",)] >= 1
    assert found[("ems_readings_age_seconds",)] == pytest.approx(180, abs=30)
    assert (found["ems_upload_rows_last_day", "accepted"], found["ems_upload_rows_last_day", "rejected"]) == (93, 7)
    assert found["ems_failures", "upload"] == found["ems_uploads", "failed"] == 1
    assert found["ems_models", "limits"] == 1, "without a model fixed limits judge"


def test_a_part_that_cannot_be_read_is_named_and_takes_no_other_along(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now: object) -> object:
        raise DatabaseError("no such table")

    monkeypatch.setattr(installation_figures, "scoring_health", fail)
    found = scraped(client)
    assert found["ems_unread", "scoring"] == 1
    assert found["ems_unread", "intake"] == 0
    assert ("ems_scoring_lag_seconds",) not in found
    assert found["ems_part_ok", "database"] == 1


def test_a_scrape_costs_a_fixed_number_of_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        raised(f"S-{number}")
    with django_assert_max_num_queries(75):  # 9 parts with a savepoint each, readiness among them
        scraped(client)


def named_in(text: str) -> set[str]:
    return set(re.findall(r"\bems_\w+", text))


def test_dashboard_and_rules_ask_for_what_there_is(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_figures, "queue_lengths", lambda: {"default": 0, "ml": 2})
    Substation.objects.create(code="S-1", received_at=timezone.now())
    there = {name for name, *_ in scraped(client)}
    dashboard = json.loads((DEPLOY / "grafana/smart-ems.json").read_text())
    asked = {target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])}
    rules = yaml.safe_load((DEPLOY / "prometheus/smart-ems-rules.yml").read_text())["groups"]
    alarms = [rule for group in rules for rule in group["rules"]]
    assert len(alarms) >= 8
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in alarms)
    assert len(asked) >= 12
    assert named_in(" ".join(asked)) | named_in(" ".join(rule["expr"] for rule in alarms)) <= there
