"""On PostgreSQL, make the still empty table of readings a partitioned one."""

from django.db import migrations

FORWARD = """
ALTER TABLE substations_reading RENAME TO substations_reading_plain;
CREATE TABLE substations_reading (LIKE substations_reading_plain INCLUDING DEFAULTS) PARTITION BY RANGE (at);
DROP TABLE substations_reading_plain;
ALTER TABLE substations_reading ADD CONSTRAINT substations_reading_pkey PRIMARY KEY (substation_id, at);
ALTER TABLE substations_reading ADD CONSTRAINT substations_reading_substation_fk
    FOREIGN KEY (substation_id) REFERENCES substations_substation (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX substations_reading_at_brin ON substations_reading USING brin (at);
CREATE TABLE substations_reading_other PARTITION OF substations_reading DEFAULT;
"""


def partition(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORWARD)


class Migration(migrations.Migration):
    dependencies = [("substations", "0001_grid")]
    operations = [migrations.RunPython(partition, migrations.RunPython.noop)]
