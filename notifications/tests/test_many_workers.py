"""Many workers at once: each event is routed once, each message is sent once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from notifications.models import Delivery, Escalation, EscalationPolicy, OutgoingMessage, PolicyStep, RoutedEvent

from .notification_scenes import CRITICAL, NOW, channel, raised_at, recording, route, run

WORKERS = 8
ALERTS = 12


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_workers_route_escalate_assemble_and_send_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = recording(monkeypatch)
    first, second = channel("first"), channel("second")
    policy = EscalationPolicy.objects.create(name="p")
    PolicyStep.objects.create(policy=policy, after_minutes=0, channel=second)
    route(first, policy=policy)
    for number in range(ALERTS):
        raised_at(NOW, f"SS-{number:02d}", site=f"Site {number}", severity=CRITICAL)
    together = Barrier(WORKERS)

    def work(_worker: int) -> None:
        try:
            together.wait()
            for _round in range(4):
                run(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    for _round in range(4):  # what one worker left to another that was busy
        run(NOW)
    assert RoutedEvent.objects.count() == ALERTS
    assert Delivery.objects.filter(state="in_message").count() == 2 * ALERTS
    assert Escalation.objects.filter(next_step=1).count() == ALERTS
    assert set(Counter(message.pk for message in sent.sent).values()) == {1}
    assert len(sent.sent) == OutgoingMessage.objects.filter(state="sent").count() == OutgoingMessage.objects.count()
