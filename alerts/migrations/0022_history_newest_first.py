"""An index that the history of the API is read from, and counted in."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0021_alarm_days")]

    operations = [
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                models.F("closed_at").desc(),
                models.F("id").desc(),
                condition=models.Q(models.Q(("closure", "fleeting"), _negated=True), ("closed_at__isnull", False)),
                name="history_newest_first",
            ),
        ),
    ]
