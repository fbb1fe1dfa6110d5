"""On PostgreSQL, make the table of scores one with a partition for each month.

What there is becomes the first partition as it stands: no row is moved, and no lock is held while they are looked
through. Interrupted, it begins again where it was.
"""

from datetime import UTC, datetime

from django.db import migrations, transaction

BOUND = "mlcore_score_before"


def partition(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT relkind FROM pg_class WHERE oid = 'mlcore_score'::regclass")
        if cursor.fetchone()[0] == "p":
            return
        month = _bounded(cursor)
        cursor.execute(f"ALTER TABLE mlcore_score VALIDATE CONSTRAINT {BOUND}")  # writers are not kept waiting
        with transaction.atomic():
            _exchange(cursor, month)


def _bounded(cursor):
    """Promise that every score lies before a month; the month."""
    cursor.execute("SELECT max(at) FROM mlcore_score")
    newest = max(cursor.fetchone()[0] or datetime.now(UTC), datetime.now(UTC)).astimezone(UTC)
    months = newest.year * 12 + newest.month + 1  # the one after the next, counted from 0
    month = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    cursor.execute(f"ALTER TABLE mlcore_score DROP CONSTRAINT IF EXISTS {BOUND}")
    cursor.execute(f"ALTER TABLE mlcore_score ADD CONSTRAINT {BOUND} CHECK (at < '{month.isoformat()}') NOT VALID")
    return month


def _exchange(cursor, month):
    cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'mlcore_score'::regclass AND contype = 'p'")
    key = cursor.fetchone()[0]
    kept = f"mlcore_score_before_{month:%Y_%m}"
    cursor.execute(f"""
        ALTER TABLE mlcore_score RENAME TO {kept};
        ALTER TABLE {kept} RENAME CONSTRAINT "{key}" TO {kept}_pkey;
        CREATE TABLE mlcore_score (LIKE {kept} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (at);
        ALTER TABLE mlcore_score DROP CONSTRAINT {BOUND};
        ALTER TABLE mlcore_score ADD CONSTRAINT mlcore_score_pkey PRIMARY KEY (substation_id, at);
        ALTER TABLE mlcore_score ADD CONSTRAINT mlcore_score_substation_fk
            FOREIGN KEY (substation_id) REFERENCES substations_substation (id) DEFERRABLE INITIALLY DEFERRED;
        ALTER TABLE mlcore_score ATTACH PARTITION {kept} FOR VALUES FROM (MINVALUE) TO ('{month.isoformat()}');
        CREATE TABLE mlcore_score_other PARTITION OF mlcore_score DEFAULT;
    """)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("mlcore", "0013_networks_without_a_say"), ("substations", "0001_grid")]
    operations = [migrations.RunPython(partition, migrations.RunPython.noop)]
