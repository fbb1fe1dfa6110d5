"""Ranges of readings are written ten thousand at a time: checking the substation of each would double what that takes."""

import django.db.models.deletion
from django.db import migrations, models


def substation(**options):
    return models.ForeignKey(
        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, to="substations.substation", **options
    )


class Migration(migrations.Migration):
    dependencies = [("substations", "0012_room_for_arrivals")]
    operations = [
        migrations.AlterField("pendingrange", "substation", substation(db_index=False, related_name="pending_ranges")),
        migrations.AlterField("stalerange", "substation", substation(related_name="stale_ranges")),
    ]
