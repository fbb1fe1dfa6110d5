"""On PostgreSQL, leave room in the pages of substations: every reading that comes in writes its substation again.

With room for the new row in the page of the old one no index is written, and pages are tidied up as they are read.
Pages that are full already get it as their rows move. 45: the rows of a page and their successors fit into it.
"""

from django.db import migrations

FILLFACTOR = "ALTER TABLE substations_substation SET (fillfactor = 45)"
FULL = "ALTER TABLE substations_substation RESET (fillfactor)"


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FILLFACTOR)


def fill(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FULL)


class Migration(migrations.Migration):
    dependencies = [("substations", "0011_readings_and_scores_kept_from")]
    operations = [migrations.RunPython(leave_room, fill)]
