"""Every reading that comes in writes its substation again: on PostgreSQL there is room for that in its page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from substations.models import Substation

pytestmark = pytest.mark.django_db


@pytest.mark.postgres
def test_an_arrival_writes_no_index() -> None:
    Substation.objects.bulk_create(Substation(code=f"S-{number:04d}") for number in range(200))
    before = _updates()
    Substation.objects.update(received_at=timezone.now())
    after = _updates()
    assert after[0] - before[0] == 200
    assert after[1] - before[1] >= 0.95 * 200


def _updates() -> tuple[int, int]:
    """Of the table, in this transaction: all, and those that wrote no index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_get_xact_tuples_updated(c), pg_stat_get_xact_tuples_hot_updated(c) "
            "FROM (SELECT 'substations_substation'::regclass::oid AS c) AS of"
        )
        updated, without_index = cursor.fetchone()
    return updated, without_index
