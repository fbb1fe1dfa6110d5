"""The list of alerts in the Django admin: to be looked at, never changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from alerts import services
from alerts.models import Alert, AlertEvent

from .alert_scenes import CRITICAL, Cast, raised, resolved

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["alert", "alertevent"])
def test_it_can_be_searched_but_not_changed(admin_client: Client, person: Cast, model: str) -> None:
    alert = resolved(raised(), person("operator"))
    pk = alert.pk if model == "alert" else AlertEvent.objects.latest("pk").pk
    base = f"/admin/alerts/{model}/"
    assert admin_client.get(base, {"q": "SS-01"}).status_code == 200
    assert admin_client.get(f"{base}{pk}/change/").status_code == 200
    for path in (f"{base}add/", f"{base}{pk}/change/", f"{base}{pk}/delete/"):
        assert admin_client.post(path, {"post": "yes"}).status_code == 403
    admin_client.post(base, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})
    assert Alert.objects.exists()
    assert AlertEvent.objects.count() == 2


@pytest.mark.parametrize("model", ["alert", "alertevent"])
def test_the_number_of_queries_of_a_list_does_not_grow(
    admin_client: Client, person: Cast, django_assert_max_num_queries: Any, model: str
) -> None:
    user = person("operator")
    for number in range(25):
        services.acknowledge(raised(f"SS-{number:02d}"), by=user)
    with django_assert_max_num_queries(9):
        assert admin_client.get(f"/admin/alerts/{model}/").status_code == 200


def test_the_page_of_an_alert_does_not_ask_for_each_event(
    admin_client: Client, person: Cast, django_assert_max_num_queries: Any
) -> None:
    alert, user = raised(), person("operator")
    for number in range(20):
        services.comment(alert, by=user, text=str(number))
    with django_assert_max_num_queries(12):
        assert admin_client.get(f"/admin/alerts/alert/{alert.pk}/change/").status_code == 200


def test_events_refuse_every_way_to_change_them() -> None:
    event = AlertEvent.objects.get(alert=raised())
    for change in (event.save, event.delete, AlertEvent.objects.all().delete):
        with pytest.raises(TypeError, match="never"):
            change()
    with pytest.raises(TypeError, match="never"):
        AlertEvent.objects.update(comment="x")
    with pytest.raises(TypeError, match="never"):
        AlertEvent.objects.bulk_update([event], ["comment"])


def test_every_page_of_the_administration_says_what_asks_for_somebody(admin_client: Client) -> None:
    assert "No alarm to acknowledge" in admin_client.get("/admin/").content.decode()
    raised("A", severity=CRITICAL)
    raised("B")
    for page in ("/admin/", "/admin/alerts/alert/"):
        seen = admin_client.get(page).content.decode()
        assert "Alarms: 1 critical, 1 warning" in seen
        assert 'class="is-critical"' in seen
