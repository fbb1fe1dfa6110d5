"""Many workers that reach for the same work at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from substations.models import PendingRange, Substation

from .readings_pages import AT, STEP

WORKERS = 10


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_all_that_waits() -> None:
    stations = [Substation.objects.create(code=f"SS-{number}") for number in range(3)]
    PendingRange.objects.bulk_create(PendingRange(substation=each, start=AT, end=AT + STEP) for each in stations * 5)
    gate = Barrier(WORKERS)

    def claim(_number: int) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=30)
            ids = [each.pk for each in stations]
            return PendingRange.objects.claim_all_of(ids, now=AT)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        tokens = [token for token in pool.map(claim, range(WORKERS)) if token is not None]
    assert len(tokens) == 1
    assert PendingRange.objects.claimed(tokens[0]).count() == 15
