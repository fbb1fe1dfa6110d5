"""On PostgreSQL a table of scores with rows becomes one of months: nothing moved, nothing lost, new rows by month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mlcore.models import Score
from mlcore.scoring.score_storage import make_months, replace_scores
from substations.models import Substation
from substations.partitions import SCORES, months_before
from substations.tests.test_partitions import partitions

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PLAIN = """
    CREATE TABLE plain (LIKE mlcore_score INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    DROP TABLE mlcore_score;
    ALTER TABLE plain RENAME TO mlcore_score;
    ALTER TABLE mlcore_score ADD CONSTRAINT mlcore_score_pkey PRIMARY KEY (substation_id, at);
    ALTER TABLE mlcore_score ADD CONSTRAINT mlcore_score_substation_id_fk
        FOREIGN KEY (substation_id) REFERENCES substations_substation (id) DEFERRABLE INITIALLY DEFERRED;
"""


def migrate() -> None:
    from importlib import import_module

    with connection.schema_editor(atomic=False) as editor:
        import_module("mlcore.migrations.0014_partition_scores").partition(None, editor)


@pytest.fixture
def station() -> Iterator[Substation]:
    """With a table as it was before."""
    with connection.cursor() as cursor:
        cursor.execute(PLAIN)
    yield Substation.objects.create(code="SS-01")
    with connection.cursor() as cursor:  # as every other test expects it: months alone
        cursor.execute("TRUNCATE mlcore_score")
        for name in partitions(SCORES):
            if "_before_" in name:
                cursor.execute(f'DROP TABLE "{name}"')


def score(station: Substation, at: datetime) -> None:
    make_months(at, at)
    replace_scores([station.pk], at, at, [(station.pk, at, 1.0, "", 0, *[None] * 8)])


def test_what_there_is_stays_where_it_is_and_later_months_get_their_own(station: Substation) -> None:
    now = timezone.now()
    for days in (900, 30, 0):
        Score.objects.create(substation=station, at=now - timedelta(days=days), score=1.0)
    migrate()
    (kept,) = [name for name in partitions(SCORES) if "_before_" in name]
    assert partitions(SCORES) == {kept: 3, "mlcore_score_other": 0}
    score(station, now + timedelta(seconds=1))
    assert partitions(SCORES)[kept] == 4, "its month is still in the old one"
    later = datetime(now.year + 1, 6, 1, tzinfo=UTC)
    score(station, later)
    assert partitions(SCORES)[f"mlcore_score_{later:%Y_%m}"] == 1
    assert Score.objects.count() == 5
    with pytest.raises(IntegrityError), transaction.atomic():
        Score.objects.create(substation=station, at=later)
    assert months_before(later, table=SCORES)[0] == kept


def test_a_second_time_nothing_is_done(station: Substation) -> None:
    migrate()
    before = partitions(SCORES)
    migrate()
    assert partitions(SCORES) == before


def test_one_that_was_interrupted_begins_again(station: Substation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE mlcore_score ADD CONSTRAINT mlcore_score_before CHECK (at < '2020-01-01') NOT VALID"
        )
    migrate()
    score(station, timezone.now())
    assert Score.objects.count() == 1


def test_a_substation_takes_its_scores_with_it(station: Substation) -> None:
    migrate()
    score(station, timezone.now())
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM substations_substation")
    station.delete()
    assert not Score.objects.exists()
